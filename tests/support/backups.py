"""Backing a world up, and restoring it into another one of the same people, keys and provider."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from multi_user_oauth.backup.burying import Bury
from multi_user_oauth.backup.releasing import Part, Released, ReleaseRestored
from multi_user_oauth.backup.restoring import RestoreBackup, Restored
from multi_user_oauth.backup.taking import TakeBackup
from multi_user_oauth.model import Provider
from multi_user_oauth.ports.backup import BackupHeading, BackupKind, PuttingBack
from multi_user_oauth.stores.file_backup import BackupFile, BackupWriter
from multi_user_oauth.stores.meter import NoMeter
from multi_user_oauth.stores.sqlite_backup import SqliteActivityWalk, SqlitePuttingBack
from tests.support.world import DEPLOYMENT, World, listening

EVERYTHING = Part()


def taking(world: World) -> TakeBackup:
    """Return what takes a backup of the world."""
    walk = SqliteActivityWalk(world.path / "activity.sqlite3", meter=NoMeter())
    return TakeBackup(main=world.store, activity=world.activity, walk=walk)


def backed_up(
    world: World, *, kind: BackupKind = BackupKind.WHOLE, deployment: str = DEPLOYMENT
) -> bytes:
    """Return a backup of the world, or its ledger, as a file has it."""
    stream = BytesIO()
    writer = BackupWriter(
        stream, BackupHeading(deployment=deployment, taken_at=world.clock(), kind=kind)
    )
    use_case = taking(world)
    (use_case.take if kind is BackupKind.WHOLE else use_case.take_ledger)(writer)
    writer.end()
    return stream.getvalue()


def opened(data: bytes) -> BackupFile:
    """Return the backup that these bytes are."""
    return BackupFile(BytesIO(data), "the file")


@contextmanager
def another(world: World, path: Path) -> Iterator[World]:
    """Give an empty world elsewhere: the same clock, keys and provider, and a log of its own."""
    path.mkdir()
    made = World(path, mode=world.mode, clock=world.clock, draw=world.draw)
    made.provider, made.keys, made.sealers = world.provider, world.keys, world.sealers
    made.ended = world.ended
    with listening(made, logging.INFO):
        yield made


def putting_back(world: World) -> SqlitePuttingBack:
    """Return what writes into the world's main database."""
    return SqlitePuttingBack(world.path / "main.sqlite3", now=world.clock, meter=NoMeter())


def restore(
    world: World, data: bytes, *ledgers: bytes, back: PuttingBack | None = None, at_once: int = 5
) -> Restored:
    """Restore a backup into the world, whose log begins now: what was lost had one of its own."""
    world.log.clear()
    use_case = RestoreBackup(
        main=world.store,
        back=back or putting_back(world),
        activity=world.activity,
        bury=_bury(world),
        deployment=DEPLOYMENT,
        now=world.clock,
        at_once=at_once,
    )
    return use_case.restore(opened(data), [opened(each) for each in ledgers])


def release(world: World, part: Part = EVERYTHING) -> Released:
    """End the quarantine of what was restored."""
    use_case = ReleaseRestored(
        store=world.store,
        records=world.store,
        back=putting_back(world),
        ledger=world.activity,
        bury=_bury(world),
        now=world.clock,
        sleep=world.clock.sleep,
        draw=world.draw,
        limits=world.limits,
    )
    return use_case.release(part)


def _bury(world: World) -> Bury:
    return Bury(
        store=world.store,
        revocations=world.store,
        revocable=frozenset({Provider.GOOGLE}),
        now=world.clock,
        sleep=world.clock.sleep,
        draw=world.draw,
        limits=world.limits,
    )
