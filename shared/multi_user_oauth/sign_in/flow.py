"""The flow: one trip to a provider and back, known only to the sealed cookie of one browser."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, Self

from multi_user_oauth.errors import (
    FlowMissingError,
    StateMismatchError,
    TamperedError,
    TicketInvalidError,
)
from multi_user_oauth.model import ConnectionKey, Provider, Secret
from multi_user_oauth.ports import Box
from multi_user_oauth.sign_in.ticket import Ticket

PURPOSE: Final = "flow"
ID_LENGTH: Final = 18  # 9 hex digits of time in front, so that ids sort by age, and 9 of chance
STATE_BYTES: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """State, nonce and verifier (in `transaction`), and the ticket that they are for."""

    id: str
    provider: Provider
    state: Secret
    transaction: Mapping[str, str]
    ticket: Ticket
    consent: bool
    expires_at: datetime

    @property
    def key(self) -> ConnectionKey:
        """The connection that the flow is for."""
        return ConnectionKey(self.ticket.connector_type, self.ticket.user_email)

    @property
    def state_hash(self) -> str:
        """Under which the state is spent: the state itself is never stored."""
        return sha256(self.state.reveal().encode()).hexdigest()

    def seal(self, box: Box) -> str:
        """Return the cookie's value."""
        return box.seal(
            PURPOSE,
            {
                "id": self.id,
                "provider": self.provider.value,
                "state": self.state.reveal(),
                "transaction": dict(self.transaction),
                "ticket": self.ticket.claims(),
                "consent": self.consent,
                "exp": int(self.expires_at.timestamp()),
            },
        )

    @classmethod
    def open(cls, box: Box, cookie: str) -> Self:
        """Return the flow of a cookie; raise `FlowMissingError` if we did not seal it."""
        try:
            claims = box.open(PURPOSE, cookie)
            return cls(
                id=str(claims["id"]),
                provider=Provider(str(claims["provider"])),
                state=Secret(str(claims["state"])),
                transaction={name: str(value) for name, value in _table(claims, "transaction")},
                ticket=Ticket.of(dict(_table(claims, "ticket"))),
                consent=bool(claims["consent"]),
                expires_at=datetime.fromtimestamp(int(str(claims["exp"])), UTC),
            )
        except (
            TamperedError,
            TicketInvalidError,
            KeyError,
            ValueError,
            OverflowError,
            OSError,
        ) as invalid:
            message = "the flow's cookie was not made here, or was altered"
            raise FlowMissingError(message) from invalid


def _table(claims: Mapping[str, object], name: str) -> list[tuple[str, object]]:
    table = claims[name]
    return [(str(key), value) for key, value in table.items()] if isinstance(table, dict) else []


def new_state(flow_id: str, chance: bytes) -> Secret:
    """Return a state of 256 bits of chance that also tells which flow's cookie to open."""
    return Secret(f"{flow_id}.{chance.hex()}")


def flow_id_of(state: str) -> str:
    """Return the id of the flow that an answer's `state` names; raise `StateMismatchError`."""
    flow_id, dot, _ = state.partition(".")
    if not dot or len(flow_id) != ID_LENGTH or not flow_id.isalnum() or not flow_id.isascii():
        message = "the answer's state is not one of ours"
        raise StateMismatchError(message)
    return flow_id


def require_same_state(flow: Flow, provider: Provider, state: str) -> None:
    """Return if the answer is this flow's; raise `StateMismatchError` (RFC 9700, 2.1 and 4.4)."""
    same = flow.state == Secret(state)
    if not same or flow.provider is not provider:
        message = "the answer belongs to another flow"
        raise StateMismatchError(message)
