"""The function `list_users`: it reads, and holds no key."""

from multi_user_oauth.directory import ListConnections
from multi_user_oauth.http.callers import Anyone
from multi_user_oauth.http.endpoint import Endpoint
from multi_user_oauth.http.list_users import ListRoutes
from multi_user_oauth.sign_in.status import AskFlow
from multi_user_oauth.wiring.parts import Parts
from multi_user_oauth.wiring.proofs import bearers, persons


def list_connections(parts: Parts) -> ListConnections:
    """Return the use case."""
    return ListConnections(
        directory=parts.main, connections=parts.main, policy=parts.policy, now=parts.world.now
    )


def endpoint(parts: Parts) -> Endpoint:
    """Return the function."""
    routes = ListRoutes(
        listing=list_connections(parts),
        flows=AskFlow(marks=parts.activity, now=parts.world.now),
        callers=Anyone(bearers(parts), persons(parts)),
        connector_types=parts.connector_types,
        origin=parts.settings.public_origin,
    )
    return parts.endpoint(routes.routes())
