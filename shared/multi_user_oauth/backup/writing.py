"""Writing a backup's records into the main database: connections in quarantine, with their audit."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from multi_user_oauth.audit import RESTORED, audited, log_anchors
from multi_user_oauth.errors import ConflictError
from multi_user_oauth.model import (
    AuditRecord,
    Change,
    Connection,
    ConnectionKey,
    Rescue,
    Revocation,
    Snapshot,
    System,
)
from multi_user_oauth.ports import AuditReader
from multi_user_oauth.ports.backup import (
    Kept,
    OfActivity,
    OfMain,
    PuttingBack,
    Restoration,
)

ACTOR: Final = str(System(name="operator"))


class Writing:
    """
    One run; `written` and `left_alone` count connections.

    Each connection's chain goes on with a record that it was restored, dated when the restoration began:
    so a second run makes the very same one.
    """

    def __init__(
        self, *, main: AuditReader, back: PuttingBack, restoration: Restoration, at_once: int
    ) -> None:
        self._main = main
        self._back = back
        self._restoration = restoration
        self._at_once = at_once
        self._batch: list[OfMain] = []
        self._changes: list[Change] = []
        self._chain: Change | None = None
        self._others: ConnectionKey | None = None
        self.written = 0
        self.left_alone = 0

    def all(self, found: Iterable[Kept]) -> Iterator[OfActivity]:
        """Write what is of the main database, and yield the rest; raise `StoreUnavailableError`."""
        for kept in found:
            if not isinstance(kept, AuditRecord):
                self._end_chain()
            match kept:
                case Connection():
                    self._chain = self._restored(kept)
                    self._add(self._chain.after)
                case Revocation():
                    self._add(replace(kept, lease_id=None))
                case AuditRecord() | Rescue():
                    self._add(kept)
                case _:
                    yield kept
        self._end_chain()
        self._flush()

    def _restored(self, connection: Connection) -> Change:
        waits = connection.holds_its_email or connection.pending_revocation is not None
        after = replace(
            connection,
            # When to try again says nothing any more. The lease does, once nobody holds it: that there
            # may be a rescue.
            failure=None,
            refresh_due_at=None,
            quarantined_at=self._restoration.began_at if waits else None,
        )
        return audited(
            Snapshot(connection=connection, version=None),
            after,
            action=RESTORED,
            actor=ACTOR,
            at=self._restoration.began_at,
        )

    def _end_chain(self) -> None:
        if self._chain is not None:
            self._add(self._chain.audit)
            self._changes.append(self._chain)
            self._chain = None

    def _add(self, kept: OfMain) -> None:
        if self._is_others(kept):
            return
        self._batch.append(kept)
        if len(self._batch) == self._at_once:
            self._flush()

    def _flush(self) -> None:
        batch, self._batch = self._batch, []
        try:
            self._back.put_back(batch)
            self.written += sum(isinstance(each, Connection) for each in batch)
        except ConflictError:
            for each in batch:
                self._put(each)
        log_anchors(each for each in self._changes if not self._is_others(each.audit))
        self._changes = []

    def _put(self, kept: OfMain) -> None:
        if self._is_others(kept):
            return
        try:
            self._back.put_back((kept,))
            self.written += isinstance(kept, Connection)
        except ConflictError:
            if isinstance(kept, AuditRecord) and self._is_of_another_chain(kept):
                # Somebody connected before we came to it: that is newer, and its chain is its own.
                self._others = kept.key
                self.left_alone += 1

    def _is_others(self, kept: OfMain) -> bool:
        return isinstance(kept, AuditRecord) and kept.key == self._others

    def _is_of_another_chain(self, record: AuditRecord) -> bool:
        found = self._main.audit_after(record.key, 0, limit=1)
        return record.sequence == 1 and bool(found) and found[0].hash != record.hash
