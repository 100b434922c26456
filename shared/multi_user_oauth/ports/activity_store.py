"""The activity database: spent states, the ledger of disconnects, sign-outs, last uses."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from multi_user_oauth.model import ConnectionKey, FlowMark, Identity, Kind, LedgerEntry


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
