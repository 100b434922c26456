"""The activity database: spent states, the ledger of disconnects, sign-outs, last uses."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from multi_user_oauth.model import ConnectionKey, FlowMark, Identity, Kind, LedgerEntry
from multi_user_oauth.ports.world import Use


class FlowMarks(Protocol):
    """Spent states and how their flows ended."""

    def spend(self, mark: FlowMark) -> None:
        """Create the mark; raise `FlowAlreadyUsedError` if this state was spent before."""

    def note(self, mark: FlowMark) -> None:
        """Write the outcome of a spent state."""

    def by_handle(self, handle: str) -> tuple[FlowMark, ...]:
        """Return the spent states of the flows that this handle stands for."""


class Ledger(Protocol):
    """Every disconnect, kept apart from the database that it protects."""

    def enter(self, entry: LedgerEntry) -> None:
        """Write the entry; writing it again changes nothing."""

    def entries(self) -> tuple[LedgerEntry, ...]:
        """Return all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOuts:
    """Which of a person's sessions no longer count: those begun before `valid_from`, and those named."""

    valid_from: datetime | None = None
    sessions: frozenset[str] = frozenset()


class People(Protocol):
    """Who signed out."""

    def sign_outs(self, identity: Identity) -> SignOuts:
        """Return the person's sign-outs; none at all for somebody unknown."""

    def sign_out(self, identity: Identity, session_id: str, until: datetime) -> None:
        """End one session; the entry may be forgotten after `until`, when it has ended anyway."""

    def sign_out_everywhere(self, identity: Identity, before: datetime) -> None:
        """End every session that began before this time."""


class KeyVersionNotes(Protocol):
    """When each version of a key-encryption key was last seen in use."""

    def key_versions(self, kind: Kind) -> Mapping[str, datetime]:
        """Return, by version, when a record that needs it was last seen (UTC)."""

    def saw_key_versions(self, kind: Kind, versions: Collection[str], at: datetime) -> None:
        """Note that records need these versions; a later time noted before stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastUse:
    """What an agent did last with a connection, what for and when; to within an hour."""

    agent: str
    action: str
    purpose: str
    at: datetime


class Usage(Protocol):
    """Who used a connection: one document for each, found by one read."""

    def note_use(self, key: ConnectionKey, use: LastUse) -> None:
        """Write the agent's last use over the one before; those of other agents stay."""

    def uses(self, key: ConnectionKey) -> tuple[LastUse, ...]:
        """Return the last use by each agent, the latest first; none where nobody used it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRead:
    """A use of a token, or a refusal, that is kept until `until`; `mark` tells it from all others."""

    use: Use
    at: datetime
    mark: str
    until: datetime

    @property
    def document_id(self) -> str:
        """Its name; names of one connection sort as their times do."""
        return f"{read_id(self.use.key, self.at)}-{self.mark}"


def read_id(key: ConnectionKey, at: datetime) -> str:
    """Return what the names of all uses of this connection at this time (UTC) begin with."""
    return f"{key.document_id}-{at:%Y%m%dT%H%M%S.%fZ}"


class ReadLog(Protocol):
    """Every use of a token, where it is to be kept in the database too."""

    def keep_read(self, read: KeptRead) -> None:
        """Create it; a name that is taken is a `StoreUnavailableError` too, and nothing is written."""

    def kept_reads(
        self, key: ConnectionKey, *, after: str | None, limit: int
    ) -> tuple[KeptRead, ...]:
        """Return at most `limit` of this connection, the earliest first, whose names follow `after`."""


class LedgerErasure(Protocol):
    """Finds and deletes entries of the ledger; for an operator at a terminal alone, as `Erasure`."""

    def disconnects(self, key: ConnectionKey) -> tuple[LedgerEntry, ...]:
        """Return this connection's entries, by their document ids."""

    def forget_disconnect(self, entry: LedgerEntry) -> None:
        """Delete the entry; do nothing if it is gone."""


class TraceErasure(Protocol):
    """Deletes what people left behind in activity; for an operator alone, as `Erasure`."""

    def forget_uses(self, key: ConnectionKey) -> bool:
        """
        Delete who used the connection; return whether anybody had.

        Also that it was suspect. Raise `ConflictError` if anybody does at this moment.
        """

    def forget_reads(self, key: ConnectionKey) -> int:
        """Delete the kept uses of its tokens; return how many there were."""

    def forget_attempts(self, key: ConnectionKey) -> int:
        """
        Delete what was sent for this connection under keys; return how many there were.

        Raise `ConflictError` if anybody sends at this moment.
        """

    def forget_sign_outs(self, identity: Identity, *, until: datetime) -> datetime | None:
        """
        Delete the person's sign-outs if all are from before this time.

        Else return the time of the latest, and leave all of them; None where none is left. Raise
        `ConflictError` if the person signs out at this moment.
        """
