"""Proving who calls: an agent by `Authorization`, a person by `__Host-session`, nobody otherwise."""

from collections.abc import Callable

from flask import Request

from multi_user_oauth.access import is_admin
from multi_user_oauth.errors import (
    CrossSiteRequestError,
    ForbiddenError,
    StoreUnavailableError,
    UnauthenticatedError,
)
from multi_user_oauth.http.paths import SESSION_COOKIE
from multi_user_oauth.http.sessions import Session, SessionVerifier
from multi_user_oauth.model import Agent, Caller, Person, Policy, Secret
from multi_user_oauth.ports import People

VerifyAgent = Callable[[Secret], str]
"""From a bearer token to the verified e-mail of a service account; raises `UnauthenticatedError`."""


class Agents:
    """Callers with a bearer token."""

    def __init__(self, verify: VerifyAgent) -> None:
        self._verify = verify

    def require(self, request: Request) -> Agent:
        """Return the agent; raise `UnauthenticatedError`. A cookie beside the token is refused."""
        if SESSION_COOKIE in request.cookies:
            raise UnauthenticatedError("agents prove themselves by a token, not by a session")
        return self.bearer(request)

    def bearer(self, request: Request) -> Agent:
        """Return the agent named by the `Authorization` header (RFC 6750, 2.1)."""
        headers = request.headers.getlist("Authorization")
        scheme, _, token = (headers[0] if len(headers) == 1 else "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise UnauthenticatedError("no bearer token")
        return Agent(name=self._verify(Secret(token)))


class ListedCallers:
    """The service accounts that a route of `refresh` admits, and no others."""

    def __init__(self, agents: Agents, policy: Callable[[], Policy]) -> None:
        self._agents = agents
        self._policy = policy

    def require(self, request: Request, route: str) -> Agent:
        """Return the caller; raise `UnauthenticatedError` or `ForbiddenError`."""
        agent = self._agents.require(request)
        if agent.name not in self._policy().refresh_callers.get(route, frozenset()):
            raise ForbiddenError("this service account may not call this route")
        return agent


class Persons:
    """Callers with a session."""

    def __init__(
        self,
        *,
        sessions: SessionVerifier,
        people: People,
        policy: Callable[[], Policy],
        origin: str,
    ) -> None:
        self._sessions = sessions
        self._people = people
        self._policy = policy
        self._origin = origin

    def session(self, request: Request) -> Session:
        """Return the live session; raise `UnauthenticatedError`."""
        session = self._sessions.verify(request.cookies.get(SESSION_COOKIE, ""))
        for identity in session.identities:
            outs = self._people.sign_outs(identity)
            if session.id in outs.sessions or (
                outs.valid_from is not None and session.begun_at < outs.valid_from
            ):
                raise UnauthenticatedError("the session was ended")
        return session

    def session_or_none(self, request: Request) -> Session | None:
        """Return the live session if there is one that can be told to be."""
        try:
            return self.session(request)
        except (UnauthenticatedError, StoreUnavailableError):
            return None

    def require(self, request: Request) -> Person:
        """Return the person; raise `UnauthenticatedError`."""
        session = self.session(request)
        return Person(
            identities=session.identities,
            email=session.email,
            is_admin=is_admin(self._policy(), session.identities),
        )

    def require_to_change(self, request: Request) -> Person:
        """Return the person whose own page asks for a change; raise `CrossSiteRequestError` too."""
        require_same_origin(request, self._origin)
        return self.require(request)


class Anyone:
    """Routes that serve persons and agents."""

    def __init__(self, agents: Agents, persons: Persons) -> None:
        self._agents = agents
        self._persons = persons

    def require(self, request: Request) -> Caller:
        """Return who it is; where an `Authorization` header is sent, it alone counts."""
        if "Authorization" in request.headers:
            return self._agents.bearer(request)
        return self._persons.require(request)

    def require_to_change(self, request: Request) -> Caller:
        """Return who asks for a change; a person's own page must ask for it."""
        if "Authorization" in request.headers:
            return self._agents.bearer(request)
        return self._persons.require_to_change(request)


def require_same_origin(request: Request, origin: str) -> None:
    """
    Return if the browser says that our own page sent this; raise `CrossSiteRequestError`.

    Every browser sends `Origin` with a POST or DELETE of a page; `Sec-Fetch-Site` is looked at where
    it is sent (W3C Fetch Metadata).
    """
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    if request.headers.get("Origin") != origin or site != "same-origin":
        raise CrossSiteRequestError("sent from a page that is not ours")
