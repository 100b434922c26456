"""The function `account`: it signs sessions and writes delegations, and opens nothing."""

from multi_user_oauth.auditing.connection import VerifyConnection
from multi_user_oauth.delegating import Delegate
from multi_user_oauth.history import History
from multi_user_oauth.http.account_agents import AgentRoutes
from multi_user_oauth.http.account_callers import SessionHolders
from multi_user_oauth.http.account_delegations import DelegationRoutes
from multi_user_oauth.http.account_history import HistoryRoutes
from multi_user_oauth.http.account_session import SessionRoutes
from multi_user_oauth.http.callers import Anyone
from multi_user_oauth.http.endpoint import Endpoint
from multi_user_oauth.wiring.parts import Parts
from multi_user_oauth.wiring.proofs import bearers, persons, signer


def delegate(parts: Parts) -> Delegate:
    """Return the use case."""
    world = parts.world
    return Delegate(
        store=parts.main,
        policy=parts.policy,
        now=world.now,
        sleep=world.sleep,
        draw=world.draw,
        limits=world.limits,
    )


def history(parts: Parts) -> History:
    """Return the use case."""
    return History(
        connections=parts.main,
        audit=parts.main,
        usage=parts.activity,
        policy=parts.policy,
        now=parts.world.now,
    )


def endpoint(parts: Parts) -> Endpoint:
    """Return the function."""
    sessions = persons(parts)
    holders = SessionHolders(anyone=Anyone(bearers(parts), sessions), persons=sessions)
    now = parts.world.now
    session = SessionRoutes(
        holders=holders,
        signer=signer(parts),
        people=parts.activity,
        policy=parts.policy,
        now=now,
    )
    delegations = DelegationRoutes(
        holders=holders,
        delegate=delegate(parts),
        connector_types=parts.connector_types,
        now=now,
    )
    happened = HistoryRoutes(
        holders=holders,
        history=history(parts),
        verification=VerifyConnection(store=parts.main, policy=parts.policy, now=now),
        now=now,
    )
    agents = AgentRoutes(holders=holders, policy=parts.policy)
    routes = (session, delegations, happened, agents)
    return parts.endpoint([route for each in routes for route in each.routes()])
