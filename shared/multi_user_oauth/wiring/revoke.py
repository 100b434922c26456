"""The function `revoke`: it moves sealed tokens, and can open none."""

from multi_user_oauth.http.account_callers import SessionHolders
from multi_user_oauth.http.callers import Anyone
from multi_user_oauth.http.endpoint import Endpoint
from multi_user_oauth.http.offboard import OffboardRoutes
from multi_user_oauth.http.revoke import RevokeRoutes
from multi_user_oauth.offboarding import Offboard
from multi_user_oauth.revocation import Disconnect
from multi_user_oauth.wiring.asking import Asked
from multi_user_oauth.wiring.ending import disconnect
from multi_user_oauth.wiring.parts import REVOCABLE, Parts
from multi_user_oauth.wiring.proofs import bearers, persons


def disconnecting(parts: Parts) -> Disconnect:
    """Return the use case that has the provider told wherever that may be done."""
    return disconnect(parts, Asked(parts).finisher)


def offboard(parts: Parts) -> Offboard:
    """Return the use case."""
    return Offboard(
        connections=parts.main,
        revocations=parts.main,
        audit=parts.main,
        people=parts.activity,
        disconnect=disconnecting(parts),
        finisher=Asked(parts).finisher,
        connector_types=parts.connector_types,
        revocable=REVOCABLE,
        policy=parts.policy,
        now=parts.world.now,
    )


def endpoint(parts: Parts) -> Endpoint:
    """Return the function."""
    sessions = persons(parts)
    callers = Anyone(bearers(parts), sessions)
    routes = RevokeRoutes(
        disconnect=disconnecting(parts), callers=callers, origin=parts.settings.public_origin
    )
    leaving = OffboardRoutes(
        offboard=offboard(parts),
        holders=SessionHolders(anyone=callers, persons=sessions),
        origin=parts.settings.public_origin,
    )
    return parts.endpoint((*routes.routes(), *leaving.routes()))
