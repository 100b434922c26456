"""Backups and Firestore: walking over what people left behind, and putting a backup into main."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Final

from google.cloud.firestore import Client

from multi_user_oauth.errors import StoreUnavailableError
from multi_user_oauth.model import (
    AuditRecord,
    Connection,
    ConnectionKey,
    Identity,
    Rescue,
    Revocation,
)
from multi_user_oauth.ports import LastUse, Meter
from multi_user_oauth.ports.backup import OfMain, Restoration, SignedOut, UsedBy
from multi_user_oauth.stores.document import SCHEMA, document_id, to_document, utc
from multi_user_oauth.stores.firestore_database import FirestoreDatabase
from multi_user_oauth.stores.firestore_erasure import PEOPLE
from multi_user_oauth.stores.firestore_found import Found
from multi_user_oauth.stores.firestore_key_versions import moment
from multi_user_oauth.stores.firestore_usage import USAGE
from multi_user_oauth.stores.firestore_writes import (
    AUDIT,
    CONNECTIONS,
    RESCUE,
    REVOCATIONS,
    Writes,
)

RESTORATIONS: Final = "restorations"
_ONLY: Final = "main"
"""The name of the one document: a database is restored into once."""

_PLACES: Final[Mapping[type[OfMain], str]] = {
    Connection: CONNECTIONS,
    AuditRecord: AUDIT,
    Revocation: REVOCATIONS,
    Rescue: RESCUE,
}
_LAST: Final = timedelta(days=1) - timedelta(microseconds=1)


class FirestorePuttingBack:
    """A `PuttingBack`."""

    def __init__(self, client: Client, *, meter: Meter) -> None:
        self._database = FirestoreDatabase(client, name="main", meter=meter)

    def put_back(self, kept: Sequence[OfMain]) -> None:
        """Create all in one commit; raise `ConflictError` if one is there."""
        if not kept:
            return
        writes = Writes(self._database)
        for each in kept:
            fields = to_document(each)
            if isinstance(each, Connection):
                fields["lease_at"] = None
            writes.create(_PLACES[type(each)], document_id(each), fields)
        writes.commit()

    def restoration(self) -> Restoration | None:
        """Return the one that was begun here, if any was."""
        found = self._database.get(RESTORATIONS, _ONLY)
        if found is None:
            return None
        fields = found.newest(RESTORATIONS)
        try:
            finished_at = fields["finished_at"]
            return Restoration(
                digest=fields["digest"],
                began_at=utc(fields["began_at"]),
                finished_at=None if finished_at is None else utc(finished_at),
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise _unreadable(found, error) from None

    def note_restoration(self, restoration: Restoration) -> None:
        """Write it, over the one that stands there."""
        ended = restoration.finished_at
        fields = {
            "schema": SCHEMA,
            "digest": restoration.digest,
            "began_at": utc(restoration.began_at),
            "finished_at": None if ended is None else utc(ended),
        }
        self._database.put(RESTORATIONS, _ONLY, fields, fields)


class FirestoreActivityWalk:
    """An `ActivityWalk`."""

    def __init__(self, client: Client, *, meter: Meter) -> None:
        self._database = FirestoreDatabase(client, name="activity", meter=meter)

    def all_sign_outs(self, *, after: str | None, limit: int) -> tuple[SignedOut, ...]:
        """Return at most `limit` people who signed out, by their identities' texts."""
        found = self._database.find(PEOPLE, limit=limit, after=after)
        return tuple(_signed_out(each) for each in found)

    def all_uses(self, *, after: str | None, limit: int) -> tuple[UsedBy, ...]:
        """Return who used at most `limit` connections, by the connections' document ids."""
        found = self._database.find(USAGE, limit=limit, after=after)
        return tuple(_used_by(each) for each in found)


def _signed_out(found: Found) -> SignedOut:
    fields = found.newest(PEOPLE)
    try:
        # Of a session the day is known; its last moment is late enough.
        sessions = tuple(
            (session, datetime.combine(datetime.fromisoformat(day), time(), UTC) + _LAST)
            for day, ended in sorted(fields.get("ended", {}).items())
            for session in sorted(ended)
        )
        valid_from = fields.get("valid_from")
        return SignedOut(
            identity=Identity.parse(found.name),
            valid_from=None if valid_from is None else moment(valid_from),
            sessions=sessions,
        )
    except (AttributeError, TypeError, ValueError) as error:
        raise _unreadable(found, error) from None


def _used_by(found: Found) -> UsedBy:
    fields = found.newest(USAGE)
    try:
        uses = tuple(
            LastUse(
                agent=each["agent"],
                action=each["action"],
                purpose=each["purpose"],
                at=utc(each["at"]),
            )
            for _, each in sorted(fields["agents"].items())
        )
        key = ConnectionKey(fields["connector_type"], fields["user_email"])
        return UsedBy(key=key, uses=uses)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _unreadable(found, error) from None


def _unreadable(found: Found, error: Exception) -> StoreUnavailableError:
    # `from None` where it is raised: the library's message may quote what it found
    return StoreUnavailableError(f"document {found.name!r} can not be read: {type(error).__name__}")
