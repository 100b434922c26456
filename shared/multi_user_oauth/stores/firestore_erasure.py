"""Deleting for good, in Firestore: what is kept of an ended connection, and of its person."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from typing import Final

from multi_user_oauth.errors import ConflictError, StoreUnavailableError
from multi_user_oauth.model import ConnectionKey, Identity, LedgerEntry, RevocationPage, Snapshot
from multi_user_oauth.stores.document import Document, from_document, is_of, readable
from multi_user_oauth.stores.firestore_attempts import ATTEMPTS
from multi_user_oauth.stores.firestore_breakers import SUSPECTS
from multi_user_oauth.stores.firestore_database import FirestoreDatabase
from multi_user_oauth.stores.firestore_found import Found
from multi_user_oauth.stores.firestore_key_versions import moment
from multi_user_oauth.stores.firestore_reads import READS
from multi_user_oauth.stores.firestore_sealed import FirestoreSealed
from multi_user_oauth.stores.firestore_usage import USAGE
from multi_user_oauth.stores.firestore_writes import AUDIT, CONNECTIONS, RESCUE, REVOCATIONS, Writes

LEDGER, PEOPLE = "ledger", "people"

AT_ONCE: Final = 400
"""Documents deleted by one commit, which takes 500 at most."""

FEW: Final = 20
"""Documents asked for at once where there is hardly ever more than one."""


class FirestoreErasure(FirestoreSealed):
    """An `Erasure`, and the `UnfinishedRevocations`."""

    def unfinished(self, *, after: str | None, limit: int) -> RevocationPage:
        """Return at most `limit` revocations that follow `after`; what can not be read is left out."""
        found = self._database.find(REVOCATIONS, limit=limit, after=after)
        return RevocationPage(
            revocations=readable((each.name, each.revocation) for each in found),
            next_after=found[-1].name if found and len(found) == limit else None,
        )

    def erase(self, tombstone: Snapshot) -> None:
        """
        Delete the connection, its audit and its rescues; raise `ConflictError` if it moved on.

        All in one commit, unless there is more than one takes: then the oldest records go before.
        """
        key = tombstone.connection.key
        records = self._database.find_all(
            AUDIT, connector_type=key.connector_type, user_email=key.user_email
        )
        rescues = _named_after(self._database, RESCUE, key, numbers=2)
        aside = [(AUDIT, each) for each in records] + [(RESCUE, each) for each in rescues]
        while len(aside) > AT_ONCE:
            _deleting(self._database, aside[:AT_ONCE]).commit()
            aside = aside[AT_ONCE:]
        writes = _deleting(self._database, aside)
        writes.delete(CONNECTIONS, key.document_id, tombstone.version)
        writes.commit()


class FirestoreTraces:
    """A `LedgerErasure` and a `TraceErasure`."""

    _database: FirestoreDatabase

    def disconnects(self, key: ConnectionKey) -> tuple[LedgerEntry, ...]:
        """Return this connection's entries in the ledger, by their document ids."""
        found = _named_after(self._database, LEDGER, key, numbers=1)
        return tuple(from_document(LedgerEntry, each.name, each.fields) for each in found)

    def forget_disconnect(self, entry: LedgerEntry) -> None:
        """Delete the entry; do nothing if it is gone."""
        with suppress(ConflictError):  # it is never written again, so it can only have gone
            self._forget(LEDGER, self._database.get(LEDGER, entry.document_id))

    def forget_uses(self, key: ConnectionKey) -> bool:
        """Delete who used the connection; return whether anybody had, raise `ConflictError`."""
        self._forget(SUSPECTS, self._database.get(SUSPECTS, key.document_id))
        return self._forget(USAGE, self._database.get(USAGE, key.document_id))

    def forget_reads(self, key: ConnectionKey) -> int:
        """Delete the kept uses of its tokens, some at a time; return how many there were."""
        number = 0
        for found in self._some_of(READS, key):
            writes = Writes(self._database)
            for each in found:
                # Firestore itself deletes some, when their time has come.
                writes.drop(READS, each.name)
            writes.commit()
            number += len(found)
        return number

    def forget_attempts(self, key: ConnectionKey) -> int:
        """Delete what was sent under keys, some at a time; return how many, raise `ConflictError`."""
        number = 0
        for found in self._some_of(ATTEMPTS, key):
            _deleting(self._database, [(ATTEMPTS, each) for each in found]).commit()
            number += len(found)
        return number

    def forget_sign_outs(self, identity: Identity, *, until: datetime) -> datetime | None:
        """Delete the person's sign-outs if all are from before; else return the latest's time."""
        found = self._database.get(PEOPLE, str(identity))
        latest = None if found is None else _latest(found.name, found.newest(PEOPLE))
        if latest is not None and latest >= until:
            return latest
        self._forget(PEOPLE, found)
        return None

    def _some_of(self, collection: str, key: ConnectionKey) -> Iterator[list[Found]]:
        of = {"connector_type": key.connector_type, "user_email": key.user_email}
        while found := self._database.find(collection, limit=AT_ONCE, **of):
            yield found  # to be deleted before the next are asked for

    def _forget(self, collection: str, found: Found | None) -> bool:
        if found is None:
            return False
        _deleting(self._database, [(collection, found)]).commit()
        return True


def _deleting(database: FirestoreDatabase, found: list[tuple[str, Found]]) -> Writes:
    writes = Writes(database)
    for collection, each in found:
        writes.delete(collection, each.name, each.version)
    return writes


def _latest(name: str, person: Document) -> datetime | None:
    """Return the latest sign-out; of sessions that ended, their day is known: its last moment."""
    try:
        times = [moment(person["valid_from"])] if "valid_from" in person else []
        midnights = [
            datetime.combine(datetime.fromisoformat(day), time(), UTC)
            for day, sessions in person.get("ended", {}).items()
            if sessions
        ]
    except (AttributeError, TypeError, ValueError) as error:
        message = f"document {name!r} can not be read: {type(error).__name__}"
        raise StoreUnavailableError(message) from None
    return max([*times, *(day + timedelta(days=1) for day in midnights)], default=None)


def _named_after(
    database: FirestoreDatabase, collection: str, key: ConnectionKey, *, numbers: int
) -> Iterator[Found]:
    after = prefix = f"{key.document_id}-"
    while found := database.find(collection, limit=FEW, after=after):
        for each in found:
            if not each.name.startswith(prefix):
                return
            if is_of(key, each.name, numbers):
                yield each
        if len(found) < FEW:
            return
        after = found[-1].name
