"""Stores for tests: real ones in a temporary directory, and a wrapper in which things go wrong."""

from datetime import datetime
from pathlib import Path
from typing import Protocol

from multi_user_oauth.model import (
    AuditRecord,
    Batch,
    ConnectionKey,
    ConnectionStatus,
    Failure,
    FlowMark,
    Identity,
    LedgerEntry,
    Page,
    Rescue,
    Revocation,
    Snapshot,
)
from multi_user_oauth.ports import (
    AuditReader,
    Clock,
    ConnectionDirectory,
    ConnectionWriter,
    FlowMarks,
    Ledger,
    Meter,
    People,
    RescueStore,
    RevocationStore,
    SignOuts,
)
from multi_user_oauth.stores.meter import NoMeter
from multi_user_oauth.stores.sqlite import SqliteMainStore
from multi_user_oauth.stores.sqlite_activity import SqliteActivityStore
from tests.support.faults import Faults


class MainStore(
    ConnectionDirectory, ConnectionWriter, AuditReader, RescueStore, RevocationStore, Protocol
):
    """All ports of the main database."""


class ActivityStore(FlowMarks, Ledger, People, Protocol):
    """All ports of the activity database."""


def main_store(tmp_path: Path, clock: Clock, meter: Meter | None = None) -> SqliteMainStore:
    """Return a main database in this directory; asked again, it is another process's view of it."""
    return SqliteMainStore(tmp_path / "main.sqlite3", now=clock, meter=meter or NoMeter())


def activity_store(tmp_path: Path, clock: Clock, meter: Meter | None = None) -> SqliteActivityStore:
    """Return an activity database in this directory."""
    return SqliteActivityStore(tmp_path / "activity.sqlite3", now=clock, meter=meter or NoMeter())


class FaultyStore(Faults):
    """A main store around another, in which things go wrong."""

    def __init__(self, store: MainStore) -> None:
        super().__init__()
        self._store = store

    def read(self, key: ConnectionKey) -> Snapshot | None:
        """As the port, with faults."""
        return self.through("read", lambda: self._store.read(key))

    def by_identity(self, identity: Identity) -> tuple[Snapshot, ...]:
        """As the port, with faults."""
        return self.through("by_identity", lambda: self._store.by_identity(identity))

    def page(
        self,
        *,
        connector_type: str | None,
        status: ConnectionStatus | None,
        after: str | None,
        limit: int,
    ) -> Page:
        """As the port, with faults."""
        return self.through(
            "page",
            lambda: self._store.page(
                connector_type=connector_type, status=status, after=after, limit=limit
            ),
        )

    def claim(self, snapshot: Snapshot, lease_id: str) -> Snapshot:
        """As the port, with faults."""
        return self.through("claim", lambda: self._store.claim(snapshot, lease_id))

    def release(self, claimed: Snapshot, failure: Failure | None) -> None:
        """As the port, with faults."""
        self.through("release", lambda: self._store.release(claimed, failure))

    def commit(self, batch: Batch) -> None:
        """As the port, with faults."""
        self.through("commit", lambda: self._store.commit(batch))

    def audit(self, key: ConnectionKey) -> tuple[AuditRecord, ...]:
        """As the port, with faults."""
        return self.through("audit", lambda: self._store.audit(key))

    def rescue(self, rescue: Rescue) -> None:
        """As the port, with faults."""
        self.through("rescue", lambda: self._store.rescue(rescue))

    def rescued(self, key: ConnectionKey, epoch: int, used_generation: int) -> Rescue | None:
        """As the port, with faults."""
        return self.through("rescued", lambda: self._store.rescued(key, epoch, used_generation))

    def revocation(self, key: ConnectionKey, epoch: int) -> Revocation | None:
        """As the port, with faults."""
        return self.through("revocation", lambda: self._store.revocation(key, epoch))

    def claim_revocation(self, revocation: Revocation, lease_id: str) -> Revocation:
        """As the port, with faults."""
        return self.through(
            "claim_revocation", lambda: self._store.claim_revocation(revocation, lease_id)
        )

    def finish_revocation(self, revocation: Revocation) -> None:
        """As the port, with faults."""
        self.through("finish_revocation", lambda: self._store.finish_revocation(revocation))


class FaultyActivityStore(Faults):
    """An activity store around another, in which things go wrong."""

    def __init__(self, store: ActivityStore) -> None:
        super().__init__()
        self._store = store

    def spend(self, mark: FlowMark) -> None:
        """As the port, with faults."""
        self.through("spend", lambda: self._store.spend(mark))

    def note(self, mark: FlowMark) -> None:
        """As the port, with faults."""
        self.through("note", lambda: self._store.note(mark))

    def by_handle(self, handle: str) -> tuple[FlowMark, ...]:
        """As the port, with faults."""
        return self.through("by_handle", lambda: self._store.by_handle(handle))

    def enter(self, entry: LedgerEntry) -> None:
        """As the port, with faults."""
        self.through("enter", lambda: self._store.enter(entry))

    def entries(self) -> tuple[LedgerEntry, ...]:
        """As the port, with faults."""
        return self.through("entries", self._store.entries)

    def sign_outs(self, identity: Identity) -> SignOuts:
        """As the port, with faults."""
        return self.through("sign_outs", lambda: self._store.sign_outs(identity))

    def sign_out(self, identity: Identity, session_id: str, until: datetime) -> None:
        """As the port, with faults."""
        self.through("sign_out", lambda: self._store.sign_out(identity, session_id, until))

    def sign_out_everywhere(self, identity: Identity, before: datetime) -> None:
        """As the port, with faults."""
        self.through(
            "sign_out_everywhere", lambda: self._store.sign_out_everywhere(identity, before)
        )
