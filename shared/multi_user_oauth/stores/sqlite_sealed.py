"""Everything sealed in the SQLite main database: walked over, and re-wrapped in place."""

from typing import Final

from multi_user_oauth.model import Rescue, Revocation, Snapshot
from multi_user_oauth.stores import sqlite_rows as rows
from multi_user_oauth.stores.document import from_document
from multi_user_oauth.stores.sqlite_aside import WRITE, SqliteAside

_CONNECTIONS: Final = "SELECT id, version, body FROM connections WHERE id > ? ORDER BY id LIMIT ?"
_REVOCATIONS: Final = "SELECT id, version, body FROM revocations WHERE id > ? ORDER BY id LIMIT ?"
_RESCUES: Final = "SELECT id, body FROM rescue WHERE id > ? ORDER BY id LIMIT ?"


class SqliteSealed(SqliteAside):
    """A `SealedRecords`."""

    def snapshots(self, *, after: str | None, limit: int) -> tuple[Snapshot, ...]:
        """Return at most `limit` connections that follow `after`, tombstones included."""
        now = self._now()
        return tuple(rows.snapshot(*row, now=now) for row in self._walk(_CONNECTIONS, after, limit))

    def revocations(self, *, after: str | None, limit: int) -> tuple[Revocation, ...]:
        """Return at most `limit` unfinished revocations that follow `after`."""
        now = self._now()
        return tuple(
            rows.revocation(*row, now=now) for row in self._walk(_REVOCATIONS, after, limit)
        )

    def rescues(self, *, after: str | None, limit: int) -> tuple[Rescue, ...]:
        """Return at most `limit` rescues that follow `after`."""
        return tuple(
            from_document(Rescue, name, rows.unpacked(name, body))
            for name, body in self._walk(_RESCUES, after, limit)
        )

    def rewrap(self, snapshot: Snapshot, *, sealed_access: bytes, sealed_refresh: bytes) -> None:
        """Write these two fields only; raise `ConflictError` if anybody wrote since."""
        name = snapshot.connection.key.document_id
        fields = {"sealed_access": sealed_access, "sealed_refresh": sealed_refresh}
        with self._database.writing() as database:
            rows.update_connection(database, name, snapshot.version, fields)
        self._meter.count(WRITE)

    def rewrap_revocation(self, revocation: Revocation, *, sealed_refresh: bytes) -> None:
        """Write this field only; raise `ConflictError` if anybody wrote since."""
        with self._database.writing() as database:
            rows.update_revocation(database, revocation, {"sealed_refresh": sealed_refresh})
        self._meter.count(WRITE)
