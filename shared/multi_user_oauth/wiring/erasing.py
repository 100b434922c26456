"""What an operator needs to erase what is kept of somebody; no function is given it."""

from datetime import timedelta

from multi_user_oauth.erasing import Erase
from multi_user_oauth.wiring.parts import Parts


def erase(parts: Parts) -> Erase:
    """Return the use case."""
    world = parts.world
    return Erase(
        connections=parts.main,
        revocations=parts.main,
        erasure=parts.main,
        ledger=parts.activity,
        traces=parts.activity,
        connector_types=parts.connector_types,
        retention=timedelta(days=parts.settings.backup_retention_days),
        longest_session=world.limits.session,
        now=world.now,
    )
