"""What is kept, as plain documents: one mapping for every database.

A document holds str, int, float, bytes, datetime (UTC, with its zone), None, lists and dicts, and the
number of its `schema`. Fields that this program does not know are ignored when read; a store that
writes a document again leaves them as they are, so that a newer program's fields survive an older one.

A lease's time of claim, `lease_at`, is by the store's clock and the store's own field: it is not in the
values, nor in the documents made here.
"""

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar
from urllib.parse import quote

import msgspec

from multi_user_oauth.errors import StoreUnavailableError, TamperedError
from multi_user_oauth.log import Alarm, raise_alarm
from multi_user_oauth.model import (
    AuditRecord,
    Connection,
    ConnectionKey,
    Identity,
    Kind,
    LedgerEntry,
    Rescue,
    Revocation,
)
from multi_user_oauth.model.attempt import Attempt
from multi_user_oauth.model.breaker import Breaker
from multi_user_oauth.ports import Walked
from multi_user_oauth.ports.breakers import Suspect
from multi_user_oauth.stores.schema import Reader

Document = dict[str, Any]

SCHEMA: Final = 1
"""Raised when older programs would misread a document; a new field with a default is no reason."""

READER: Final = Reader(newest=SCHEMA, upgrades={})
"""It reads at least what is written; docs/upgrading.md says how and when it learns to read more."""

Value = Attempt | AuditRecord | Breaker | Connection | LedgerEntry | Rescue | Revocation | Suspect
T = TypeVar("T", bound=Value)
S = TypeVar("S")

logger = logging.getLogger(__name__)

# msgspec learns a type at its first use, and the process dies (SIGSEGV, with 0.22) if two threads are
# first at the same time. So it learns them here, under the lock of the import.
for _kind in (Attempt, AuditRecord, Breaker, Connection, LedgerEntry, Rescue, Revocation, Suspect):
    msgspec.json.Decoder(_kind)

RELEASED: Final = ("lease", "failure", "refresh_due_at")
"""The fields that dropping a lease writes, and no others."""

_AS_THEY_ARE: Final = frozenset({str, int, float, bool, bytes, type(None)})  # most, so asked first
_KEY: Final = ("connector_type", "user_email")
_MADE_WHEN_READ: Final = ("version", "lease_age")  # a revocation's


def document_id(value: Value) -> str:
    """Return the name under which the value's document lies in its collection."""
    if isinstance(value, Attempt):
        return value.id
    if isinstance(value, Breaker):
        return value.connector_type
    if isinstance(value, Connection | Suspect):
        return value.key.document_id
    return value.document_id


def key_version_id(kind: Kind, version: str) -> str:
    """Return the name of the note on this version: one path segment, whatever the version is called."""
    return f"{kind}-{quote(version, safe='')}"


def is_of(key: ConnectionKey, name: str, numbers: int) -> bool:
    """
    Return whether this document's name is the connection's and so many numbers, with `-` between.

    Another's e-mail may begin as this one goes on: `a@b.example-x.org` is no document of `a@b.example`.
    """
    rest = name.removeprefix(f"{key.document_id}-")
    return rest != name and re.fullmatch(rf"[0-9]+(?:-[0-9]+){{{numbers - 1}}}", rest) is not None


def to_document(value: Value) -> Document:
    """
    Return the value's fields by their names; the key as two fields, the identity as its text.

    A connection's shard stands beside them, for queries: who reads makes it from the key.
    """
    if isinstance(value, Revocation):
        value = replace(value, version=None, lease_age=None)
    plain = msgspec.to_builtins(value, builtin_types=(bytes, datetime))
    document: Document = _plain(plain) | {"schema": SCHEMA}
    if isinstance(value, Rescue):
        return document | {"connection": to_document(value.connection)}
    if isinstance(value, Connection | LedgerEntry | Revocation):
        document["identity"] = str(value.identity)
    if isinstance(value, Connection):
        document["shard"] = value.key.shard
    document |= document.pop("key", {})  # a breaker has none
    return {name: part for name, part in document.items() if name not in _MADE_WHEN_READ}


def from_document(
    kind: type[T], name: str, document: Mapping[str, Any], *, reader: Reader = READER
) -> T:
    """
    Return what `to_document` was given, found under this document id; an older program's too.

    Raise `StoreUnavailableError` for a document of a newer schema, or of no sense at all. Raise
    `TamperedError` for a document that lies under another one's name.
    """
    try:
        newest = reader.newest_of(kind.__name__, name, _plain(document))
        if kind is Rescue:
            within = reader.newest_of(Connection.__name__, name, newest["connection"])
            newest["connection"] = within
        value = msgspec.convert(_shaped(newest), kind)
    except (msgspec.ValidationError, AttributeError, KeyError, TypeError, ValueError) as error:
        # `from None`: the library's message may quote what it found
        message = f"document {name!r} can not be read: {type(error).__name__}"
        raise StoreUnavailableError(message) from None
    if document_id(value) != name:
        message = f"document {name!r} lies under another one's name"
        raise_alarm(Alarm.TAMPERED, "a document lies under another one's name", connection=name)
        raise TamperedError(message)
    return value


def readable(found: Iterable[tuple[str, Callable[[], S]]]) -> tuple[S, ...]:
    """
    Return what can be read, of documents by their ids, and log what can not.

    One bad document must not hold up all the others.
    """
    values = []
    for name, read in found:
        try:
            values.append(read())
        except (StoreUnavailableError, TamperedError) as error:
            named = {"connection": name, "code": error.code}
            logger.error("a document can not be read and is left out", extra=named)  # noqa: TRY400  # reason: where it was read says nothing
    return tuple(values)


def walked(found: Iterable[tuple[str, Callable[[], S]]]) -> tuple[Walked[S], ...]:
    """Return documents by their ids, those too that can not be read."""
    return tuple(Walked(name=name, value=_or_none(read)) for name, read in found)


def _or_none(read: Callable[[], S]) -> S | None:
    try:
        return read()
    except (StoreUnavailableError, TamperedError):
        return None


def utc(moment: datetime) -> datetime:
    """Return the time in UTC, as a plain datetime; raise `ValueError` if it names no zone."""
    if moment.tzinfo is None:
        message = "a time without its zone"
        raise ValueError(message)
    moment = moment.astimezone(UTC)  # still of a database library's own subclass, it may be
    return datetime.combine(moment.date(), moment.time(), UTC)


def lease_age(document: Mapping[str, Any], now: datetime) -> timedelta | None:
    """Return how long ago `lease_at` was; None without a lease."""
    lease_at = document.get("lease_at")
    return now - utc(lease_at) if isinstance(lease_at, datetime) else None


def _shaped(document: Document) -> Document:
    fields = dict(document)
    if "connection" in fields:
        return fields | {"connection": _shaped(fields["connection"])}
    if "identity" in fields:
        identity = Identity.parse(fields["identity"])
        fields["identity"] = {"provider": identity.provider, "subject": identity.subject}
    return fields | {"key": {part: fields[part] for part in _KEY if part in fields}}


def _plain(value: Any) -> Any:  # noqa: ANN401  # reason: whatever a document may hold
    if type(value) in _AS_THEY_ARE:
        return value
    if isinstance(value, datetime):
        return utc(value)
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    return value
