"""What the SQLite main database keeps beside the connections: audit, rescue, revocations."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, Final

from multi_user_oauth.model import (
    AuditHead,
    AuditRecord,
    Connection,
    ConnectionKey,
    Rescue,
    Revocation,
)
from multi_user_oauth.model.records import rescue_id
from multi_user_oauth.ports import Clock, Meter, Walked
from multi_user_oauth.stores import sqlite_rows as rows
from multi_user_oauth.stores.document import from_document, walked
from multi_user_oauth.stores.sqlite_database import Database

READ: Final = "main.read"
WRITE: Final = "main.write"

_AUDIT: Final = "SELECT id, body FROM audit WHERE id > ? ORDER BY id LIMIT ?"
_CONNECTIONS: Final = "SELECT id, body FROM connections WHERE id > ? ORDER BY id LIMIT ?"


class SqliteAside:
    """An `AuditReader`, an `AuditWalk`, a `RescueStore` and a `RevocationStore`."""

    def __init__(self, database: Database, *, now: Clock, meter: Meter) -> None:
        self._database = database
        self._now = now
        self._meter = meter

    def audit(self, key: ConnectionKey) -> tuple[AuditRecord, ...]:
        """Return the connection's records in the order of their sequence."""
        with self._database.reading() as database:
            found = database.execute(
                "SELECT id, body FROM audit WHERE connection = ? ORDER BY sequence",
                (key.document_id,),
            ).fetchall()
        self._meter.count(READ, max(1, len(found)))
        return tuple(_record(name, body) for name, body in found)

    def audit_after(
        self, key: ConnectionKey, sequence: int, *, limit: int
    ) -> tuple[AuditRecord, ...]:
        """Return at most `limit` of them, those that follow this sequence."""
        with self._database.reading() as database:
            found = database.execute(
                "SELECT id, body FROM audit WHERE connection = ? AND sequence > ?"
                " ORDER BY sequence LIMIT ?",
                (key.document_id, sequence, limit),
            ).fetchall()
        self._meter.count(READ, max(1, len(found)))
        return tuple(_record(name, body) for name, body in found)

    def all_audit(self, *, after: str | None, limit: int) -> tuple[Walked[AuditRecord], ...]:
        """Return at most `limit` records of all connections that follow `after`."""
        found = self._walk(_AUDIT, after, limit)
        return walked((name, partial(_record, name, body)) for name, body in found)

    def all_heads(self, *, after: str | None, limit: int) -> tuple[Walked[AuditHead], ...]:
        """Return the audit heads of at most `limit` connections that follow `after`."""
        found = self._walk(_CONNECTIONS, after, limit)
        return walked((name, partial(_head, name, body)) for name, body in found)

    def rescue(self, rescue: Rescue) -> None:
        """Keep it; the first of its name stays."""
        with self._database.writing() as database:
            written = rows.create_rescue(database, rescue)
        self._meter.count(WRITE, int(written))

    def rescued(self, key: ConnectionKey, epoch: int, used_generation: int) -> Rescue | None:
        """Return what a refresh that used this generation's token could not commit."""
        name = rescue_id(key, epoch, used_generation)
        with self._database.reading() as database:
            row = database.execute("SELECT body FROM rescue WHERE id = ?", (name,)).fetchone()
        self._meter.count(READ)
        return None if row is None else from_document(Rescue, name, rows.unpacked(name, row[0]))

    def forget_rescue(self, rescue: Rescue) -> None:
        """Delete it; do nothing if it is gone."""
        with self._database.writing() as database:
            database.execute("DELETE FROM rescue WHERE id = ?", (rescue.document_id,))
        self._meter.count(WRITE)

    def revocation(self, key: ConnectionKey, epoch: int) -> Revocation | None:
        """Return it, or None if it is finished or was cancelled."""
        name = f"{key.document_id}-{epoch}"
        with self._database.reading() as database:
            row = database.execute(
                "SELECT version, body FROM revocations WHERE id = ?", (name,)
            ).fetchone()
        self._meter.count(READ)
        return None if row is None else rows.revocation(name, *row, now=self._now())

    def claim_revocation(self, revocation: Revocation, lease_id: str) -> Revocation:
        """Write a lease; raise `ConflictError` if anybody wrote since it was read."""
        with self._database.writing() as database:
            fields = {"lease_id": lease_id, "lease_at": self._now()}
            version = rows.update_revocation(database, revocation, fields)
        self._meter.count(WRITE)
        return replace(revocation, lease_id=lease_id, lease_age=timedelta(0), version=version)

    def finish_revocation(self, revocation: Revocation) -> None:
        """Delete it and its sealed value; raise `ConflictError` if anybody wrote since."""
        with self._database.writing() as database:
            rows.delete_revocation(database, revocation)
        self._meter.count(WRITE)

    def _walk(self, query: str, after: str | None, limit: int) -> list[Any]:
        with self._database.reading() as database:
            found = database.execute(query, (after or "", limit)).fetchall()
        self._meter.count(READ, max(1, len(found)))
        return found


def _record(name: str, body: bytes) -> AuditRecord:
    return from_document(AuditRecord, name, rows.unpacked(name, body))


def _head(name: str, body: bytes) -> AuditHead:
    return from_document(Connection, name, rows.unpacked(name, body)).audit
