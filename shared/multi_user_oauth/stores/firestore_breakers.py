"""What is remembered of providers' troubles: breakers, and whom they befell; in Firestore."""

from contextlib import suppress
from functools import partial
from typing import Final

from multi_user_oauth.errors import ConflictError
from multi_user_oauth.model.breaker import Breaker
from multi_user_oauth.ports.breakers import KeptBreaker, Suspect
from multi_user_oauth.stores.document import document_id, from_document, readable, to_document
from multi_user_oauth.stores.firestore_database import FirestoreDatabase
from multi_user_oauth.stores.firestore_writes import Writes

BREAKERS, SUSPECTS = "breakers", "suspects"

_MARK: Final = ("epoch", "generation")
"""Of one connection they tell a suspect from the next."""


class FirestoreBreakers:
    """A `BreakerStore` and the `Suspects`; a version is the update time of the record that was read."""

    _database: FirestoreDatabase

    def breaker(self, connector_type: str) -> KeptBreaker:
        """Return it as it stands; where there is no record a closed one."""
        found = self._database.get(BREAKERS, connector_type)
        if found is None:
            return KeptBreaker(breaker=Breaker(connector_type=connector_type))
        kept = from_document(Breaker, found.name, found.fields)
        return KeptBreaker(breaker=kept, version=found.version)

    def keep_breaker(self, kept: KeptBreaker, after: Breaker) -> None:
        """Write it; raise `ConflictError` if anybody wrote since it was read."""
        name, fields = document_id(after), to_document(after)
        writes = Writes(self._database)
        if kept.version is None:
            writes.create(BREAKERS, name, fields)
        else:
            writes.update(BREAKERS, name, kept.version, fields)
        writes.commit()

    def suspect(self, suspect: Suspect) -> None:
        """Write it; one for each connection, over the one before."""
        fields = to_document(suspect)
        self._database.put(SUSPECTS, document_id(suspect), fields, fields)

    def suspects(
        self, connector_type: str, *, after: str | None, limit: int
    ) -> tuple[Suspect, ...]:
        """Return at most `limit` of this type that follow `after`; what can not be read is left out."""
        found = self._database.find(
            SUSPECTS, limit=limit, after=after, connector_type=connector_type
        )
        return readable(
            (each.name, partial(from_document, Suspect, each.name, each.fields)) for each in found
        )

    def clear_suspect(self, suspect: Suspect) -> None:
        """Delete it; do nothing if it is gone, or another one is in its place."""
        found = self._database.get(SUSPECTS, document_id(suspect))
        wanted = to_document(suspect)
        if found is None or any(found.fields.get(name) != wanted[name] for name in _MARK):
            return
        writes = Writes(self._database)
        with suppress(ConflictError):
            writes.delete(SUSPECTS, found.name, found.version)
            writes.commit()
