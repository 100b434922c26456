"""What was sent under which `Idempotency-Key`: a document for each, in Firestore."""

from datetime import timedelta
from typing import Final

from multi_user_oauth.model.attempt import Attempt
from multi_user_oauth.ports.attempts import KeptAttempt
from multi_user_oauth.stores.document import document_id, from_document, to_document, utc
from multi_user_oauth.stores.firestore_database import FirestoreDatabase
from multi_user_oauth.stores.firestore_writes import Writes

ATTEMPTS: Final = "attempts"

FORGOTTEN_AFTER: Final = timedelta(days=1)
"""How long past its end an attempt stays: by then nobody's clock lets its key count."""


class FirestoreAttempts:
    """
    `Attempts`; a version is the update time of the last write that changed anything.

    A TTL policy on `expire_at` cleans them.
    """

    _database: FirestoreDatabase

    def attempt(self, attempt_id: str) -> KeptAttempt | None:
        """Return it as it stands, None where there is none; one past its `until` may still be there."""
        found = self._database.get(ATTEMPTS, attempt_id)
        if found is None:
            return None
        kept = from_document(Attempt, found.name, found.fields)
        return KeptAttempt(attempt=kept, version=found.version)

    def keep_attempt(self, kept: KeptAttempt | None, after: Attempt) -> KeptAttempt:
        """Write it; raise `ConflictError` if anybody wrote since it was read."""
        name = document_id(after)
        fields = to_document(after) | {"expire_at": utc(after.until) + FORGOTTEN_AFTER}
        writes = Writes(self._database)
        if kept is None:
            writes.create(ATTEMPTS, name, fields)
        else:
            writes.update(ATTEMPTS, name, kept.version, fields)
        return KeptAttempt(attempt=after, version=writes.commit())
