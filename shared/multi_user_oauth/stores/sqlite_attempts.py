"""What was sent under which `Idempotency-Key`: a row for each, in SQLite."""

import sqlite3
from datetime import timedelta
from typing import Final

from multi_user_oauth.errors import ConflictError
from multi_user_oauth.model.attempt import Attempt
from multi_user_oauth.ports import Clock, Meter
from multi_user_oauth.ports.attempts import KeptAttempt
from multi_user_oauth.stores.document import document_id, from_document, to_document
from multi_user_oauth.stores.sqlite_database import Database
from multi_user_oauth.stores.sqlite_key_versions import READ, WRITE
from multi_user_oauth.stores.sqlite_rows import packed, text, unpacked

ATTEMPTS_TABLE: Final = """
CREATE TABLE attempts (
    version INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
    connection TEXT NOT NULL, until TEXT NOT NULL, body BLOB NOT NULL
);
CREATE INDEX attempts_connection ON attempts (connection);
CREATE INDEX attempts_end ON attempts (until)
"""
"""No version comes twice: one that was cleaned away and made anew is not as it was read."""

FORGOTTEN_AFTER: Final = timedelta(days=1)
"""How long past its end an attempt stays: by then nobody's clock lets its key count."""

FORGOTTEN_AT_ONCE: Final = 10
"""At most this many rows whose time has come are cleaned away by one call."""

_FIND: Final = "SELECT version, body FROM attempts WHERE id = ?"
_KEEP: Final = (
    "REPLACE INTO attempts (id, connection, until, body) VALUES (?, ?, ?, ?) RETURNING version"
)
_FORGET: Final = (
    "DELETE FROM attempts WHERE version IN"
    " (SELECT version FROM attempts WHERE until < ? ORDER BY until LIMIT ?)"
)


class SqliteAttempts:
    """`Attempts`; a version is a number in the row, another one after each write."""

    _database: Database
    _meter: Meter
    _now: Clock

    def attempt(self, attempt_id: str) -> KeptAttempt | None:
        """Return it as it stands, None where there is none; one past its `until` may still be there."""
        with self._database.reading() as database:
            row = database.execute(_FIND, (attempt_id,)).fetchone()
        self._meter.count(READ)
        if row is None:
            return None
        version, body = row
        found = from_document(Attempt, attempt_id, unpacked(attempt_id, body))
        return KeptAttempt(attempt=found, version=version)

    def keep_attempt(self, kept: KeptAttempt | None, after: Attempt) -> KeptAttempt:
        """Write it, unknown fields as they are; raise `ConflictError` if anybody wrote since."""
        with self._database.writing() as database:
            version = _keep(database, kept, after)
            # Last, for the one that was just written over may be one of them.
            forgotten = text(self._now() - FORGOTTEN_AFTER)
            database.execute(_FORGET, (forgotten, FORGOTTEN_AT_ONCE))
        self._meter.count(WRITE)
        return KeptAttempt(attempt=after, version=version)


def _keep(database: sqlite3.Connection, kept: KeptAttempt | None, after: Attempt) -> int:
    name, as_read = document_id(after), 0 if kept is None else kept.version
    there, body = database.execute(_FIND, (name,)).fetchone() or (0, packed({}))
    if there != as_read:
        message = f"{name} is not as it was read"
        raise ConflictError(message)
    whole = packed(unpacked(name, body) | to_document(after))
    row = (name, after.key.document_id, text(after.until), whole)
    ((version,),) = database.execute(_KEEP, row).fetchall()
    return int(version)
