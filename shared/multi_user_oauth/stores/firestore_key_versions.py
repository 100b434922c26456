"""When each version of a key-encryption key was last seen in use: a document for each, in Firestore."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from google.cloud.firestore import Maximum

from multi_user_oauth.model import Kind
from multi_user_oauth.stores.document import SCHEMA, key_version_id, utc
from multi_user_oauth.stores.firestore_database import FirestoreDatabase

KEY_VERSIONS: Final = "key_versions"

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class FirestoreKeyVersions:
    """A `KeyVersionNotes`."""

    def __init__(self, database: FirestoreDatabase) -> None:
        self._database = database

    def key_versions(self, kind: Kind) -> Mapping[str, datetime]:
        """Return, by version, when a record that needs it was last seen (UTC)."""
        found = self._database.find_all(KEY_VERSIONS, kind=str(kind))
        seen = (each.newest(KEY_VERSIONS) for each in found)
        return {fields["version"]: moment(fields["seen_at"]) for fields in seen}

    def saw_key_versions(self, kind: Kind, versions: Collection[str], at: datetime) -> None:
        """Note that records need these versions; a later time noted before stays."""
        seen = {"seen_at": Maximum(microseconds(at))}
        for version in sorted(set(versions)):
            whole = {"schema": SCHEMA, "kind": str(kind), "version": version} | seen
            self._database.put(KEY_VERSIONS, key_version_id(kind, version), seen, whole)


def microseconds(at: datetime) -> int:
    """Return the time as a number: of numbers alone Firestore keeps the greater."""
    return (utc(at) - _EPOCH) // _MICROSECOND


def moment(number: int) -> datetime:
    """Return the time whose number this is."""
    return _EPOCH + number * _MICROSECOND
