"""The main database as one SQLite file."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final, cast

from multi_user_oauth.errors import ConflictError
from multi_user_oauth.model import (
    Batch,
    ConnectionKey,
    Failure,
    Identity,
    Lease,
    Snapshot,
)
from multi_user_oauth.ports import Clock, DuePage, Meter
from multi_user_oauth.stores import sqlite_rows as rows
from multi_user_oauth.stores.document import RELEASED, readable, to_document, utc
from multi_user_oauth.stores.sqlite_aside import READ, WRITE
from multi_user_oauth.stores.sqlite_database import Database
from multi_user_oauth.stores.sqlite_directory import SqliteDirectory
from multi_user_oauth.stores.sqlite_schema import STEPS

DUE: Final = (  # in the order of its index, where the shard stands too: nothing is sorted
    "SELECT refresh_due_at, id, version, body FROM connections"
    " WHERE connector_type = ? AND shard IN (SELECT value FROM json_each(?))"
    " AND refresh_due_at <= ? AND (refresh_due_at, id) > (?, ?)"
    " ORDER BY refresh_due_at, id LIMIT ?"
)
_BEGIN: Final = ("", "")
"""Before every time and id."""


class SqliteMainStore(SqliteDirectory):
    """
    All ports of the main database, for many threads and processes at once.

    A version is a number in the row. Leases are timed by `now`. The file is made at first use, for the
    owner alone; `meter` counts a read for each row looked up and a write for each row written.
    """

    def __init__(self, path: Path, *, now: Clock, meter: Meter) -> None:
        super().__init__(Database(path, steps=STEPS), now=now, meter=meter)

    def read(self, key: ConnectionKey) -> Snapshot | None:
        """Return the connection as it stands, tombstones included; None if there never was one."""
        with self._database.reading() as database:
            row = database.execute(
                "SELECT id, version, body FROM connections WHERE id = ?", (key.document_id,)
            ).fetchone()
        self._meter.count(READ)
        return None if row is None else rows.snapshot(*row, now=self._now())

    def by_identity(self, identity: Identity) -> tuple[Snapshot, ...]:
        """Return the connections pinned to this identity, tombstones too, by their document ids."""
        with self._database.reading() as database:
            found = database.execute(
                "SELECT id, version, body FROM connections WHERE identity = ? ORDER BY id",
                (str(identity),),
            ).fetchall()
        self._meter.count(READ, max(1, len(found)))
        now = self._now()
        return tuple(rows.snapshot(*row, now=now) for row in found)

    def due(
        self,
        connector_type: str,
        shards: Sequence[int],
        *,
        by: datetime,
        limit: int,
        after: object = None,
    ) -> DuePage:
        """Return what is due by then; after a page that is full there may be nothing more."""
        if not shards:
            return DuePage(snapshots=())
        place = cast("tuple[str, str]", after or _BEGIN)
        wanted = (connector_type, json.dumps(list(shards)), rows.text(by), *place, limit)
        with self._database.reading() as database:
            found = database.execute(DUE, wanted).fetchall()
        self._meter.count(READ, max(1, len(found)))
        now = self._now()
        return DuePage(
            snapshots=readable(
                (name, partial(rows.snapshot, name, *row, now=now)) for _, name, *row in found
            ),
            next_after=found[-1][:2] if found and len(found) == limit else None,
        )

    def postpone(self, snapshot: Snapshot, until: datetime) -> None:
        """Write a later `refresh_due_at`; do nothing if it moved on."""
        name, fields = snapshot.connection.key.document_id, {"refresh_due_at": utc(until)}
        with suppress(ConflictError):
            with self._database.writing() as database:
                rows.update_connection(database, name, snapshot.version, fields)
            self._meter.count(WRITE)

    def claim(self, snapshot: Snapshot, lease_id: str) -> Snapshot:
        """Write a lease and return the claimed snapshot; raise `ConflictError` if it moved on."""
        name = snapshot.connection.key.document_id
        with self._database.writing() as database:
            fields = {"lease": {"id": lease_id}, "lease_at": self._now()}
            version = rows.update_connection(database, name, snapshot.version, fields)
        self._meter.count(WRITE)
        claimed = replace(snapshot.connection, lease=Lease(lease_id))
        return Snapshot(connection=claimed, version=version, lease_age=timedelta(0))

    def release(self, claimed: Snapshot, failure: Failure | None) -> None:
        """Drop the lease and write the failure, or that there is none; do nothing if it moved on."""
        name = claimed.connection.key.document_id
        noted = to_document(claimed.connection.released(failure))
        fields = {field: noted[field] for field in RELEASED} | {"lease_at": None}
        with suppress(ConflictError):
            with self._database.writing() as database:
                rows.update_connection(database, name, claimed.version, fields)
            self._meter.count(WRITE)

    def commit(self, batch: Batch) -> None:
        """Write the batch in one transaction; raise `ConflictError` if a precondition fails."""
        with self._database.writing() as database:
            for change in batch.changes:
                rows.apply_change(database, change, self._now())
            if batch.opens is not None:
                rows.create_revocation(database, batch.opens, self._now())
            if batch.cancels is not None:
                rows.delete_revocation(database, batch.cancels)
            if batch.adopted_rescue is not None:
                database.execute("DELETE FROM rescue WHERE id = ?", (batch.adopted_rescue,))
        others = (batch.opens, batch.cancels, batch.adopted_rescue)
        self._meter.count(WRITE, 2 * len(batch.changes) + sum(part is not None for part in others))
