"""Beginning a sign-in. Nothing here writes to any store: a request that proves nothing leaves nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from multi_user_oauth.errors import RequestError, UnknownConnectorTypeError
from multi_user_oauth.model import (
    ConnectorType,
    ConnectorTypes,
    Limits,
    Provider,
    Secret,
    StepUp,
)
from multi_user_oauth.ports import Box, Clock, Departures, Draw, Trip
from multi_user_oauth.sign_in.flow import ID_LENGTH, STATE_BYTES, Flow, new_state
from multi_user_oauth.sign_in.return_to import checked_return_to
from multi_user_oauth.sign_in.ticket import PURPOSE, Intent, Ticket, open_ticket

HANDLE_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A link to hand to the person, and the handle to ask how it ended."""

    ticket: Secret
    expires_at: datetime
    flow_handle: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """Where the browser goes now, and the cookie that it takes along."""

    location: str
    flow_id: str
    cookie: Secret


class Departure:
    """Sends a browser to a provider; also a second time, from the callback, to ask for consent."""

    def __init__(
        self,
        *,
        providers: Mapping[Provider, Departures],
        connector_types: ConnectorTypes,
        redirect_uris: Mapping[Provider, str],
        box: Box,
        now: Clock,
        draw: Draw,
        limits: Limits,
    ) -> None:
        self._providers = providers
        self._connector_types = connector_types
        self._redirect_uris = redirect_uris
        self._box = box
        self._now = now
        self._draw = draw
        self._limits = limits

    def leave(self, ticket: Ticket, *, consent: bool = False) -> Leaving:
        """Make a flow and return its cookie and the provider's URL; raise a `RetryableError`."""
        connector_type = configured(self._connector_types, ticket.connector_type)
        now = self._now()
        flow_id = f"{int(now.timestamp()):09x}{self._draw(8).hex()}"[:ID_LENGTH]
        state = new_state(flow_id, self._draw(STATE_BYTES))
        connect = ticket.intent is Intent.CONNECT
        departure = self._providers[connector_type.provider].begin(
            connector_type,
            Trip(
                redirect_uri=self._redirect_uris[connector_type.provider],
                state=state,
                user_email=ticket.user_email,
                scopes=_wanted(connector_type, ticket) if connect else (),
                offline=connect,
                consent=consent,
                context=ticket.context,
            ),
        )
        flow = Flow(
            id=flow_id,
            provider=connector_type.provider,
            state=state,
            transaction=departure.transaction,
            ticket=ticket,
            consent=consent,
            expires_at=now + self._limits.flow,
        )
        return Leaving(
            location=departure.authorization_url,
            flow_id=flow_id,
            cookie=Secret(flow.seal(self._box)),
        )


class Authorize:
    """Issues tickets, and reads them back."""

    def __init__(
        self,
        *,
        connector_types: ConnectorTypes,
        box: Box,
        origin: str,
        return_origins: frozenset[str],
        step_up: Callable[[], StepUp | None],
        now: Clock,
        draw: Draw,
        limits: Limits,
    ) -> None:
        self._connector_types = connector_types
        self._box = box
        self._origin = origin
        self._return_origins = return_origins
        self._step_up = step_up
        self._now = now
        self._draw = draw
        self._limits = limits

    def ticket(
        self,
        *,
        connector_type: str,
        user_email: str,
        intent: Intent,
        return_to: str,
        scopes: tuple[str, ...],
    ) -> Ticket:
        """Return a ticket for this (normalised) e-mail; raise a `RequestError` naming the field."""
        kind = configured(self._connector_types, connector_type)
        may_ask = {*kind.required_scopes, *kind.optional_scopes, *kind.allowed_scopes}
        if not set(scopes) <= may_ask:
            message = "scopes may only name what the connector type allows"
            raise RequestError(message, field="scopes")
        context = self._context(kind) if intent is Intent.STEP_UP else None
        expires_at = self._now() + self._limits.ticket
        # The handle outlives every flow that the ticket can begin, and the second trip of each.
        handle_ends = int((expires_at + 2 * self._limits.flow).timestamp())
        return Ticket(
            connector_type=connector_type,
            user_email=user_email,
            intent=intent,
            return_to=checked_return_to(
                return_to, origin=self._origin, allowed=self._return_origins
            ),
            scopes=scopes,
            handle=f"{self._draw(HANDLE_BYTES).hex()}-{handle_ends:x}",
            expires_at=expires_at,
            context=context,
        )

    def _context(self, kind: ConnectorType) -> str:
        step_up = self._step_up()
        if step_up is None or kind.provider is not Provider.MICROSOFT:
            message = (
                "nothing can be stepped up to: no context is configured, or none at this provider"
            )
            raise RequestError(message, field="intent")
        return step_up.context

    def issue(self, ticket: Ticket) -> Issued:
        """Return the ticket as it stands in a link."""
        return Issued(
            ticket=Secret(self._box.seal(PURPOSE, ticket.claims())),
            expires_at=ticket.expires_at,
            flow_handle=ticket.handle,
        )

    def read(self, text: str) -> tuple[Ticket, ConnectorType]:
        """Return what a link stands for; raise `TicketInvalidError` or `TicketExpiredError`."""
        ticket = open_ticket(self._box, text, self._now)
        return ticket, configured(self._connector_types, ticket.connector_type)


def configured(connector_types: ConnectorTypes, name: str) -> ConnectorType:
    """Return the connector type of this name; raise `UnknownConnectorTypeError`, of a retired one too."""
    found = connector_types.get(name)
    if found is None or found.retired:
        message = "no connector type of that name is configured"
        raise UnknownConnectorTypeError(message, field="connector_type")
    return found


def _wanted(connector_type: ConnectorType, ticket: Ticket) -> tuple[str, ...]:
    asked = (*connector_type.required_scopes, *connector_type.optional_scopes, *ticket.scopes)
    return tuple(dict.fromkeys(asked))
