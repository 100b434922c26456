"""The activity database in Firestore: spent states, the ledger of disconnects, sign-outs."""

from datetime import datetime, timedelta
from typing import Any, Final

from google.cloud.firestore import DELETE_FIELD, ArrayUnion, Client, Maximum

from multi_user_oauth.errors import FlowAlreadyUsedError
from multi_user_oauth.model import FlowMark, Identity, LedgerEntry
from multi_user_oauth.ports import Clock, Meter, SignOuts
from multi_user_oauth.stores.document import SCHEMA, Document, from_document, to_document, utc
from multi_user_oauth.stores.firestore_attempts import FirestoreAttempts
from multi_user_oauth.stores.firestore_breakers import FirestoreBreakers
from multi_user_oauth.stores.firestore_database import FirestoreDatabase
from multi_user_oauth.stores.firestore_erasure import LEDGER, PEOPLE, FirestoreTraces
from multi_user_oauth.stores.firestore_key_versions import (
    FirestoreKeyVersions,
    microseconds,
    moment,
)
from multi_user_oauth.stores.firestore_reads import FirestoreReads
from multi_user_oauth.stores.firestore_usage import FirestoreUsage

FLOW_MARKS = "flow_marks"

FORGOTTEN_AFTER: Final = timedelta(days=1)
"""How long past its end a mark or a sign-out stays: by then nothing in the world asks for it."""

DAYS_FORGOTTEN: Final = 30
"""So many days' sign-outs are deleted with each new one; older ones are none but a rare guest's."""


class FirestoreActivityStore(
    FirestoreKeyVersions,
    FirestoreUsage,
    FirestoreReads,
    FirestoreBreakers,
    FirestoreAttempts,
    FirestoreTraces,
):
    """
    All ports of the activity database; see the main one.

    A TTL policy on `expire_at` of the marks cleans them. `now` only says which sign-outs are long past.
    """

    def __init__(self, client: Client, *, now: Clock, meter: Meter) -> None:
        super().__init__(FirestoreDatabase(client, name="activity", meter=meter))
        self._now = now

    def spend(self, mark: FlowMark) -> None:
        """Create the mark; raise `FlowAlreadyUsedError` if this state was spent before."""
        if not self._database.create(FLOW_MARKS, mark.state_hash, _marked(mark)):
            message = "this state was spent before"
            raise FlowAlreadyUsedError(message)

    def note(self, mark: FlowMark) -> None:
        """Write the outcome of a spent state."""
        self._database.put(FLOW_MARKS, mark.state_hash, {"outcome": mark.outcome}, _marked(mark))

    def by_handle(self, handle: str) -> tuple[FlowMark, ...]:
        """Return the spent states of the flows that this handle stands for."""
        found = self._database.find(FLOW_MARKS, handle=handle)
        marks = [(each.name, each.newest(FLOW_MARKS)) for each in found]
        return tuple(
            FlowMark(
                state_hash=name,
                handle=handle,
                expires_at=utc(fields["expires_at"]),
                outcome=fields["outcome"],
            )
            for name, fields in marks
        )

    def enter(self, entry: LedgerEntry) -> None:
        """Write the entry; writing it again changes nothing."""
        self._database.create(LEDGER, entry.document_id, to_document(entry))

    def entries(self) -> tuple[LedgerEntry, ...]:
        """Return all of them, by their document ids."""
        found = self._database.find_all(LEDGER)
        return tuple(from_document(LedgerEntry, each.name, each.fields) for each in found)

    def sign_outs(self, identity: Identity) -> SignOuts:
        """Return the person's sign-outs; none at all for somebody unknown."""
        found = self._database.get(PEOPLE, str(identity))
        person = {} if found is None else found.newest(PEOPLE)
        valid_from = person.get("valid_from")
        return SignOuts(
            valid_from=None if valid_from is None else moment(valid_from),
            sessions=frozenset().union(*person.get("ended", {}).values()),
        )

    def sign_out(self, identity: Identity, session_id: str, until: datetime) -> None:
        """End one session; the entry may be forgotten after `until`, when it has ended anyway."""
        past = utc(self._now()) - FORGOTTEN_AFTER
        changes: Document = {
            _ended(past - timedelta(days=days)): DELETE_FIELD
            for days in range(1, DAYS_FORGOTTEN + 1)
        }
        changes[_ended(until)] = ArrayUnion([session_id])
        day = {_day(until): ArrayUnion([session_id])}
        self._database.put(PEOPLE, str(identity), changes, {"schema": SCHEMA, "ended": day})

    def sign_out_everywhere(self, identity: Identity, before: datetime) -> None:
        """End every session that began before this time; an earlier one later changes nothing."""
        valid_from = Maximum(microseconds(before))
        whole = {"schema": SCHEMA, "valid_from": valid_from}
        self._database.put(PEOPLE, str(identity), {"valid_from": valid_from}, whole)


def _marked(mark: FlowMark) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "handle": mark.handle,
        "expires_at": utc(mark.expires_at),
        "outcome": mark.outcome,
        "expire_at": utc(mark.expires_at) + FORGOTTEN_AFTER,
    }


def _day(moment: datetime) -> str:
    return utc(moment).date().isoformat()


def _ended(moment: datetime) -> str:
    return Client.field_path("ended", _day(moment))
