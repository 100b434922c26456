"""The ticket: who should connect what, where to return. Ten minutes, and no secret of any flow in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Self

from multi_user_oauth.errors import TamperedError, TicketExpiredError, TicketInvalidError
from multi_user_oauth.ports import Box, Clock

PURPOSE = "ticket"


class Intent(StrEnum):
    """What the person comes for: to connect an account, or only to prove who they are, or more."""

    CONNECT = "connect"
    SIGN_IN = "sign_in"
    STEP_UP = "step_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """
    What stands in the link. Opened twice it begins two flows; each can end once.

    `context` is, for a step-up, the authentication context that has to be proved.
    """

    connector_type: str
    user_email: str
    intent: Intent
    return_to: str
    scopes: tuple[str, ...]
    handle: str
    expires_at: datetime
    context: str | None = None

    def claims(self) -> dict[str, object]:
        """Return the ticket as plain values."""
        return {
            "connector_type": self.connector_type,
            "user_email": self.user_email,
            "intent": self.intent.value,
            "return_to": self.return_to,
            "scopes": list(self.scopes),
            "handle": self.handle,
            "context": self.context,
            "exp": int(self.expires_at.timestamp()),
        }

    @classmethod
    def of(cls, claims: Mapping[str, object]) -> Self:
        """Return the ticket that `claims()` wrote; the box vouches for them."""
        scopes, expires_at = claims["scopes"], claims["exp"]
        if not isinstance(scopes, list) or not isinstance(expires_at, int):
            raise TicketInvalidError(PURPOSE)
        return cls(
            connector_type=str(claims["connector_type"]),
            user_email=str(claims["user_email"]),
            intent=Intent(str(claims["intent"])),
            return_to=str(claims["return_to"]),
            scopes=tuple(map(str, scopes)),
            handle=str(claims["handle"]),
            context=None if (context := claims["context"]) is None else str(context),
            expires_at=datetime.fromtimestamp(expires_at, UTC),
        )


def open_ticket(box: Box, text: str, now: Clock) -> Ticket:
    """Return the ticket; raise `TicketInvalidError` or `TicketExpiredError`."""
    try:
        ticket = Ticket.of(box.open(PURPOSE, text))
    except (TamperedError, KeyError, ValueError, OverflowError, OSError) as invalid:
        message = "the ticket was not made here, or was altered"
        raise TicketInvalidError(message) from invalid
    if ticket.expires_at <= now():
        message = "the ticket is over ten minutes old"
        raise TicketExpiredError(message)
    return ticket
