"""Taking a backup: everything as it lies, sealed. Nothing is opened, so no key is needed, nor its right.

No snapshot of one moment: the vault is in use meanwhile. The order makes it safe. Each connection is read
before its audit, which is cut behind the record that it named as its newest. Rescues are read before and
after: one that is adopted in between is in the backup, or its connection's newer credential is. The
ledger comes last: whatever ended while the backup was taken stands there, for it is written first.
"""

from collections.abc import Iterator
from typing import Final, Protocol

from multi_user_oauth.model import AuditRecord, Connection, Kind, Revocation
from multi_user_oauth.ports import AuditReader, KeyVersionNotes, Ledger, SealedRecords
from multi_user_oauth.ports.backup import (
    ActivityWalk,
    BackupSink,
    KeyVersionSeen,
    SignedOut,
    UsedBy,
)

AT_ONCE: Final = 300


class MainRead(SealedRecords, AuditReader, Protocol):
    """What is read of the main database."""


class ActivityRead(Ledger, KeyVersionNotes, Protocol):
    """What is read of the activity database, beside the walk."""


class TakeBackup:
    """Reads both databases, a page at a time; who runs it needs the right to read them and no other."""

    def __init__(self, *, main: MainRead, activity: ActivityRead, walk: ActivityWalk) -> None:
        self._main = main
        self._activity = activity
        self._walk = walk

    def take(self, sink: BackupSink) -> None:
        """Put all into the sink; raise `StoreUnavailableError`, and for what can not be read."""
        self._rescues(sink)
        for connection in self._connections():
            sink.put(connection)
            for record in self._audit(connection):
                sink.put(record)
        for revocation in self._revocations():
            sink.put(revocation)
        self._rescues(sink)
        for used in self._uses():
            sink.put(used)
        self.take_ledger(sink)

    def take_ledger(self, sink: BackupSink) -> None:
        """Put in only what tells an older backup what ended since; raise as `take`."""
        for kind in Kind:
            for version, at in sorted(self._activity.key_versions(kind).items()):
                sink.put(KeyVersionSeen(kind=kind, version=version, at=at))
        for person in self._signed_out():
            sink.put(person)
        for entry in self._activity.entries():
            sink.put(entry)

    def _rescues(self, sink: BackupSink) -> None:
        after = None
        while found := self._main.rescues(after=after, limit=AT_ONCE):
            for rescue in found:
                sink.put(rescue)
            after = found[-1].document_id

    def _connections(self) -> Iterator[Connection]:
        after = None
        while found := self._main.snapshots(after=after, limit=AT_ONCE):
            yield from (each.connection for each in found)
            after = found[-1].connection.key.document_id

    def _audit(self, connection: Connection) -> Iterator[AuditRecord]:
        # What was written since the connection was read belongs to a newer one.
        key, last, after = connection.key, connection.audit.sequence, 0
        while after < last:
            found = self._main.audit_after(key, after, limit=AT_ONCE)
            yield from (each for each in found if each.sequence <= last)
            if not found:
                return  # a chain that was cut is backed up as it is: `audit verify` names it
            after = found[-1].sequence

    def _revocations(self) -> Iterator[Revocation]:
        after = None
        while found := self._main.revocations(after=after, limit=AT_ONCE):
            yield from found
            after = found[-1].document_id

    def _uses(self) -> Iterator[UsedBy]:
        after = None
        while found := self._walk.all_uses(after=after, limit=AT_ONCE):
            yield from found
            after = found[-1].key.document_id

    def _signed_out(self) -> Iterator[SignedOut]:
        after = None
        while found := self._walk.all_sign_outs(after=after, limit=AT_ONCE):
            yield from found
            after = str(found[-1].identity)
