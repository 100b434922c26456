"""Backups and SQLite: walking over what people left behind, and putting a backup into the main file."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from multi_user_oauth.auditing.part import key_of_id
from multi_user_oauth.errors import ConflictError
from multi_user_oauth.model import AuditRecord, Connection, Identity, Rescue, Revocation
from multi_user_oauth.ports import Clock, LastUse, Meter
from multi_user_oauth.ports.backup import OfMain, Restoration, SignedOut, UsedBy
from multi_user_oauth.stores import sqlite_aside as main
from multi_user_oauth.stores import sqlite_key_versions as activity
from multi_user_oauth.stores import sqlite_rows as rows
from multi_user_oauth.stores.document import document_id, to_document
from multi_user_oauth.stores.sqlite_activity import STEPS as ACTIVITY_STEPS
from multi_user_oauth.stores.sqlite_database import Database
from multi_user_oauth.stores.sqlite_schema import STEPS as MAIN_STEPS

# Not a step of the schema: only a file into which a backup is restored has it.
_TABLE: Final = """
CREATE TABLE IF NOT EXISTS restoration (
    id INTEGER PRIMARY KEY CHECK (id = 1), digest TEXT NOT NULL, began_at TEXT NOT NULL, finished_at TEXT
)
"""
_NOTE: Final = (
    "INSERT INTO restoration (id, digest, began_at, finished_at) VALUES (1, ?, ?, ?)"
    " ON CONFLICT DO UPDATE SET digest = excluded.digest, began_at = excluded.began_at,"
    " finished_at = excluded.finished_at"
)
_PEOPLE: Final = (
    "SELECT identity FROM people WHERE identity > :after"
    " UNION SELECT identity FROM sign_outs WHERE identity > :after ORDER BY 1 LIMIT :limit"
)
_USED: Final = (
    "SELECT DISTINCT connection FROM usage WHERE connection > ? ORDER BY connection LIMIT ?"
)


class SqlitePuttingBack:
    """A `PuttingBack`."""

    def __init__(self, path: Path, *, now: Clock, meter: Meter) -> None:
        self._database = Database(path, steps=MAIN_STEPS)
        self._now = now
        self._meter = meter

    def put_back(self, kept: Sequence[OfMain]) -> None:
        """Create all in one transaction; raise `ConflictError` if one is there."""
        with self._database.writing() as database:
            for each in kept:
                self._create(database, each)
        self._meter.count(main.WRITE, len(kept))

    def restoration(self) -> Restoration | None:
        """Return the one that was begun here, if any was."""
        with self._database.writing() as database:
            database.execute(_TABLE)
            row = database.execute(
                "SELECT digest, began_at, finished_at FROM restoration"
            ).fetchone()
        self._meter.count(main.READ)
        if row is None:
            return None
        digest, began_at, finished_at = row
        return Restoration(
            digest=digest,
            began_at=datetime.fromisoformat(began_at),
            finished_at=None if finished_at is None else datetime.fromisoformat(finished_at),
        )

    def note_restoration(self, restoration: Restoration) -> None:
        """Write it, over the one that stands there."""
        ended = restoration.finished_at
        row = (restoration.digest, rows.text(restoration.began_at), ended and rows.text(ended))
        with self._database.writing() as database:
            database.execute(_TABLE)
            database.execute(_NOTE, row)
        self._meter.count(main.WRITE)

    def _create(self, database: sqlite3.Connection, kept: OfMain) -> None:
        match kept:
            case Connection():
                fields = to_document(kept) | {"lease_at": None}
                rows.create_connection(database, document_id(kept), fields)
            case AuditRecord():
                rows.create_audit(database, kept)
            case Revocation():
                rows.create_revocation(database, kept, self._now())
            case Rescue():
                if not rows.create_rescue(database, kept):
                    raise ConflictError(kept.document_id)


class SqliteActivityWalk:
    """An `ActivityWalk`."""

    def __init__(self, path: Path, *, meter: Meter) -> None:
        self._database = Database(path, steps=ACTIVITY_STEPS)
        self._meter = meter

    def all_sign_outs(self, *, after: str | None, limit: int) -> tuple[SignedOut, ...]:
        """Return at most `limit` people who signed out, by their identities' texts."""
        with self._database.reading() as database:
            found = database.execute(_PEOPLE, {"after": after or "", "limit": limit}).fetchall()
            people = tuple(_signed_out(database, identity) for (identity,) in found)
        self._meter.count(activity.READ, max(1, len(people)))
        return people

    def all_uses(self, *, after: str | None, limit: int) -> tuple[UsedBy, ...]:
        """Return who used at most `limit` connections, by the connections' document ids."""
        with self._database.reading() as database:
            found = database.execute(_USED, (after or "", limit)).fetchall()
            used = tuple(_used_by(database, name) for (name,) in found)
        self._meter.count(activity.READ, max(1, len(used)))
        return used


def _signed_out(database: sqlite3.Connection, identity: str) -> SignedOut:
    valid_from = database.execute(
        "SELECT valid_from FROM people WHERE identity = ?", (identity,)
    ).fetchone()
    sessions = database.execute(
        "SELECT session_id, expires_at FROM sign_outs WHERE identity = ? ORDER BY session_id",
        (identity,),
    ).fetchall()
    return SignedOut(
        identity=Identity.parse(identity),
        valid_from=None if valid_from is None else datetime.fromisoformat(valid_from[0]),
        sessions=tuple((each, datetime.fromisoformat(until)) for each, until in sessions),
    )


def _used_by(database: sqlite3.Connection, name: str) -> UsedBy:
    found = database.execute(
        "SELECT agent, action, purpose, at FROM usage WHERE connection = ? ORDER BY agent", (name,)
    ).fetchall()
    uses = tuple(
        LastUse(agent=agent, action=action, purpose=purpose, at=datetime.fromisoformat(at))
        for agent, action, purpose, at in found
    )
    return UsedBy(key=key_of_id(name), uses=uses)
