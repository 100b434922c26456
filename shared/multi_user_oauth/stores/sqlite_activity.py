"""The activity database as one SQLite file: spent states, the ledger of disconnects, sign-outs."""

import sqlite3
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from multi_user_oauth.errors import FlowAlreadyUsedError
from multi_user_oauth.model import FlowMark, Identity, LedgerEntry
from multi_user_oauth.ports import Clock, Meter, SignOuts
from multi_user_oauth.stores.document import from_document, to_document
from multi_user_oauth.stores.sqlite_attempts import ATTEMPTS_TABLE, SqliteAttempts
from multi_user_oauth.stores.sqlite_breakers import BREAKERS_TABLES, SqliteBreakers
from multi_user_oauth.stores.sqlite_database import Database, Step, script
from multi_user_oauth.stores.sqlite_erasure import SqliteTraces
from multi_user_oauth.stores.sqlite_key_versions import READ, WRITE, SqliteKeyVersions
from multi_user_oauth.stores.sqlite_reads import READS_ACTION, READS_TABLE, SqliteReads
from multi_user_oauth.stores.sqlite_rows import packed, text, unpacked
from multi_user_oauth.stores.sqlite_usage import USAGE_TABLE, SqliteUsage

FORGOTTEN_AFTER: Final = timedelta(days=1)
"""How long past its end a mark or a sign-out stays: by then nothing in the world asks for it."""

FORGOTTEN_AT_ONCE: Final = 10
"""At most this many rows of each kind are cleaned away by one call."""

_FIRST: Final = """
CREATE TABLE flow_marks (
    state_hash TEXT PRIMARY KEY, handle TEXT NOT NULL, expires_at TEXT NOT NULL, outcome TEXT
);
CREATE INDEX flow_marks_handle ON flow_marks (handle, state_hash);
CREATE INDEX flow_marks_end ON flow_marks (expires_at);
CREATE TABLE ledger (id TEXT PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE people (identity TEXT PRIMARY KEY, valid_from TEXT NOT NULL);
CREATE TABLE sign_outs (
    identity TEXT NOT NULL, session_id TEXT NOT NULL, expires_at TEXT NOT NULL,
    PRIMARY KEY (identity, session_id)
);
CREATE INDEX sign_outs_end ON sign_outs (expires_at);
"""


_SECOND: Final = """
CREATE TABLE key_versions (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, version TEXT NOT NULL, seen_at TEXT NOT NULL
);
CREATE INDEX key_versions_kind ON key_versions (kind, id);
"""

STEPS: Final[tuple[Step, ...]] = (
    script(_FIRST),
    script(_SECOND),
    script(USAGE_TABLE),
    script(READS_TABLE),
    script(BREAKERS_TABLES),
    script(ATTEMPTS_TABLE),
    script(READS_ACTION),
)


