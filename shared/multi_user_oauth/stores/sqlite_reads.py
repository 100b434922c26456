"""Every use of a token, kept for as long as the setting says: a row for each, in SQLite."""

import json
from datetime import datetime
from typing import Any, Final

from multi_user_oauth.errors import StoreUnavailableError
from multi_user_oauth.model import Action, ConnectionKey
from multi_user_oauth.ports import Clock, KeptRead, Meter, Use
from multi_user_oauth.stores.sqlite_database import Database
from multi_user_oauth.stores.sqlite_key_versions import READ, WRITE
from multi_user_oauth.stores.sqlite_rows import text

READS_TABLE: Final = """
CREATE TABLE reads (
    id TEXT PRIMARY KEY, connection TEXT NOT NULL, at TEXT NOT NULL, mark TEXT NOT NULL,
    until TEXT NOT NULL, actor TEXT NOT NULL, outcome TEXT NOT NULL, purpose TEXT NOT NULL,
    scopes TEXT NOT NULL, min_ttl INTEGER NOT NULL
);
CREATE INDEX reads_connection ON reads (connection, id);
CREATE INDEX reads_end ON reads (until)
"""
READS_ACTION: Final = "ALTER TABLE reads ADD COLUMN action TEXT NOT NULL DEFAULT 'token'"
"""Before connectors there was nothing else that a token was used for."""

FORGOTTEN_AT_ONCE: Final = 10
"""At most this many rows whose time has come are cleaned away by one call."""

_FORGET: Final = (
    "DELETE FROM reads WHERE rowid IN"
    " (SELECT rowid FROM reads WHERE until < ? ORDER BY until LIMIT ?)"
)
_KEEP: Final = (
    "INSERT INTO reads (id, connection, at, mark, until, actor, outcome, purpose, scopes, min_ttl,"
    " action) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
_FIND: Final = (
    "SELECT at, mark, until, actor, outcome, purpose, scopes, min_ttl, action FROM reads"
    " WHERE connection = ? AND id > ? ORDER BY id LIMIT ?"
)


class SqliteReads:
    """A `ReadLog`."""

    _database: Database
    _meter: Meter
    _now: Clock

    def keep_read(self, read: KeptRead) -> None:
        """Create it; raise `StoreUnavailableError` if it may not be there."""
        use = read.use
        row = (
            read.document_id, use.key.document_id, text(read.at), read.mark, text(read.until),
            use.actor, use.outcome, use.purpose, json.dumps(use.scopes), use.min_ttl,
            use.action.value,
        )  # fmt: skip
        with self._database.writing() as database:
            database.execute(_FORGET, (text(self._now()), FORGOTTEN_AT_ONCE))
            if database.execute(_KEEP, row).rowcount != 1:
                message = f"{read.document_id} is taken"
                raise StoreUnavailableError(message)
        self._meter.count(WRITE)

    def kept_reads(
        self, key: ConnectionKey, *, after: str | None, limit: int
    ) -> tuple[KeptRead, ...]:
        """Return at most `limit` of this connection, the earliest first, whose names follow `after`."""
        with self._database.reading() as database:
            found = database.execute(_FIND, (key.document_id, after or "", limit)).fetchall()
        self._meter.count(READ, max(1, len(found)))
        return tuple(_kept(key, *row) for row in found)


def _kept(key: ConnectionKey, *row: Any) -> KeptRead:  # noqa: ANN401  # reason: a row's columns
    at, mark, until, actor, outcome, purpose, scopes, min_ttl, action = row
    return KeptRead(
        use=Use(
            actor=actor,
            key=key,
            outcome=outcome,
            purpose=purpose,
            scopes=tuple(json.loads(scopes)),
            min_ttl=min_ttl,
            action=Action(action),
        ),
        at=datetime.fromisoformat(at),
        mark=mark,
        until=datetime.fromisoformat(until),
    )
