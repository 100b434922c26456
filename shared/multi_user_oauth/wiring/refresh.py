"""The function `refresh`: the only one that opens refresh tokens."""

from multi_user_oauth.http.endpoint import Endpoint
from multi_user_oauth.http.refresh import RefreshRoutes
from multi_user_oauth.wiring.asking import finisher, refresher, rewrapping
from multi_user_oauth.wiring.parts import Parts
from multi_user_oauth.wiring.proofs import listed_callers


def endpoint(parts: Parts) -> Endpoint:
    """Return the function."""
    routes = RefreshRoutes(
        refresher=refresher(parts),
        finisher=finisher(parts),
        rewrapping=rewrapping(parts),
        callers=listed_callers(parts),
        now=parts.world.now,
    )
    return parts.endpoint(routes.routes())
