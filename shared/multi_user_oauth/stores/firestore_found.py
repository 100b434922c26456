"""A Firestore document as it was read: from a query's snapshot, or straight from the wire.

The wire is for the document that serves a token: the library's own snapshot of it takes twice as long to
make, and tells no more.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from google.api_core.datetime_helpers import DatetimeWithNanoseconds
from google.cloud.firestore import DocumentReference, DocumentSnapshot
from google.cloud.firestore_v1.types import BatchGetDocumentsResponse

from multi_user_oauth.model import Connection, Revocation, Snapshot
from multi_user_oauth.stores.document import READER, Document, from_document, lease_age, utc


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`version` is the document's update time, `read_at` the server's time when it was read."""

    name: str
    fields: Document
    version: datetime
    read_at: datetime

    @property
    def lease_age(self) -> timedelta | None:
        """How long ago its lease was written, by the server's clock; None without a lease."""
        return lease_age(self.fields, self.read_at)

    def newest(self, collection: str) -> Document:
        """Return the fields as those of the newest schema; raise `StoreUnavailableError`."""
        return READER.newest_of(collection, self.name, self.fields)

    def snapshot(self) -> Snapshot:
        """Return the connection that this is; raise as `from_document`."""
        return Snapshot(
            connection=from_document(Connection, self.name, self.fields),
            version=self.version,
            lease_age=self.lease_age,
        )

    def revocation(self) -> Revocation:
        """Return the revocation that this is; raise as `from_document`."""
        found = from_document(Revocation, self.name, self.fields)
        return replace(found, version=self.version, lease_age=self.lease_age)

    @classmethod
    def of_snapshot(cls, snapshot: DocumentSnapshot[DocumentReference]) -> "Found":
        """Return what the library found."""
        return cls(
            name=snapshot.id,
            fields=snapshot.to_dict() or {},
            version=snapshot.update_time,
            read_at=utc(snapshot.read_time),
        )

    @classmethod
    def of_answer(cls, name: str, answer: BatchGetDocumentsResponse) -> "Found":
        """Return what was found when this one document was asked for."""
        part = BatchGetDocumentsResponse.pb(answer)
        return cls(
            name=name,
            fields={field: _plain(value) for field, value in part.found.fields.items()},
            version=DatetimeWithNanoseconds.from_timestamp_pb(part.found.update_time),
            read_at=part.read_time.ToDatetime(tzinfo=UTC),
        )


def _plain(value: Any) -> Any:  # noqa: ANN401  # reason: google.firestore.v1.Value, and what it holds
    match kind := value.WhichOneof("value_type"):
        case "null_value":
            return None
        case "timestamp_value":
            return value.timestamp_value.ToDatetime(tzinfo=UTC)
        case "array_value":
            return [_plain(each) for each in value.array_value.values]
        case "map_value":
            return {name: _plain(each) for name, each in value.map_value.fields.items()}
        case _:
            return getattr(value, kind)
