"""The function `refresh`: the only one that opens refresh tokens."""

from multi_user_oauth.http.endpoint import Endpoint
from multi_user_oauth.http.importing import ImportRoutes
from multi_user_oauth.http.refresh import RefreshRoutes
from multi_user_oauth.http.sweeping import SweepRoutes
from multi_user_oauth.wiring.asking import rewrapping
from multi_user_oauth.wiring.importing import importing
from multi_user_oauth.wiring.parts import Parts
from multi_user_oauth.wiring.proofs import listed_callers
from multi_user_oauth.wiring.sweeping import Sweeping


def endpoint(parts: Parts) -> Endpoint:
    """Return the function."""
    now, callers, sweeping = parts.world.now, listed_callers(parts), Sweeping(parts)
    asked = RefreshRoutes(
        refresher=sweeping.refresher,
        finisher=sweeping.finisher,
        finishing=sweeping.finishing,
        rewrapping=rewrapping(parts),
        callers=callers,
        now=now,
    )
    swept = SweepRoutes(rounds=sweeping.rounds(), callers=callers, now=now)
    imported = ImportRoutes(importer=importing(parts), callers=callers)
    return parts.endpoint((*asked.routes(), *swept.routes(), *imported.routes()))
