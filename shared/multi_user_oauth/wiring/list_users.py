"""The function `list_users`: it reads, and holds no key."""

from multi_user_oauth.directory import ListConnections
from multi_user_oauth.http.callers import Anyone
from multi_user_oauth.http.endpoint import Endpoint
from multi_user_oauth.http.list_users import ListRoutes
from multi_user_oauth.http.summary import SummaryRoutes
from multi_user_oauth.sign_in.status import AskFlow
from multi_user_oauth.summary import Summarise
from multi_user_oauth.wiring.outside import Outside
from multi_user_oauth.wiring.parts import Parts
from multi_user_oauth.wiring.proofs import bearers, persons


def list_connections(parts: Parts) -> ListConnections:
    """Return the use case."""
    return ListConnections(
        directory=parts.main,
        ending=parts.main,
        connections=parts.main,
        policy=parts.policy,
        now=parts.world.now,
    )


def endpoint(parts: Parts) -> Endpoint:
    """Return the function."""
    now, connector_types = parts.world.now, parts.connector_types
    callers = Anyone(bearers(parts), persons(parts))
    lists = ListRoutes(
        listing=list_connections(parts),
        flows=AskFlow(marks=parts.activity, now=now),
        callers=callers,
        connector_types=connector_types,
        origin=parts.settings.public_origin,
    )
    summary = SummaryRoutes(
        summarise=Summarise(directory=parts.main, connector_types=connector_types, now=now),
        callers=callers,
        approval_url=Outside(parts, with_secrets=False).approval_url,
    )
    return parts.endpoint((*lists.routes(), *summary.routes()))
