"""Storing new connections, which seals and opens nothing: after a sign-in, or from an older system."""

from multi_user_oauth.custody import NewGrants
from multi_user_oauth.model import Kind
from multi_user_oauth.sign_in.connecting import Connecting
from multi_user_oauth.wiring.parts import Parts


def connecting(parts: Parts) -> Connecting:
    """Return the use case."""
    world = parts.world
    grants = NewGrants(
        deployment=parts.settings.deployment_id,
        access_sealer=parts.sealer(Kind.ACCESS),
        refresh_sealer=parts.sealer(Kind.REFRESH),
    )
    return Connecting(
        store=parts.main,
        revocations=parts.main,
        grants=grants,
        now=world.now,
        sleep=world.sleep,
        draw=world.draw,
        limits=world.limits,
        publish=parts.publish,
    )
