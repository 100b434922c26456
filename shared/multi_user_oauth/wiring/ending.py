"""Ending connections, which takes no key: by a person, an admin, or the sweep."""

from multi_user_oauth.ports import Finisher
from multi_user_oauth.revocation import Disconnect
from multi_user_oauth.wiring.parts import REVOCABLE, Parts


def disconnect(parts: Parts, finisher: Finisher) -> Disconnect:
    """Return the use case, with what tells the provider."""
    world = parts.world
    return Disconnect(
        store=parts.main,
        ledger=parts.activity,
        finisher=finisher,
        revocable=REVOCABLE,
        policy=parts.policy,
        now=world.now,
        sleep=world.sleep,
        draw=world.draw,
        limits=world.limits,
        publish=parts.publish,
    )
