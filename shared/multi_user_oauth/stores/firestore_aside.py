"""What the Firestore main database keeps beside the connections: audit, rescue, revocations."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

from google.cloud.firestore import SERVER_TIMESTAMP

from multi_user_oauth.model import (
    AuditHead,
    AuditRecord,
    ConnectionKey,
    Rescue,
    Revocation,
    audit_id,
    rescue_id,
)
from multi_user_oauth.ports import Walked
from multi_user_oauth.stores.document import from_document, to_document, walked
from multi_user_oauth.stores.firestore_database import FirestoreDatabase
from multi_user_oauth.stores.firestore_found import Found
from multi_user_oauth.stores.firestore_writes import (
    AUDIT,
    CONNECTIONS,
    RESCUE,
    REVOCATIONS,
    Writes,
)


class FirestoreAside:
    """An `AuditReader`, an `AuditWalk`, a `RescueStore` and a `RevocationStore`."""

    def __init__(self, database: FirestoreDatabase) -> None:
        self._database = database

    def audit(self, key: ConnectionKey) -> tuple[AuditRecord, ...]:
        """Return the connection's records in the order of their sequence, which is that of their ids."""
        found = self._database.find_all(
            AUDIT, connector_type=key.connector_type, user_email=key.user_email
        )
        return tuple(from_document(AuditRecord, each.name, each.fields) for each in found)

    def audit_after(
        self, key: ConnectionKey, sequence: int, *, limit: int
    ) -> tuple[AuditRecord, ...]:
        """Return at most `limit` of them, those that follow this sequence."""
        found = self._database.find(
            AUDIT,
            limit=limit,
            after=audit_id(key, sequence),
            connector_type=key.connector_type,
            user_email=key.user_email,
        )
        return tuple(from_document(AuditRecord, each.name, each.fields) for each in found)

    def all_audit(self, *, after: str | None, limit: int) -> tuple[Walked[AuditRecord], ...]:
        """Return at most `limit` records of all connections that follow `after`."""
        found = self._database.find(AUDIT, limit=limit, after=after)
        return walked(
            (each.name, partial(from_document, AuditRecord, each.name, each.fields))
            for each in found
        )

    def all_heads(self, *, after: str | None, limit: int) -> tuple[Walked[AuditHead], ...]:
        """Return the audit heads of at most `limit` connections that follow `after`."""
        found = self._database.find(CONNECTIONS, limit=limit, after=after)
        return walked((each.name, partial(_head, each)) for each in found)

    def rescue(self, rescue: Rescue) -> None:
        """Keep it; the first of its name stays."""
        self._database.create(RESCUE, rescue.document_id, to_document(rescue))

    def rescued(self, key: ConnectionKey, epoch: int, used_generation: int) -> Rescue | None:
        """Return what a refresh that used this generation's token could not commit."""
        name = rescue_id(key, epoch, used_generation)
        found = self._database.get(RESCUE, name)
        return None if found is None else from_document(Rescue, name, found.fields)

    def forget_rescue(self, rescue: Rescue) -> None:
        """Delete it; do nothing if it is gone."""
        writes = Writes(self._database)
        writes.drop(RESCUE, rescue.document_id)
        writes.commit()

    def revocation(self, key: ConnectionKey, epoch: int) -> Revocation | None:
        """Return it, or None if it is finished or was cancelled."""
        name = f"{key.document_id}-{epoch}"
        found = self._database.get(REVOCATIONS, name)
        return None if found is None else found.revocation()

    def claim_revocation(self, revocation: Revocation, lease_id: str) -> Revocation:
        """Write a lease; raise `ConflictError` if anybody wrote since it was read."""
        writes = Writes(self._database)
        fields = {"lease_id": lease_id, "lease_at": SERVER_TIMESTAMP}
        writes.update(REVOCATIONS, revocation.document_id, revocation.version, fields)
        version = writes.commit()
        return replace(revocation, lease_id=lease_id, lease_age=timedelta(0), version=version)

    def finish_revocation(self, revocation: Revocation) -> None:
        """Delete it and its sealed value; raise `ConflictError` if anybody wrote since."""
        writes = Writes(self._database)
        writes.delete(REVOCATIONS, revocation.document_id, revocation.version)
        writes.commit()


def _head(found: Found) -> AuditHead:
    return found.snapshot().connection.audit
