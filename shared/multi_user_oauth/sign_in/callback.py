"""Ending a sign-in: the flow's cookie, the state spent once, the person proved, the connection stored.

Order matters. All that can fail without harm comes before the state is spent; the code is exchanged
once; nothing is stored but the outcome unless every check has passed.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from multi_user_oauth.errors import (
    EmailMismatchError,
    FlowExpiredError,
    FlowMissingError,
    MultiUserOAuthError,
    NoRefreshTokenError,
    RequestError,
    RequiredScopeMissingError,
    RetryableError,
    StateMismatchError,
    StepUpRequiredError,
    StoreUnavailableError,
)
from multi_user_oauth.model import (
    ConnectorType,
    ConnectorTypes,
    FlowMark,
    Provider,
    Secret,
    SignedIn,
)
from multi_user_oauth.ports import Arrivals, Box, Clock, Exchange, FlowMarks, Point, nothing
from multi_user_oauth.sign_in.arrival import Arrived, FailedFlowError
from multi_user_oauth.sign_in.authorize import Departure, configured
from multi_user_oauth.sign_in.connecting import Connecting, Place
from multi_user_oauth.sign_in.flow import Flow, flow_id_of, require_same_state
from multi_user_oauth.sign_in.status import CONNECTED, SIGNED_IN
from multi_user_oauth.sign_in.ticket import Intent

logger = logging.getLogger(__name__)

Refuse = Callable[[Provider, Mapping[str, str]], MultiUserOAuthError]
"""What an authorization response with `error=` means (RFC 6749, 4.1.2.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ready:
    """All that had to be at hand before the state is spent."""

    connector_type: ConnectorType
    place: Place | None
    exchange: Exchange


class Callback:
    """One provider's answer, taken in."""

    def __init__(
        self,
        *,
        provider: Provider,
        arrivals: Arrivals,
        refuse: Refuse,
        connector_types: ConnectorTypes,
        connecting: Connecting,
        departure: Departure,
        marks: FlowMarks,
        box: Box,
        redirect_uri: str,
        now: Clock,
        point: Point = nothing,
    ) -> None:
        self._provider = provider
        self._arrivals = arrivals
        self._refuse = refuse
        self._connector_types = connector_types
        self._connecting = connecting
        self._departure = departure
        self._marks = marks
        self._box = box
        self._redirect_uri = redirect_uri
        self._now = now
        self._point = point

    def arrive(
        self, parameters: Mapping[str, str], cookie_of: Callable[[str], str | None]
    ) -> Arrived:
        """
        Take the answer's query parameters; `cookie_of` returns the cookie of a flow's id.

        Raise `FlowMissingError` or `StateMismatchError` where the flow is not this browser's, else
        `FailedFlowError` around what went wrong. Only in the latter case, or in success, is anything
        written.
        """
        state = parameters.get("state", "")
        cookie = cookie_of(flow_id_of(state))
        if cookie is None:
            message = "this browser has no such flow"
            raise FlowMissingError(message)
        flow = Flow.open(self._box, cookie)
        require_same_state(flow, self._provider, state)
        try:
            connector_type = configured(self._connector_types, flow.ticket.connector_type)
            early = self._early_refusal(flow, connector_type, parameters)
            if early is not None:
                self._marks.spend(_mark(flow, early.code))
                raise early
            ready = self._prepare(flow, connector_type, parameters.get("iss"))
            self._point("spent")
            return self._take(flow, parameters, ready)
        except FailedFlowError:
            raise
        except MultiUserOAuthError as cause:
            raise FailedFlowError(flow, cause) from cause

    def _prepare(self, flow: Flow, connector_type: ConnectorType, issuer: str | None) -> _Ready:
        try:
            connect = flow.ticket.intent is Intent.CONNECT
            ready = _Ready(
                connector_type=connector_type,
                place=self._connecting.prepare(flow.key) if connect else None,
                exchange=self._arrivals.prepare(connector_type, self._redirect_uri, issuer=issuer),
            )
            self._marks.spend(_mark(flow, None))
        except RetryableError as cause:
            # The code was not sent: to load the page again is enough, or the marker will say no.
            raise FailedFlowError(flow, cause, over=False) from cause
        return ready

    def _take(self, flow: Flow, parameters: Mapping[str, str], ready: _Ready) -> Arrived:
        try:
            signed_in = ready.exchange(
                code=Secret(parameters["code"]),
                transaction=flow.transaction,
                user_email=flow.ticket.user_email,
            )
            self._point("exchanged")
            arrived = self._settle(flow, ready, signed_in)
        except MultiUserOAuthError as failed:
            self._note(flow, failed.code)
            raise
        if arrived.again is None:
            self._note(flow, CONNECTED if ready.place else SIGNED_IN)
        return arrived

    def _early_refusal(
        self, flow: Flow, connector_type: ConnectorType, parameters: Mapping[str, str]
    ) -> MultiUserOAuthError | None:
        if flow.expires_at <= self._now():
            return FlowExpiredError("the flow is over ten minutes old")
        if "iss" in parameters and parameters["iss"] not in connector_type.issuers:
            return StateMismatchError("the answer names another issuer")
        if "error" in parameters:
            return self._refuse(self._provider, parameters)
        if not parameters.get("code"):
            return RequestError("the answer holds neither code nor error", field="code")
        return None

    def _settle(self, flow: Flow, ready: _Ready, signed_in: SignedIn) -> Arrived:
        if flow.ticket.user_email not in signed_in.person.emails:
            message = "another account signed in than the one that was named"
            raise EmailMismatchError(message)
        if flow.ticket.context not in (None, *signed_in.person.contexts):
            raise StepUpRequiredError("the sign-in did not prove the context that was asked for")
        if ready.place is None:
            return Arrived(flow=flow, person=signed_in.person)
        missing = ready.connector_type.missing(signed_in.tokens.scopes)
        if set(missing) & set(ready.connector_type.required_scopes):
            message = "a required scope was not granted"
            raise RequiredScopeMissingError(message)
        refresh_token = signed_in.tokens.refresh_token
        if refresh_token is None:
            return self._once_more(flow, signed_in)
        self._connecting.connect(ready.place, signed_in, refresh_token, missing)
        self._point("connected")
        return Arrived(flow=flow, person=signed_in.person)

    def _once_more(self, flow: Flow, signed_in: SignedIn) -> Arrived:
        # Google gives a refresh token only with a fresh consent: asked for in a second trip, once.
        if flow.consent:
            message = "no refresh token came, with consent either"
            raise NoRefreshTokenError(message)
        ticket = replace(flow.ticket, expires_at=flow.expires_at)
        again = self._departure.leave(ticket, consent=True)
        return Arrived(flow=flow, person=signed_in.person, again=again)

    def _note(self, flow: Flow, outcome: str) -> None:
        try:
            self._marks.note(_mark(flow, outcome))
        except StoreUnavailableError:
            # A hint for whoever polls; the connection itself is the truth.
            logger.warning("flow outcome not noted", extra={"outcome": outcome})


def _mark(flow: Flow, outcome: str | None) -> FlowMark:
    return FlowMark(
        state_hash=flow.state_hash,
        handle=flow.ticket.handle,
        expires_at=flow.expires_at,
        outcome=outcome,
    )
