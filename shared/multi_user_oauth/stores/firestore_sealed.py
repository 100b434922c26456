"""Everything sealed in the Firestore main database: walked over, and re-wrapped in place."""

from multi_user_oauth.model import Rescue, Revocation, Snapshot
from multi_user_oauth.stores.document import from_document
from multi_user_oauth.stores.firestore_aside import FirestoreAside
from multi_user_oauth.stores.firestore_writes import CONNECTIONS, RESCUE, REVOCATIONS, Writes


class FirestoreSealed(FirestoreAside):
    """A `SealedRecords`."""

    def snapshots(self, *, after: str | None, limit: int) -> tuple[Snapshot, ...]:
        """Return at most `limit` connections that follow `after`, tombstones included."""
        found = self._database.find(CONNECTIONS, limit=limit, after=after)
        return tuple(each.snapshot() for each in found)

    def revocations(self, *, after: str | None, limit: int) -> tuple[Revocation, ...]:
        """Return at most `limit` unfinished revocations that follow `after`."""
        found = self._database.find(REVOCATIONS, limit=limit, after=after)
        return tuple(each.revocation() for each in found)

    def rescues(self, *, after: str | None, limit: int) -> tuple[Rescue, ...]:
        """Return at most `limit` rescues that follow `after`."""
        found = self._database.find(RESCUE, limit=limit, after=after)
        return tuple(from_document(Rescue, each.name, each.fields) for each in found)

    def rewrap(self, snapshot: Snapshot, *, sealed_access: bytes, sealed_refresh: bytes) -> None:
        """Write these two fields only; raise `ConflictError` if anybody wrote since."""
        fields = {"sealed_access": sealed_access, "sealed_refresh": sealed_refresh}
        writes = Writes(self._database)
        writes.update(CONNECTIONS, snapshot.connection.key.document_id, snapshot.version, fields)
        writes.commit()

    def rewrap_revocation(self, revocation: Revocation, *, sealed_refresh: bytes) -> None:
        """Write this field only; raise `ConflictError` if anybody wrote since."""
        fields = {"sealed_refresh": sealed_refresh}
        writes = Writes(self._database)
        writes.update(REVOCATIONS, revocation.document_id, revocation.version, fields)
        writes.commit()
