"""Backups: what one holds, walking over what is to be in it, and putting it back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

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
from multi_user_oauth.ports.activity_store import LastUse


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOut:
    """A person's sign-outs: see `SignOuts`; of each session also until when that has to be known."""

    identity: Identity
    valid_from: datetime | None = None
    sessions: tuple[tuple[str, datetime], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedBy:
    """Who used a connection last: each agent's last use."""

    key: ConnectionKey
    uses: tuple[LastUse, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyVersionSeen:
    """When a record that needs this version of a key was last seen."""

    kind: Kind
    version: str
    at: datetime


OfMain = Connection | AuditRecord | Revocation | Rescue
OfActivity = LedgerEntry | SignedOut | KeyVersionSeen | UsedBy
Kept = OfMain | OfActivity
"""What a backup holds, each as it lies: what is sealed stays sealed."""


class BackupKind(StrEnum):
    """How much is in it."""

    WHOLE = "whole"
    LEDGER = "ledger"
    """Only what tells an older backup what ended since: disconnects, sign-outs, key versions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupHeading:
    """Of which deployment a backup is, and when it was begun."""

    deployment: str
    taken_at: datetime
    kind: BackupKind


class BackupSink(Protocol):
    """Takes a backup in."""

    def put(self, kept: Kept) -> None:
        """Add one."""


class BackupSource(Protocol):
    """A backup that was taken: whole, and just as it was taken, for it was read to its end."""

    @property
    def heading(self) -> BackupHeading:
        """What it says of itself."""

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over all of it."""

    def kept(self) -> Iterator[Kept]:
        """
        Yield all, each time from the start, in the order in which it was put in.

        Raise `ConfigurationError` if it was altered meanwhile: at the latest behind the last one.
        """


class ActivityWalk(Protocol):
    """Walks over what the activity database keeps of people: at most `limit` that follow `after`."""

    def all_sign_outs(self, *, after: str | None, limit: int) -> tuple[SignedOut, ...]:
        """Return people who signed out, by their identities' texts."""

    def all_uses(self, *, after: str | None, limit: int) -> tuple[UsedBy, ...]:
        """Return who used connections, by the connections' document ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoration:
    """That a backup is, or was, put into this main database."""

    digest: str
    began_at: datetime
    finished_at: datetime | None = None


class PuttingBack(Protocol):
    """
    Writes a backup into the main database, beside whoever else writes there.

    For an operator at a terminal alone: no function is given what writes an audit record without its
    change. Nothing is overwritten or deleted.
    """

    def put_back(self, kept: Sequence[OfMain]) -> None:
        """
        Create all, at most `PUT_AT_ONCE`, in one commit; raise `ConflictError` if one is there.

        A connection's lease is nobody's any more: it has no age.
        """

    def restoration(self) -> Restoration | None:
        """Return the one that was begun here, if any was."""

    def note_restoration(self, restoration: Restoration) -> None:
        """Write it, over the one that stands there."""


PUT_AT_ONCE = 100
"""A Firestore commit takes 500 documents and 10 MiB."""
