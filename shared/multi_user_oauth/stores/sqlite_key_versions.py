"""When each version of a key-encryption key was last seen in use: a row for each, in SQLite."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from multi_user_oauth.model import Kind
from multi_user_oauth.ports import Meter
from multi_user_oauth.stores.document import key_version_id
from multi_user_oauth.stores.sqlite_database import Database
from multi_user_oauth.stores.sqlite_rows import text

READ: Final = "activity.read"
WRITE: Final = "activity.write"


class SqliteKeyVersions:
    """A `KeyVersionNotes`."""

    def __init__(self, database: Database, *, meter: Meter) -> None:
        self._database = database
        self._meter = meter

    def key_versions(self, kind: Kind) -> Mapping[str, datetime]:
        """Return, by version, when a record that needs it was last seen (UTC)."""
        with self._database.reading() as database:
            found = database.execute(
                "SELECT version, seen_at FROM key_versions WHERE kind = ? ORDER BY id", (kind,)
            ).fetchall()
        self._meter.count(READ, max(1, len(found)))
        return {version: datetime.fromisoformat(seen_at) for version, seen_at in found}

    def saw_key_versions(self, kind: Kind, versions: Collection[str], at: datetime) -> None:
        """Note that records need these versions; a later time noted before stays."""
        seen = [
            (key_version_id(kind, each), kind, each, text(at)) for each in sorted(set(versions))
        ]
        with self._database.writing() as database:
            database.executemany(
                "INSERT INTO key_versions (id, kind, version, seen_at) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET seen_at = max(seen_at, excluded.seen_at)",
                seen,
            )
        self._meter.count(WRITE, len(seen))
