"""What is remembered of providers' troubles: breakers, and whom they befell; in SQLite."""

from functools import partial
from typing import Final

from multi_user_oauth.errors import ConflictError
from multi_user_oauth.model.breaker import Breaker
from multi_user_oauth.ports import Meter
from multi_user_oauth.ports.breakers import KeptBreaker, Suspect
from multi_user_oauth.stores.document import document_id, from_document, readable, to_document
from multi_user_oauth.stores.sqlite_database import Database
from multi_user_oauth.stores.sqlite_key_versions import READ, WRITE
from multi_user_oauth.stores.sqlite_rows import packed, unpacked

BREAKERS_TABLES: Final = """
CREATE TABLE breakers (id TEXT PRIMARY KEY, version INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE suspects (
    id TEXT PRIMARY KEY, connector_type TEXT NOT NULL, epoch INTEGER NOT NULL,
    generation INTEGER NOT NULL, body BLOB NOT NULL
);
CREATE INDEX suspects_type ON suspects (connector_type, id)
"""

_SUSPECT: Final = (
    "INSERT INTO suspects (id, connector_type, epoch, generation, body) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT DO UPDATE SET"
    " epoch = excluded.epoch, generation = excluded.generation, body = excluded.body"
)
_FIND: Final = (
    "SELECT id, body FROM suspects WHERE connector_type = ? AND id > ? ORDER BY id LIMIT ?"
)
_CLEAR: Final = "DELETE FROM suspects WHERE id = ? AND epoch = ? AND generation = ?"


class SqliteBreakers:
    """A `BreakerStore` and the `Suspects`; a version is a number in the row."""

    _database: Database
    _meter: Meter

    def breaker(self, connector_type: str) -> KeptBreaker:
        """Return it as it stands; where there is no record a closed one."""
        with self._database.reading() as database:
            row = database.execute(
                "SELECT version, body FROM breakers WHERE id = ?", (connector_type,)
            ).fetchone()
        self._meter.count(READ)
        if row is None:
            return KeptBreaker(breaker=Breaker(connector_type=connector_type))
        version, body = row
        kept = from_document(Breaker, connector_type, unpacked(connector_type, body))
        return KeptBreaker(breaker=kept, version=version)

    def keep_breaker(self, kept: KeptBreaker, after: Breaker) -> None:
        """Write it, unknown fields as they are; raise `ConflictError` if anybody wrote since."""
        name, version = document_id(after), kept.version or 0
        with self._database.writing() as database:
            row = database.execute(
                "SELECT version, body FROM breakers WHERE id = ?", (name,)
            ).fetchone()
            there, body = row or (0, packed({}))
            if there != version:
                message = f"{name} is not as it was read"
                raise ConflictError(message)
            database.execute(
                "INSERT INTO breakers (id, version, body) VALUES (?, 1, ?)"
                " ON CONFLICT DO UPDATE SET version = version + 1, body = excluded.body",
                (name, packed(unpacked(name, body) | to_document(after))),
            )
        self._meter.count(WRITE)

    def suspect(self, suspect: Suspect) -> None:
        """Write it; one for each connection, over the one before."""
        row = (
            document_id(suspect), suspect.key.connector_type, suspect.epoch, suspect.generation,
            packed(to_document(suspect)),
        )  # fmt: skip
        with self._database.writing() as database:
            database.execute(_SUSPECT, row)
        self._meter.count(WRITE)

    def suspects(
        self, connector_type: str, *, after: str | None, limit: int
    ) -> tuple[Suspect, ...]:
        """Return at most `limit` of this type that follow `after`; what can not be read is left out."""
        with self._database.reading() as database:
            found = database.execute(_FIND, (connector_type, after or "", limit)).fetchall()
        self._meter.count(READ, max(1, len(found)))
        return readable((name, partial(_suspect, name, body)) for name, body in found)

    def clear_suspect(self, suspect: Suspect) -> None:
        """Delete it; do nothing if it is gone, or another one is in its place."""
        one = (document_id(suspect), suspect.epoch, suspect.generation)
        with self._database.writing() as database:
            cleared = database.execute(_CLEAR, one)
        self._meter.count(READ)  # as the one that a look at it costs elsewhere
        self._meter.count(WRITE, cleared.rowcount)


def _suspect(name: str, body: bytes) -> Suspect:
    return from_document(Suspect, name, unpacked(name, body))
