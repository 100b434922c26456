"""Stores for tests: real ones in a temporary directory, and a wrapper in which things go wrong."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from multi_user_oauth.model import (
    AuditHead,
    AuditRecord,
    Batch,
    ConnectionKey,
    ConnectionStatus,
    Failure,
    FlowMark,
    Identity,
    Kind,
    LedgerEntry,
    Page,
    Rescue,
    Revocation,
    RevocationPage,
    Snapshot,
)
from multi_user_oauth.model.attempt import Attempt
from multi_user_oauth.model.breaker import Breaker
from multi_user_oauth.ports import (
    Clock,
    DuePage,
    EndingPage,
    EndingPlace,
    KeptRead,
    LastUse,
    Meter,
    SignOuts,
    Walked,
)
from multi_user_oauth.ports.attempts import KeptAttempt
from multi_user_oauth.ports.breakers import KeptBreaker, Suspect
from multi_user_oauth.stores.meter import NoMeter
from multi_user_oauth.stores.sqlite import SqliteMainStore
from multi_user_oauth.stores.sqlite_activity import SqliteActivityStore
from multi_user_oauth.wiring.backend import ActivityStore, MainStore
from tests.support.faults import Faults


def main_store(tmp_path: Path, clock: Clock, meter: Meter | None = None) -> SqliteMainStore:
    """Return a main database in this directory; asked again, it is another process's view of it."""
    return SqliteMainStore(tmp_path / "main.sqlite3", now=clock, meter=meter or NoMeter())


def activity_store(tmp_path: Path, clock: Clock, meter: Meter | None = None) -> SqliteActivityStore:
    """Return an activity database in this directory."""
    return SqliteActivityStore(tmp_path / "activity.sqlite3", now=clock, meter=meter or NoMeter())


