"""Deleting for good, in SQLite: what is kept of an ended connection, and of its person."""

import sqlite3
from datetime import datetime
from functools import partial
from typing import Final

from multi_user_oauth.model import ConnectionKey, Identity, LedgerEntry, RevocationPage, Snapshot
from multi_user_oauth.ports import Meter
from multi_user_oauth.stores import sqlite_aside as main
from multi_user_oauth.stores import sqlite_key_versions as activity
from multi_user_oauth.stores import sqlite_rows as rows
from multi_user_oauth.stores.document import from_document, is_of, readable
from multi_user_oauth.stores.sqlite_database import Database
from multi_user_oauth.stores.sqlite_sealed import SqliteSealed

_UNFINISHED: Final = "SELECT id, version, body FROM revocations WHERE id > ? ORDER BY id LIMIT ?"
_AFTER_ALL: Final = ":"
"""It follows each sign of a number: between a name with `-` and the same with `-:` lie all with one."""


class SqliteErasure(SqliteSealed):
    """An `Erasure`, and the `UnfinishedRevocations`."""

    def unfinished(self, *, after: str | None, limit: int) -> RevocationPage:
        """Return at most `limit` revocations that follow `after`; what can not be read is left out."""
        found = self._walk(_UNFINISHED, after, limit)
        now = self._now()
        return RevocationPage(
            revocations=readable(
                (row[0], partial(rows.revocation, *row, now=now)) for row in found
            ),
            next_after=found[-1][0] if found and len(found) == limit else None,
        )

    def erase(self, tombstone: Snapshot) -> None:
        """Delete the connection, its audit and its rescues; raise `ConflictError` if it moved on."""
        key = tombstone.connection.key
        with self._database.writing() as database:
            rows.delete_connection(database, tombstone)
            records = database.execute("DELETE FROM audit WHERE connection = ?", (key.document_id,))
            kept = [name for (name,) in _names(database, "rescue", key) if is_of(key, name, 2)]
            database.executemany("DELETE FROM rescue WHERE id = ?", [(name,) for name in kept])
        self._meter.count(main.READ, max(1, len(kept)) + max(1, records.rowcount))
        self._meter.count(main.WRITE, 1 + records.rowcount + len(kept))


class SqliteTraces:
    """A `LedgerErasure` and a `TraceErasure`."""

    _database: Database
    _meter: Meter

    def disconnects(self, key: ConnectionKey) -> tuple[LedgerEntry, ...]:
        """Return this connection's entries in the ledger, by their document ids."""
        with self._database.reading() as database:
            found = database.execute(
                "SELECT id, body FROM ledger WHERE id > ? AND id < ? ORDER BY id", _span(key)
            ).fetchall()
        self._meter.count(activity.READ, max(1, len(found)))
        return tuple(
            from_document(LedgerEntry, name, rows.unpacked(name, body))
            for name, body in found
            if is_of(key, name, 1)
        )

    def forget_disconnect(self, entry: LedgerEntry) -> None:
        """Delete the entry; do nothing if it is gone."""
        self._delete("DELETE FROM ledger WHERE id = ?", entry.document_id)

    def forget_uses(self, key: ConnectionKey) -> bool:
        """Delete who used the connection; return whether anybody had."""
        self._delete("DELETE FROM suspects WHERE id = ?", key.document_id)
        return self._delete("DELETE FROM usage WHERE connection = ?", key.document_id)

    def forget_reads(self, key: ConnectionKey) -> int:
        """Delete the kept uses of its tokens; return how many there were."""
        return self._delete_all("DELETE FROM reads WHERE connection = ?", key.document_id)

    def forget_attempts(self, key: ConnectionKey) -> int:
        """Delete what was sent for this connection under keys; return how many there were."""
        return self._delete_all("DELETE FROM attempts WHERE connection = ?", key.document_id)

    def forget_sign_outs(self, identity: Identity, *, until: datetime) -> datetime | None:
        """Delete the person's sign-outs if all are from before; else return the latest's time."""
        who = str(identity)
        with self._database.writing() as database:
            ((latest,),) = database.execute(
                "SELECT max(at) FROM (SELECT valid_from AS at FROM people WHERE identity = ?"
                " UNION ALL SELECT expires_at FROM sign_outs WHERE identity = ?)",
                (who, who),
            ).fetchall()
            stays = latest is not None and latest >= rows.text(until)
            if latest is not None and not stays:
                database.execute("DELETE FROM people WHERE identity = ?", (who,))
                database.execute("DELETE FROM sign_outs WHERE identity = ?", (who,))
        self._meter.count(activity.READ)
        self._meter.count(activity.WRITE, int(latest is not None and not stays))
        return datetime.fromisoformat(latest) if stays else None

    def _delete(self, statement: str, name: str) -> bool:
        with self._database.writing() as database:
            deleted = database.execute(statement, (name,))
        self._meter.count(activity.READ)
        self._meter.count(activity.WRITE, min(1, deleted.rowcount))
        return deleted.rowcount > 0

    def _delete_all(self, statement: str, name: str) -> int:
        with self._database.writing() as database:
            deleted = database.execute(statement, (name,))
        self._meter.count(activity.READ, deleted.rowcount + 1)  # as where they go some at a time
        self._meter.count(activity.WRITE, deleted.rowcount)
        return deleted.rowcount


def _span(key: ConnectionKey) -> tuple[str, str]:
    return f"{key.document_id}-", f"{key.document_id}-{_AFTER_ALL}"


def _names(database: sqlite3.Connection, table: str, key: ConnectionKey) -> list[tuple[str]]:
    query = f"SELECT id FROM {table} WHERE id > ? AND id < ?"  # noqa: S608  # reason: our own tables
    return database.execute(query, _span(key)).fetchall()
