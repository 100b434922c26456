"""The function `refresh`: the only one that opens refresh tokens."""

from multi_user_oauth.backlog import FinishRevocations
from multi_user_oauth.http.endpoint import Endpoint
from multi_user_oauth.http.refresh import RefreshRoutes
from multi_user_oauth.wiring.asking import finisher, refresher, rewrapping
from multi_user_oauth.wiring.parts import Parts
from multi_user_oauth.wiring.proofs import listed_callers


def endpoint(parts: Parts) -> Endpoint:
    """Return the function."""
    one = finisher(parts)
    routes = RefreshRoutes(
        refresher=refresher(parts),
        finisher=one,
        finishing=FinishRevocations(finisher=one, waiting=parts.main, now=parts.world.now),
        rewrapping=rewrapping(parts),
        callers=listed_callers(parts),
        now=parts.world.now,
    )
    return parts.endpoint(routes.routes())