class SqliteActivityStore(
    SqliteKeyVersions, SqliteUsage, SqliteReads, SqliteBreakers, SqliteAttempts, SqliteTraces
):
    """All ports of the activity database, for many threads and processes at once; see the main one."""

    def __init__(self, path: Path, *, now: Clock, meter: Meter) -> None:
        super().__init__(Database(path, steps=STEPS), meter=meter)
        self._now = now

    def spend(self, mark: FlowMark) -> None:
        """Create the mark; raise `FlowAlreadyUsedError` if this state was spent before."""
        with self._database.writing() as database:
            _forget(database, self._now() - FORGOTTEN_AFTER)
            written = database.execute(
                "INSERT INTO flow_marks (state_hash, handle, expires_at, outcome)"
                " VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (mark.state_hash, mark.handle, text(mark.expires_at), mark.outcome),
            )
            if written.rowcount != 1:
                message = "this state was spent before"
                raise FlowAlreadyUsedError(message)
        self._meter.count(WRITE)

    def note(self, mark: FlowMark) -> None:
        """Write the outcome of a spent state."""
        with self._database.writing() as database:
            database.execute(
                "INSERT INTO flow_marks (state_hash, handle, expires_at, outcome)"
                " VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET outcome = excluded.outcome",
                (mark.state_hash, mark.handle, text(mark.expires_at), mark.outcome),
            )
        self._meter.count(WRITE)

    def by_handle(self, handle: str) -> tuple[FlowMark, ...]:
        """Return the spent states of the flows that this handle stands for."""
        with self._database.reading() as database:
            found = database.execute(
                "SELECT state_hash, expires_at, outcome FROM flow_marks"
                " WHERE handle = ? ORDER BY state_hash",
                (handle,),
            ).fetchall()
        self._meter.count(READ, max(1, len(found)))
        return tuple(
            FlowMark(
                state_hash=state_hash,
                handle=handle,
                expires_at=datetime.fromisoformat(expires_at),
                outcome=outcome,
            )
            for state_hash, expires_at, outcome in found
        )

    def enter(self, entry: LedgerEntry) -> None:
        """Write the entry; writing it again changes nothing."""
        with self._database.writing() as database:
            written = database.execute(
                "INSERT INTO ledger (id, body) VALUES (?, ?) ON CONFLICT DO NOTHING",
                (entry.document_id, packed(to_document(entry))),
            )
        self._meter.count(WRITE, written.rowcount)

    def entries(self) -> tuple[LedgerEntry, ...]:
        """Return all of them, by their document ids."""
        with self._database.reading() as database:
            found = database.execute("SELECT id, body FROM ledger ORDER BY id").fetchall()
        self._meter.count(READ, max(1, len(found)))
        return tuple(from_document(LedgerEntry, name, unpacked(name, body)) for name, body in found)

    def sign_outs(self, identity: Identity) -> SignOuts:
        """Return the person's sign-outs; none at all for somebody unknown."""
        who = (str(identity),)
        with self._database.reading() as database:
            valid_from = database.execute(
                "SELECT valid_from FROM people WHERE identity = ?", who
            ).fetchone()
            sessions = database.execute(
                "SELECT session_id FROM sign_outs WHERE identity = ?", who
            ).fetchall()
        self._meter.count(READ)
        return SignOuts(
            valid_from=None if valid_from is None else datetime.fromisoformat(valid_from[0]),
            sessions=frozenset(session_id for (session_id,) in sessions),
        )

    def sign_out(self, identity: Identity, session_id: str, until: datetime) -> None:
        """End one session; the entry may be forgotten after `until`, when it has ended anyway."""
        with self._database.writing() as database:
            database.execute(
                "INSERT INTO sign_outs (identity, session_id, expires_at) VALUES (?, ?, ?)"
                " ON CONFLICT DO UPDATE SET expires_at = max(expires_at, excluded.expires_at)",
                (str(identity), session_id, text(until)),
            )
        self._meter.count(WRITE)

    def sign_out_everywhere(self, identity: Identity, before: datetime) -> None:
        """End every session that began before this time; an earlier one later changes nothing."""
        with self._database.writing() as database:
            database.execute(
                "INSERT INTO people (identity, valid_from) VALUES (?, ?)"
                " ON CONFLICT DO UPDATE SET valid_from = max(valid_from, excluded.valid_from)",
                (str(identity), text(before)),
            )
        self._meter.count(WRITE)


def _forget(database: sqlite3.Connection, before: datetime) -> None:
    limits = (text(before), FORGOTTEN_AT_ONCE)
    database.execute(
        "DELETE FROM flow_marks WHERE rowid IN"
        " (SELECT rowid FROM flow_marks WHERE expires_at < ? ORDER BY expires_at LIMIT ?)",
        limits,
    )
    database.execute(
        "DELETE FROM sign_outs WHERE rowid IN"
        " (SELECT rowid FROM sign_outs WHERE expires_at < ? ORDER BY expires_at LIMIT ?)",
        limits,
    )
