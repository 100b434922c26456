"""The tables of the SQLite main database, as they grew: a step for each version of the file."""

import sqlite3
from dataclasses import replace
from typing import Final

from multi_user_oauth.errors import StoreUnavailableError, TamperedError
from multi_user_oauth.model import Connection, ConnectionStatus
from multi_user_oauth.stores.document import from_document, to_document
from multi_user_oauth.stores.sqlite_database import Step, script
from multi_user_oauth.stores.sqlite_rows import packed, text, unpacked

_FIRST: Final = """
CREATE TABLE connections (
    id TEXT PRIMARY KEY, version INTEGER NOT NULL, body BLOB NOT NULL,
    identity TEXT NOT NULL, connector_type TEXT NOT NULL, status TEXT NOT NULL
);
CREATE INDEX connections_identity ON connections (identity, id);
CREATE INDEX connections_type ON connections (connector_type, id);
CREATE INDEX connections_status ON connections (status, id);
CREATE INDEX connections_type_status ON connections (connector_type, status, id);
CREATE TABLE audit (
    id TEXT PRIMARY KEY, body BLOB NOT NULL, connection TEXT NOT NULL, sequence INTEGER NOT NULL
);
CREATE INDEX audit_connection ON audit (connection, sequence);
CREATE TABLE revocations (id TEXT PRIMARY KEY, version INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE rescue (id TEXT PRIMARY KEY, body BLOB NOT NULL);
"""

# Without NOT NULL: an older program that has the file open goes on writing its rows without them.
_SECOND: Final = """
ALTER TABLE connections ADD COLUMN shard INTEGER;
ALTER TABLE connections ADD COLUMN refresh_due_at TEXT;
CREATE INDEX connections_due ON connections (shard, refresh_due_at, id);
"""

# The time before the shard: all shards are asked for more often than one, and then nothing is sorted.
_THIRD: Final = """
DROP INDEX connections_due;
CREATE INDEX connections_due ON connections (connector_type, refresh_due_at, id, shard)
"""

_FOURTH: Final = """
ALTER TABLE connections ADD COLUMN grant_ends_at TEXT;
CREATE INDEX connections_ending ON connections (status, grant_ends_at, id);
CREATE INDEX connections_type_ending ON connections (connector_type, status, grant_ends_at, id)
"""


def _fill(database: sqlite3.Connection) -> None:
    # An older program wrote no time: an active connection is then due when its token ends. The row's
    # version stays, for whoever reads the connection sees no other than before.
    for name, body in database.execute("SELECT id, body FROM connections").fetchall():
        try:
            connection = from_document(Connection, name, unpacked(name, body))
        except (StoreUnavailableError, TamperedError):
            continue  # it can be read no better than before, and must not keep the others from it
        due = connection.refresh_due_at
        if due is None and connection.status is ConnectionStatus.ACTIVE:
            due = connection.access_token_expires_at
        document = to_document(replace(connection, refresh_due_at=due))
        added = {field: document[field] for field in ("shard", "refresh_due_at")}
        database.execute(
            "UPDATE connections SET body = ?, shard = ?, refresh_due_at = ? WHERE id = ?",
            (packed(unpacked(name, body) | added), added["shard"], due and text(due), name),
        )


def _second(database: sqlite3.Connection) -> None:
    script(_SECOND)(database)
    _fill(database)


def _fourth(database: sqlite3.Connection) -> None:
    script(_FOURTH)(database)
    for name, body in database.execute("SELECT id, body FROM connections").fetchall():
        try:
            ends = from_document(Connection, name, unpacked(name, body)).refresh_token_expires_at
        except (StoreUnavailableError, TamperedError):
            continue  # as above
        if ends is not None:
            values = (text(ends), name)
            database.execute("UPDATE connections SET grant_ends_at = ? WHERE id = ?", values)


STEPS: Final[tuple[Step, ...]] = (script(_FIRST), _second, script(_THIRD), _fourth)