__all__ = ["ActivityStore", "MainStore"]


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

    def beginning(
        self, begins: str, *, status: ConnectionStatus | None, after: str | None, limit: int
    ) -> Page:
        """As the port, with faults."""
        return self.through(
            "beginning",
            lambda: self._store.beginning(begins, status=status, after=after, limit=limit),
        )

    def types(self) -> tuple[str, ...]:
        """As the port, with faults."""
        return self.through("types", self._store.types)

    def ending(
        self,
        *,
        connector_type: str | None,
        by: datetime,
        after: EndingPlace | None,
        limit: int,
    ) -> EndingPage:
        """As the port, with faults."""
        return self.through(
            "ending",
            lambda: self._store.ending(
                connector_type=connector_type, by=by, after=after, limit=limit
            ),
        )

    def count(self, connector_type: str, status: ConnectionStatus) -> int:
        """As the port, with faults."""
        return self.through("count", lambda: self._store.count(connector_type, status))

    def count_ending(self, connector_type: str, by: datetime) -> int:
        """As the port, with faults."""
        return self.through("count_ending", lambda: self._store.count_ending(connector_type, by))

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

    def audit_after(
        self, key: ConnectionKey, sequence: int, *, limit: int
    ) -> tuple[AuditRecord, ...]:
        """As the port, with faults."""
        return self.through(
            "audit_after", lambda: self._store.audit_after(key, sequence, limit=limit)
        )

    def all_audit(self, *, after: str | None, limit: int) -> tuple[Walked[AuditRecord], ...]:
        """As the port, with faults."""
        return self.through("all_audit", lambda: self._store.all_audit(after=after, limit=limit))

    def all_heads(self, *, after: str | None, limit: int) -> tuple[Walked[AuditHead], ...]:
        """As the port, with faults."""
        return self.through("all_heads", lambda: self._store.all_heads(after=after, limit=limit))

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

    def forget_rescue(self, rescue: Rescue) -> None:
        """As the port, with faults."""
        self.through("forget_rescue", lambda: self._store.forget_rescue(rescue))

    def due(
        self,
        connector_type: str,
        shards: Sequence[int],
        *,
        by: datetime,
        limit: int,
        after: object = None,
    ) -> DuePage:
        """As the port, with faults."""
        return self.through(
            "due",
            lambda: self._store.due(connector_type, shards, by=by, limit=limit, after=after),
        )

    def postpone(self, snapshot: Snapshot, until: datetime) -> None:
        """As the port, with faults."""
        self.through("postpone", lambda: self._store.postpone(snapshot, until))

    def unfinished(self, *, after: str | None, limit: int) -> RevocationPage:
        """As the port, with faults."""
        return self.through("unfinished", lambda: self._store.unfinished(after=after, limit=limit))

    def erase(self, tombstone: Snapshot) -> None:
        """As the port, with faults."""
        self.through("erase", lambda: self._store.erase(tombstone))

    def snapshots(self, *, after: str | None, limit: int) -> tuple[Snapshot, ...]:
        """As the port, with faults."""
        return self.through("snapshots", lambda: self._store.snapshots(after=after, limit=limit))

    def revocations(self, *, after: str | None, limit: int) -> tuple[Revocation, ...]:
        """As the port, with faults."""
        return self.through(
            "revocations", lambda: self._store.revocations(after=after, limit=limit)
        )

    def rescues(self, *, after: str | None, limit: int) -> tuple[Rescue, ...]:
        """As the port, with faults."""
        return self.through("rescues", lambda: self._store.rescues(after=after, limit=limit))

    def rewrap(self, snapshot: Snapshot, *, sealed_access: bytes, sealed_refresh: bytes) -> None:
        """As the port, with faults."""
        self.through(
            "rewrap",
            lambda: self._store.rewrap(
                snapshot, sealed_access=sealed_access, sealed_refresh=sealed_refresh
            ),
        )

    def rewrap_revocation(self, revocation: Revocation, *, sealed_refresh: bytes) -> None:
        """As the port, with faults."""
        self.through(
            "rewrap_revocation",
            lambda: self._store.rewrap_revocation(revocation, sealed_refresh=sealed_refresh),
        )


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

    def key_versions(self, kind: Kind) -> Mapping[str, datetime]:
        """As the port, with faults."""
        return self.through("key_versions", lambda: self._store.key_versions(kind))

    def saw_key_versions(self, kind: Kind, versions: Collection[str], at: datetime) -> None:
        """As the port, with faults."""
        self.through("saw_key_versions", lambda: self._store.saw_key_versions(kind, versions, at))

    def note_use(self, key: ConnectionKey, use: LastUse) -> None:
        """As the port, with faults."""
        self.through("note_use", lambda: self._store.note_use(key, use))

    def uses(self, key: ConnectionKey) -> tuple[LastUse, ...]:
        """As the port, with faults."""
        return self.through("uses", lambda: self._store.uses(key))

    def disconnects(self, key: ConnectionKey) -> tuple[LedgerEntry, ...]:
        """As the port, with faults."""
        return self.through("disconnects", lambda: self._store.disconnects(key))

    def forget_disconnect(self, entry: LedgerEntry) -> None:
        """As the port, with faults."""
        self.through("forget_disconnect", lambda: self._store.forget_disconnect(entry))

    def forget_uses(self, key: ConnectionKey) -> bool:
        """As the port, with faults."""
        return self.through("forget_uses", lambda: self._store.forget_uses(key))

    def forget_reads(self, key: ConnectionKey) -> int:
        """As the port, with faults."""
        return self.through("forget_reads", lambda: self._store.forget_reads(key))

    def forget_attempts(self, key: ConnectionKey) -> int:
        """As the port, with faults."""
        return self.through("forget_attempts", lambda: self._store.forget_attempts(key))

    def forget_sign_outs(self, identity: Identity, *, until: datetime) -> datetime | None:
        """As the port, with faults."""
        return self.through(
            "forget_sign_outs", lambda: self._store.forget_sign_outs(identity, until=until)
        )

    def keep_read(self, read: KeptRead) -> None:
        """As the port, with faults."""
        self.through("keep_read", lambda: self._store.keep_read(read))

    def kept_reads(
        self, key: ConnectionKey, *, after: str | None, limit: int
    ) -> tuple[KeptRead, ...]:
        """As the port, with faults."""
        return self.through(
            "kept_reads", lambda: self._store.kept_reads(key, after=after, limit=limit)
        )

    def breaker(self, connector_type: str) -> KeptBreaker:
        """As the port, with faults."""
        return self.through("breaker", lambda: self._store.breaker(connector_type))

    def keep_breaker(self, kept: KeptBreaker, after: Breaker) -> None:
        """As the port, with faults."""
        self.through("keep_breaker", lambda: self._store.keep_breaker(kept, after))

    def suspect(self, suspect: Suspect) -> None:
        """As the port, with faults."""
        self.through("suspect", lambda: self._store.suspect(suspect))

    def suspects(
        self, connector_type: str, *, after: str | None, limit: int
    ) -> tuple[Suspect, ...]:
        """As the port, with faults."""
        return self.through(
            "suspects", lambda: self._store.suspects(connector_type, after=after, limit=limit)
        )

    def clear_suspect(self, suspect: Suspect) -> None:
        """As the port, with faults."""
        self.through("clear_suspect", lambda: self._store.clear_suspect(suspect))

    def attempt(self, attempt_id: str) -> KeptAttempt | None:
        """As the port, with faults."""
        return self.through("attempt", lambda: self._store.attempt(attempt_id))

    def keep_attempt(self, kept: KeptAttempt | None, after: Attempt) -> KeptAttempt:
        """As the port, with faults."""
        return self.through("keep_attempt", lambda: self._store.keep_attempt(kept, after))
