"""What all routes have in common that act as a person: who asks, as whom, and refusals that help."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from flask import Request, Response

from multi_user_oauth.acting import Acting
from multi_user_oauth.errors import (
    DelegationRequiredError,
    InsufficientScopeError,
    MultiUserOAuthError,
    NeedsSignInError,
    NotConnectedError,
    RequestError,
)
from multi_user_oauth.errors.connector import NotSupportedError
from multi_user_oauth.http.callers import Anyone
from multi_user_oauth.http.headers import CODE
from multi_user_oauth.http.paths import delegate_url, key_of, reauthorize_url
from multi_user_oauth.http.problems import problem
from multi_user_oauth.http.reading import query
from multi_user_oauth.model import Action, Caller, ConnectionKey, ConnectorTypes, Provider
from multi_user_oauth.ports.connectors import Chats, Services
from multi_user_oauth.token import GetAccessToken

LONGEST_PURPOSE: Final = 200


class Said(Protocol):
    """What a request says about itself: as whom, and what for."""

    @property
    def user_email(self) -> str:
        """Whose connection."""

    @property
    def purpose(self) -> str:
        """For the audit; may be empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidInQuery:
    """What stands in the query; `fields` is all of it."""

    user_email: str
    purpose: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A caller who was told apart; every token taken from `person` is checked and written down first."""

    caller: Caller
    key: ConnectionKey
    provider: Provider
    person: Acting
    services: Services
    acting_for: Callable[[Action], Acting]
    """As the same person for another action too, where one request needs both."""

    @property
    def chats(self) -> Chats:
        """What Microsoft alone has; raise `NotSupportedError`."""
        if self.services.chats is None:
            raise NotSupportedError("this connector type has no chats", field="connector_type")
        return self.services.chats


S = TypeVar("S", bound=Said)
Admit = Callable[[Caller, ConnectionKey], None]
"""Counts a call; raises `TooManyRequestsError`."""


class Acts:
    """The way into every connector route."""

    def __init__(
        self,
        *,
        callers: Anyone,
        tokens: GetAccessToken,
        connector_types: ConnectorTypes,
        services: Mapping[Provider, Services],
        admit: Admit,
        admit_forced: Admit,
        origin: str,
    ) -> None:
        self._callers = callers
        self._tokens = tokens
        self._connector_types = connector_types
        self._services = services
        self._admit = admit
        self._admit_forced = admit_forced
        self._origin = origin

    def read(
        self,
        request: Request,
        connector_type: str,
        action: Action,
        known: Collection[str],
        work: Callable[[Asked, SaidInQuery], Response],
    ) -> Response:
        """Answer what changes nothing; `known` are the query's parameters beside whose and what for."""

        def say(request: Request) -> SaidInQuery:
            return in_query(request, known)

        return self.look(request, connector_type, action, say, work)

    def look(
        self,
        request: Request,
        connector_type: str,
        action: Action,
        say: Callable[[Request], S],
        work: Callable[[Asked, S], Response],
    ) -> Response:
        """Answer what changes nothing, as `say` reads the request."""
        caller = self._callers.require(request)
        return self._work(caller, connector_type, action, say(request), work)

    def change(
        self,
        request: Request,
        connector_type: str,
        action: Action,
        say: Callable[[Request], S],
        work: Callable[[Asked, S], Response],
    ) -> Response:
        """Answer what changes something; by a session only from our own page. `say` reads the request."""
        caller = self._callers.require_to_change(request)
        return self._work(caller, connector_type, action, say(request), work)

    def _work(
        self,
        caller: Caller,
        connector_type: str,
        action: Action,
        said: S,
        work: Callable[[Asked, S], Response],
    ) -> Response:
        key = key_of(connector_type, said.user_email)
        self._admit(caller, key)
        if len(said.purpose) > LONGEST_PURPOSE or not said.purpose.isprintable():
            message = f"purpose is one line of at most {LONGEST_PURPOSE} characters"
            raise RequestError(message, field="purpose")
        try:
            return work(self._asked(caller, key, action, said.purpose), said)
        except (NotConnectedError, NeedsSignInError) as refused:
            return _refusal(refused, reauthorize_url=reauthorize_url(self._origin, key))
        except DelegationRequiredError as refused:
            return _refusal(refused, delegate_url=delegate_url(self._origin, key))
        except InsufficientScopeError as refused:
            return self._scope_refusal(refused, key)

    def _asked(self, caller: Caller, key: ConnectionKey, action: Action, purpose: str) -> Asked:
        configured = self._connector_types.get(key.connector_type)
        if configured is None:
            raise NotConnectedError(str(key))

        def acting_for(action: Action) -> Acting:
            return Acting(
                tokens=self._tokens,
                caller=caller,
                key=key,
                action=action,
                purpose=purpose,
                admit_forced=self._admit_forced,
            )

        return Asked(
            caller=caller,
            key=key,
            provider=configured.provider,
            person=acting_for(action),
            acting_for=acting_for,
            services=self._services[configured.provider],
        )

    def _scope_refusal(self, refused: InsufficientScopeError, key: ConnectionKey) -> Response:
        configured = self._connector_types[key.connector_type]
        may_ask = {
            scope.lower(): scope
            for scope in (
                *configured.required_scopes,
                *configured.optional_scopes,
                *configured.allowed_scopes,
            )
        }
        askable = [may_ask[scope.lower()] for scope in refused.scopes if scope.lower() in may_ask]
        if not askable:  # no sign-in would bring it: an operator must allow the scope first
            return _refusal(refused)
        better = InsufficientScopeError(str(refused), scopes=(askable[0],))
        return _refusal(better, reauthorize_url=reauthorize_url(self._origin, key, askable[0]))


def in_query(request: Request, known: Collection[str]) -> SaidInQuery:
    """Return what the query says; raise `RequestError` where it does not say whose."""
    fields = query(request, {*known, "user_email", "purpose"})
    if not fields.get("user_email"):
        raise RequestError("user_email is missing", field="user_email")
    return SaidInQuery(
        user_email=fields["user_email"], purpose=fields.get("purpose", ""), fields=fields
    )


def _refusal(refused: MultiUserOAuthError, **urls: str) -> Response:
    response = problem(refused, **urls)
    response.headers[CODE] = refused.code
    return response
