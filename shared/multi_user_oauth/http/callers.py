"""Proving who calls: an agent by `Authorization`, a person by `__Host-session`, nobody otherwise."""

from collections.abc import Callable
from typing import Final

from flask import Request

from multi_user_oauth.access import is_listed
from multi_user_oauth.errors import (
    ForbiddenError,
    StoreUnavailableError,
    UnauthenticatedError,
)
from multi_user_oauth.http.paths import SESSION_COOKIE
from multi_user_oauth.http.same_origin import require_same_origin
from multi_user_oauth.http.sessions import Session, SessionVerifier
from multi_user_oauth.log import name_actor
from multi_user_oauth.model import Agent, Caller, Person, Policy, Secret, StepUp
from multi_user_oauth.ports import Clock, People

VerifyBearer = Callable[[Secret], Agent | Person]
"""From a bearer token to whom it proves; raises `UnauthenticatedError`."""

CHECKED_INSTEAD: Final = "X-Serverless-Authorization"
"""Where this is sent, Cloud Run checks it, and passes `Authorization` on as it came: anybody's words."""

Admit = Callable[[Caller], None]
"""Counts a call; raises `TooManyRequestsError`."""


def admit_all(_: Caller) -> None:
    """Count nothing."""


class Bearers:
    """Callers with a bearer token: agents, and persons by a frontend's own sign-in."""

    def __init__(self, verify: VerifyBearer, *, admit: Admit = admit_all) -> None:
        self._verify = verify
        self._admit = admit

    def agent(self, request: Request) -> Agent:
        """
        Return the agent; raise `UnauthenticatedError`. A cookie beside the token is refused.

        A person's bearer token is not enough for what only agents are given: `ForbiddenError`.
        """
        if "Cookie" in request.headers and SESSION_COOKIE in request.cookies:
            raise UnauthenticatedError("agents prove themselves by a token, not by a session")
        caller = self.caller(request)
        if isinstance(caller, Person):
            raise ForbiddenError("this is for agents; a person acts through the connectors")
        return caller

    def caller(self, request: Request) -> Agent | Person:
        """Return whom the `Authorization` header proves (RFC 6750, 2.1)."""
        # Sent twice it comes as one, joined by a comma, and verifies as neither.
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise UnauthenticatedError("no bearer token")
        caller = self._verify(Secret(token))
        name_actor(str(caller))
        self._admit(caller)
        return caller


class ListedCallers:
    """The service accounts that a route of `refresh` admits, and no others."""

    def __init__(self, bearers: Bearers, policy: Callable[[], Policy]) -> None:
        self._bearers = bearers
        self._policy = policy

    def require(self, request: Request, route: str) -> Agent:
        """Return the caller; raise `UnauthenticatedError` or `ForbiddenError`."""
        if CHECKED_INSTEAD in request.headers:
            raise UnauthenticatedError("a second identity, beside which the first is not checked")
        agent = self._bearers.agent(request)
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
        now: Clock,
        admit: Admit = admit_all,
    ) -> None:
        self._sessions = sessions
        self._people = people
        self._policy = policy
        self._origin = origin
        self._now = now
        self._admit = admit

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

    def end(self, session: Session) -> None:
        """End this session: its cookie, wherever it was kept, is worth nothing from now on."""
        # One is enough: a session counts while none of its identities has ended it.
        self._people.sign_out(min(session.identities), session.id, session.ends_at)

    def require(self, request: Request) -> Person:
        """Return the person; raise `UnauthenticatedError`."""
        return self.person(self.session(request))

    def person(self, session: Session) -> Person:
        """Return whom this live session stands for, and what the policy makes of them."""
        policy = self._policy()
        who = session.identities, session.roles
        person = Person(
            identities=session.identities,
            email=session.email,
            is_admin=is_listed(policy.admins, *who),
            is_auditor=is_listed(policy.auditors, *who),
            stepped_up=self._stepped_up(policy.step_up, session),
        )
        name_actor(str(person))
        self._admit(person)
        return person

    def _stepped_up(self, asked: StepUp | None, session: Session) -> bool:
        proved_at = session.contexts.get(asked.context) if asked is not None else None
        if asked is None or proved_at is None:
            return False
        return self._now() - proved_at <= asked.max_age

    def session_to_change(self, request: Request) -> Session:
        """Return the session whose own page asks for a change; raise `CrossSiteRequestError` too."""
        require_same_origin(request, self._origin)
        return self.session(request)

    def require_to_change(self, request: Request) -> Person:
        """Return the person whose own page asks for a change; raise `CrossSiteRequestError` too."""
        return self.person(self.session_to_change(request))


class Anyone:
    """Routes that serve persons and agents."""

    def __init__(self, bearers: Bearers, persons: Persons) -> None:
        self._bearers = bearers
        self._persons = persons

    def require(self, request: Request) -> Caller:
        """Return who it is; where an `Authorization` header is sent, it alone counts."""
        if "Authorization" in request.headers:
            return self._bearers.caller(request)
        return self._persons.require(request)

    def require_to_change(self, request: Request) -> Caller:
        """Return who asks for a change; a person's own page must ask for it."""
        if "Authorization" in request.headers:
            return self._bearers.caller(request)
        return self._persons.require_to_change(request)
