"""The activity database: spent states, the ledger of disconnects, sign-outs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from multi_user_oauth.model import FlowMark, Identity, LedgerEntry


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
