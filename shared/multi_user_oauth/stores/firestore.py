"""The main database in Firestore; google.cloud.firestore is known to this folder's firestore* only."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

from google.cloud.firestore import SERVER_TIMESTAMP, Client

from multi_user_oauth.errors import ConflictError, StoreUnavailableError
from multi_user_oauth.model import (
    Batch,
    ConnectionKey,
    Failure,
    Identity,
    Lease,
    Snapshot,
)
from multi_user_oauth.ports import DuePage, Meter
from multi_user_oauth.stores.document import RELEASED, readable, to_document, utc
from multi_user_oauth.stores.firestore_database import FirestoreDatabase
from multi_user_oauth.stores.firestore_directory import FirestoreDirectory
from multi_user_oauth.stores.firestore_queries import Place, by_time
from multi_user_oauth.stores.firestore_writes import CONNECTIONS, RESCUE, REVOCATIONS, Writes


class FirestoreMainStore(FirestoreDirectory):
    """
    All ports of the main database, for any number of threads, processes and machines.

    `client` names the project and the database. A version is the update time of the document as it was
    read. Leases are timed by the server alone: no clock of this machine has a part in it. Nothing is
    asked before the first use; `meter` counts what Google Cloud will bill.
    """

    def __init__(self, client: Client, *, meter: Meter) -> None:
        super().__init__(FirestoreDatabase(client, name="main", meter=meter))

    def read(self, key: ConnectionKey) -> Snapshot | None:
        """Return the connection as it stands, tombstones included; None if there never was one."""
        found = self._database.get(CONNECTIONS, key.document_id)
        return None if found is None else found.snapshot()

    def by_identity(self, identity: Identity) -> tuple[Snapshot, ...]:
        """Return the connections pinned to this identity, tombstones too, by their document ids."""
        found = self._database.find(CONNECTIONS, identity=str(identity))
        return tuple(each.snapshot() for each in found)

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
            return DuePage(snapshots=())  # Firestore takes no empty `in`
        query = by_time(
            self._database.collection(CONNECTIONS),
            "refresh_due_at",
            utc(by),
            after=cast("Place | None", after),
            fields={"connector_type": connector_type},
            among={"shard": shards},
        )
        found = self._database.ask(query.limit(limit))
        full, last = len(found) == limit, found[-1] if found else None
        return DuePage(
            snapshots=readable((each.name, each.snapshot) for each in found),
            next_after=(last.fields["refresh_due_at"], last.name) if last and full else None,
        )

    def postpone(self, snapshot: Snapshot, until: datetime) -> None:
        """Write a later `refresh_due_at`; do nothing if it moved on."""
        name, fields = snapshot.connection.key.document_id, {"refresh_due_at": utc(until)}
        writes = Writes(self._database)
        with suppress(ConflictError):
            writes.update(CONNECTIONS, name, snapshot.version, fields)
            writes.commit()

    def claim(self, snapshot: Snapshot, lease_id: str) -> Snapshot:
        """
        Write a lease and return the claimed snapshot; raise `ConflictError` if it moved on.

        A lost answer is read back: a lease of which its holder does not know would keep everybody
        waiting until it has run out.
        """
        key, fields = (
            snapshot.connection.key,
            {"lease": {"id": lease_id}, "lease_at": SERVER_TIMESTAMP},
        )
        writes = Writes(self._database)
        try:
            writes.update(CONNECTIONS, key.document_id, snapshot.version, fields)
            version = writes.commit()
        except StoreUnavailableError:
            found = self.read(key)
            if found is None or found.connection.lease != Lease(lease_id):
                raise
            return found
        claimed = replace(snapshot.connection, lease=Lease(lease_id))
        return Snapshot(connection=claimed, version=version, lease_age=timedelta(0))

    def release(self, claimed: Snapshot, failure: Failure | None) -> None:
        """Drop the lease and write the failure, or that there is none; do nothing if it moved on."""
        noted = to_document(claimed.connection.released(failure))
        fields = {name: noted[name] for name in RELEASED} | {"lease_at": None}
        writes = Writes(self._database)
        with suppress(ConflictError):
            writes.update(CONNECTIONS, claimed.connection.key.document_id, claimed.version, fields)
            writes.commit()

    def commit(self, batch: Batch) -> None:
        """
        Write the batch as one; raise `ConflictError` if a precondition does not hold.

        A `StoreUnavailableError` is an answer that was lost: the batch may have been written.
        """
        writes = Writes(self._database)
        for change in batch.changes:
            writes.change(change)
        if batch.opens is not None:
            writes.open(batch.opens)
        if batch.cancels is not None:
            writes.delete(REVOCATIONS, batch.cancels.document_id, batch.cancels.version)
        if batch.adopted_rescue is not None:
            writes.drop(RESCUE, batch.adopted_rescue)
        writes.commit()
