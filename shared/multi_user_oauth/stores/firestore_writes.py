"""What is written to Firestore as one, each document on the condition that it is as it was read.

An update names the fields that it writes: those of a newer program stay. `lease_at` is by the server.
"""

from datetime import datetime

from google.cloud.firestore import (
    SERVER_TIMESTAMP,
    DocumentReference,
    LastUpdateOption,
)

from multi_user_oauth.errors import ConflictError
from multi_user_oauth.model import Change, Revocation
from multi_user_oauth.stores.document import Document, document_id, to_document
from multi_user_oauth.stores.firestore_database import FirestoreDatabase

CONNECTIONS, AUDIT, RESCUE, REVOCATIONS = "connections", "audit", "rescue", "revocations"


class Writes:
    """One batch; a version is the update time of the write that was read."""

    def __init__(self, database: FirestoreDatabase) -> None:
        self._database = database
        self._batch = database.client.batch()

    def change(self, change: Change) -> None:
        """Write the connection as its change says, and its audit record, which must be new."""
        before, after = change.before, change.after
        fields = to_document(after)
        if before is None or before.connection.lease != after.lease:
            fields["lease_at"] = SERVER_TIMESTAMP if after.lease else None
        if before is None:
            self.create(CONNECTIONS, after.key.document_id, fields)
        else:
            self.update(CONNECTIONS, after.key.document_id, before.version, fields)
        self.create(AUDIT, document_id(change.audit), to_document(change.audit))

    def open(self, revocation: Revocation) -> None:
        """Write a revocation that must be new."""
        lease_at = SERVER_TIMESTAMP if revocation.lease_id else None
        fields = to_document(revocation) | {"lease_at": lease_at}
        self.create(REVOCATIONS, revocation.document_id, fields)

    def create(self, collection: str, name: str, fields: Document) -> None:
        """Write a document that must be new."""
        self._batch.create(self._once(collection, name), fields)

    def update(self, collection: str, name: str, version: object, fields: Document) -> None:
        """Write these fields of a document that must be as it was read."""
        reference, option = self._once(collection, name), _unchanged(name, version)
        self._batch.update(reference, fields, option=option)

    def delete(self, collection: str, name: str, version: object) -> None:
        """Delete a document that must be as it was read."""
        reference, option = self._once(collection, name), _unchanged(name, version)
        self._batch.delete(reference, option=option)

    def drop(self, collection: str, name: str) -> None:
        """Delete a document that is only ever written once, if it is there."""
        self._batch.delete(self._once(collection, name))

    def commit(self) -> object:
        """
        Write it all and return the new version of the document that was named first.

        Raise `ConflictError` if nothing was written, `StoreUnavailableError` if nobody can say.
        """
        self._database.commit(self._batch)
        results = self._batch.write_results or []
        return results[0].update_time

    def _once(self, collection: str, name: str) -> DocumentReference:
        # Of two writes to one document both preconditions hold: neither sees the other one.
        reference = self._database.reference(collection, name)
        if reference in self._batch:
            raise _moved_on(name)
        return reference


def _unchanged(name: str, version: object) -> LastUpdateOption:
    # Without a time there would be no precondition at all.
    if not isinstance(version, datetime):
        raise _moved_on(name)
    return LastUpdateOption(version)


def _moved_on(name: str) -> ConflictError:
    """Return what is raised when a document is not as it was read."""
    return ConflictError(f"{name} is not as it was read")
