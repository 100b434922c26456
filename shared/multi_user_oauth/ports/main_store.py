"""The main database: connections, their audit, revocations and rescues."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from multi_user_oauth.model import (
    AuditHead,
    AuditRecord,
    Batch,
    ConnectionKey,
    Failure,
    Identity,
    Rescue,
    Revocation,
    RevocationPage,
    Snapshot,
)

T = TypeVar("T")


class ConnectionReader(Protocol):
    """Reads connections, and can not write them."""

    def read(self, key: ConnectionKey) -> Snapshot | None:
        """Return the connection as it stands, tombstones included; None if there never was one."""

    def by_identity(self, identity: Identity) -> tuple[Snapshot, ...]:
        """Return the connections, of any type, that are pinned to this identity; tombstones too."""


class ConnectionWriter(ConnectionReader, Protocol):
    """Changes connections, always on the condition that they are as they were read."""

    def claim(self, snapshot: Snapshot, lease_id: str) -> Snapshot:
        """
        Write a lease and return the snapshot whose version is that write's.

        Raise `ConflictError` if anybody wrote since. Whether a live lease may be taken is the use
        case's question; the store only says how old one is.
        """

    def release(self, claimed: Snapshot, failure: Failure | None) -> None:
        """Drop the lease and note the failure; do nothing if anybody wrote since. Not audited."""

    def commit(self, batch: Batch) -> None:
        """
        Write the batch as one.

        Raise `ConflictError` if a precondition does not hold: nothing was written. Raise
        `StoreUnavailableError` if the answer was lost: the batch may have been written, and only the
        `commit_id` that is read back says so.
        """


class AuditReader(Protocol):
    """Reads the audit chain."""

    def audit(self, key: ConnectionKey) -> tuple[AuditRecord, ...]:
        """Return the connection's records in the order of their sequence."""

    def audit_after(
        self, key: ConnectionKey, sequence: int, *, limit: int
    ) -> tuple[AuditRecord, ...]:
        """Return at most `limit` of them, those that follow this sequence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked(Generic[T]):
    """A document on the way through all of them; `value` is None where it can not be read."""

    name: str
    value: T | None


class AuditWalk(Protocol):
    """
    Walks over every audit record, and over what each connection says of its newest one.

    By document id: at most `limit` whose id is greater than `after`. One that can not be read is shown
    as such: it must hide no other.
    """

    def all_audit(self, *, after: str | None, limit: int) -> tuple[Walked[AuditRecord], ...]:
        """Return records, each connection's by their sequence; `after` is a record's id."""

    def all_heads(self, *, after: str | None, limit: int) -> tuple[Walked[AuditHead], ...]:
        """Return the audit heads of connections, tombstones included, by the connections' ids."""


class RescueStore(Protocol):
    """The second, uncontended place for a credential whose commit did not land."""

    def rescue(self, rescue: Rescue) -> None:
        """Keep it; keeping the same one twice is one record."""

    def rescued(self, key: ConnectionKey, epoch: int, used_generation: int) -> Rescue | None:
        """Return what a refresh that used this generation's token could not commit."""

    def forget_rescue(self, rescue: Rescue) -> None:
        """Delete one that nothing can adopt any more; do nothing if it is gone."""


class RevocationStore(Protocol):
    """Refresh tokens that the provider is still to be told about."""

    def revocation(self, key: ConnectionKey, epoch: int) -> Revocation | None:
        """Return it, or None if it is finished or was cancelled."""

    def claim_revocation(self, revocation: Revocation, lease_id: str) -> Revocation:
        """Write a lease; raise `ConflictError` if anybody wrote since it was read."""

    def finish_revocation(self, revocation: Revocation) -> None:
        """Delete it and its sealed value; raise `ConflictError` if anybody wrote since."""


class UnfinishedRevocations(Protocol):
    """Finds what a provider is still to be told, whether or not a tombstone points to it."""

    def unfinished(self, *, after: str | None, limit: int) -> RevocationPage:
        """
        Return at most `limit` revocations whose document id is greater than `after`.

        One that can not be read is logged and left out: it must not hold up all the others.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class DuePage:
    """Some connections, the earliest due first; `next_after` is None at the end."""

    snapshots: tuple[Snapshot, ...]
    next_after: object = None


class DueConnections(Protocol):
    """Finds what must be refreshed."""

    def due(
        self,
        connector_type: str,
        shards: Sequence[int],
        *,
        by: datetime,
        limit: int,
        after: object = None,
    ) -> DuePage:
        """
        Return at most `limit` of this type and these shards whose `refresh_due_at` is not after `by`.

        `after` is an earlier page's `next_after`; only the store looks inside. One that can not be
        read is logged and left out: it must not hold up all the others.
        """

    def postpone(self, snapshot: Snapshot, until: datetime) -> None:
        """Write a later `refresh_due_at`; do nothing if anybody wrote since. Not audited."""


class SealedRecords(Protocol):
    """
    Walks over everything sealed, and re-wraps it in place.

    The walks go by document id: at most `limit` whose id is greater than `after`. One that can not be
    read is an error: what was not seen may need any version of a key.
    """

    def snapshots(self, *, after: str | None, limit: int) -> tuple[Snapshot, ...]:
        """Return connections, tombstones included."""

    def revocations(self, *, after: str | None, limit: int) -> tuple[Revocation, ...]:
        """Return revocations that are not finished."""

    def rescues(self, *, after: str | None, limit: int) -> tuple[Rescue, ...]:
        """Return rescues that nobody adopted yet."""

    def rewrap(self, snapshot: Snapshot, *, sealed_access: bytes, sealed_refresh: bytes) -> None:
        """Write these two fields only; raise `ConflictError` if anybody wrote since. Not audited."""

    def rewrap_revocation(self, revocation: Revocation, *, sealed_refresh: bytes) -> None:
        """Write this field only; raise `ConflictError` if anybody wrote since."""


class Erasure(Protocol):
    """
    Deletes for good what is kept of an ended connection.

    For an operator at a terminal alone: no function is given what calls it, and nothing else deletes
    audit records.
    """

    def erase(self, tombstone: Snapshot) -> None:
        """
        Delete the connection, its audit records, and what was put aside for it.

        Raise `ConflictError` if anybody wrote since: then the connection is still there.
        """
