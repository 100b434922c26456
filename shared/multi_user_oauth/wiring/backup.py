"""What an operator needs to back up and to restore; no function is given it."""

from multi_user_oauth.backup.burying import Bury
from multi_user_oauth.backup.releasing import ReleaseRestored
from multi_user_oauth.backup.restoring import RestoreBackup
from multi_user_oauth.backup.taking import TakeBackup
from multi_user_oauth.ports.backup import BackupHeading, BackupKind
from multi_user_oauth.wiring.parts import REVOCABLE, Parts


def taking(parts: Parts) -> TakeBackup:
    """Return what takes a backup: it reads, and holds no key."""
    return TakeBackup(main=parts.main, activity=parts.activity, walk=parts.activity_walk)


def heading(parts: Parts, kind: BackupKind) -> BackupHeading:
    """Return what a backup that is begun now says of itself."""
    return BackupHeading(
        deployment=parts.settings.deployment_id, taken_at=parts.world.now(), kind=kind
    )


def restoring(parts: Parts) -> RestoreBackup:
    """Return what puts a backup back."""
    return RestoreBackup(
        main=parts.main,
        back=parts.putting_back,
        activity=parts.activity,
        bury=_bury(parts),
        deployment=parts.settings.deployment_id,
        now=parts.world.now,
    )


def releasing(parts: Parts) -> ReleaseRestored:
    """Return what ends the quarantine."""
    world = parts.world
    return ReleaseRestored(
        store=parts.main,
        records=parts.main,
        back=parts.putting_back,
        ledger=parts.activity,
        bury=_bury(parts),
        now=world.now,
        sleep=world.sleep,
        draw=world.draw,
        limits=world.limits,
    )


def _bury(parts: Parts) -> Bury:
    world = parts.world
    return Bury(
        store=parts.main,
        revocations=parts.main,
        revocable=REVOCABLE,
        now=world.now,
        sleep=world.sleep,
        draw=world.draw,
        limits=world.limits,
    )
