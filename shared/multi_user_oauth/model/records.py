"""What the stores keep and exchange beside the connection itself."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from multi_user_oauth.model.binding import Binding, Kind
from multi_user_oauth.model.connection import Connection
from multi_user_oauth.model.connection_key import ConnectionKey
from multi_user_oauth.model.identity import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """
    A connection as it was read.

    `version` is the store's own mark of the write that was read, and the precondition of the next
    one; only the store looks inside. `lease_age` is by the store's clock; None without a lease.
    """

    connection: Connection
    version: object
    lease_age: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """One link of a connection's audit chain; `previous` is the hash of the link before."""

    key: ConnectionKey
    sequence: int
    previous: str
    hash: str
    at: datetime
    action: str
    actor: str
    outcome: str
    epoch: int
    generation: int
    reason: str = ""

    @property
    def document_id(self) -> str:
        """The record's name: a second record of one sequence can not be created."""
        return audit_id(self.key, self.sequence)


def audit_id(key: ConnectionKey, sequence: int) -> str:
    """Return the name of a record of this connection; names sort as the sequences do."""
    return f"{key.document_id}-{sequence:010d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """
    A refresh token on its way out: what the provider is still to be told.

    It holds the sealed value just as it lay in the connection; (epoch, generation, identity) are those
    it was sealed for. `lease_age` as in `Snapshot`.
    """

    key: ConnectionKey
    identity: Identity
    epoch: int
    generation: int
    sealed_refresh: bytes
    created_at: datetime
    lease_id: str | None = None
    lease_age: timedelta | None = None
    version: object = None

    @property
    def document_id(self) -> str:
        """The name under which it is found from the tombstone."""
        return f"{self.key.document_id}-{self.epoch}"

    def binding(self, deployment: str) -> Binding:
        """Return where the sealed refresh token belonged."""
        return Binding(
            deployment=deployment,
            key=self.key,
            kind=Kind.REFRESH,
            epoch=self.epoch,
            identity=self.identity,
            generation=self.generation,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationPage:
    """Some revocations in the order of their document ids; `next_after` is None at the end."""

    revocations: tuple[Revocation, ...]
    next_after: str | None = None


class RevocationResult(StrEnum):
    """What became of the grant at the provider."""

    REVOKED = "revoked"
    PENDING = "pending"
    NOT_POSSIBLE = "not_possible"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescue:
    """A credential that the provider gave and the connection did not take in time."""

    connection: Connection
    used_generation: int

    @property
    def document_id(self) -> str:
        """The name under which the next refresh of that generation looks for it."""
        return rescue_id(self.connection.key, self.connection.epoch, self.used_generation)


def rescue_id(key: ConnectionKey, epoch: int, used_generation: int) -> str:
    """Return the name of the rescue record of a refresh that used this generation's token."""
    return f"{key.document_id}-{epoch}-{used_generation}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One connection's step: what was read (None: there must be none), what it becomes, its audit."""

    before: Snapshot | None
    after: Connection
    audit: AuditRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """
    What is written as one, or not at all.

    Each change has its snapshot's version as precondition, each audit record and `opens` must not be
    there yet; `cancels` is deleted if it is as it was read; the rescue record named is deleted.
    """

    changes: tuple[Change, ...]
    opens: Revocation | None = None
    cancels: Revocation | None = None
    adopted_rescue: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some connections in the order of their document ids; `next_after` is None at the end."""

    connections: tuple[Connection, ...]
    next_after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowMark:
    """A spent state: `state_hash` (SHA-256, hex) is spent once; `outcome`: a code or 'connected'."""

    state_hash: str
    handle: str
    expires_at: datetime
    outcome: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """A disconnect, written down in the other database first: it outlives a restore of this one."""

    key: ConnectionKey
    identity: Identity
    epoch: int
    at: datetime
    actor: str

    @property
    def document_id(self) -> str:
        """The name; writing the same disconnect twice is one entry."""
        return f"{self.key.document_id}-{self.epoch}"
