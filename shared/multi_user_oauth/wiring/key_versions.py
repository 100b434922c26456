"""What an operator needs to rotate keys and to retire their versions."""

from datetime import timedelta

from multi_user_oauth.model import Kind
from multi_user_oauth.rewrapping.retiring import RetireKeyVersions
from multi_user_oauth.rewrapping.whole_walk import WholeWalk
from multi_user_oauth.wiring.asking import rewrapping_wherever
from multi_user_oauth.wiring.parts import Parts


def retiring(parts: Parts) -> RetireKeyVersions:
    """Return the use case."""
    world = parts.world
    walk = WholeWalk(
        steps=rewrapping_wherever(parts), notes=parts.activity, now=world.now, sleep=world.sleep
    )
    return RetireKeyVersions(
        walk=walk,
        notes=parts.activity,
        keys={kind: parts.key_rotation(kind) for kind in Kind},
        retention=timedelta(days=parts.settings.backup_retention_days),
        lease=world.limits.lease,
        now=world.now,
        sleep=world.sleep,
    )
