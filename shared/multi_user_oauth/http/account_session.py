"""The session itself: who it is, kept alive while its page is open, ended here or everywhere."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from flask import Request, Response

from multi_user_oauth.errors import RequestError
from multi_user_oauth.http.account_callers import SessionHolders
from multi_user_oauth.http.cookies import delete_cookie, set_cookie
from multi_user_oauth.http.endpoint import Route
from multi_user_oauth.http.paths import ACCOUNT, SESSION_COOKIE
from multi_user_oauth.http.reading import answer, query
from multi_user_oauth.http.sessions import Session, SessionSigner
from multi_user_oauth.model import Person, Policy
from multi_user_oauth.ports import Clock, People

RENEWED_AFTER: Final = timedelta(minutes=1)
"""Sooner it is not worth a signature."""


class SessionRoutes:
    """Signs what the callbacks began, never anything new."""

    def __init__(
        self,
        *,
        holders: SessionHolders,
        signer: SessionSigner,
        people: People,
        policy: Callable[[], Policy],
        now: Clock,
    ) -> None:
        self._holders = holders
        self._signer = signer
        self._people = people
        self._policy = policy
        self._now = now

    def routes(self) -> tuple[Route, ...]:
        """Return the route."""
        return (
            Route(
                methods=("GET", "DELETE"),
                paths=(f"{ACCOUNT}/session", "/session"),
                handler=self.session,
            ),
        )

    def session(self, request: Request) -> Response:
        """Answer who is signed in, or sign out."""
        return self._end(request) if request.method == "DELETE" else self._show(request)

    def _show(self, request: Request) -> Response:
        query(request, ())
        session = self._holders.session(request)
        renewed = self._renewed(request, session)
        response = answer(
            {
                "identities": sorted(str(identity) for identity in session.identities),
                "user_emails": [session.email],
                "roles": _roles(self._holders.whom(session)),
                "delegations_required": self._policy().delegations_required,
                "expires_at": renewed.expires_at,
                "ends_at": session.ends_at,
            }
        )
        if renewed is not session:
            left = int((session.ends_at - self._now()).total_seconds())
            set_cookie(response, SESSION_COOKIE, self._signer.sign(renewed), max_age=left)
        return response

    def _renewed(self, request: Request, session: Session) -> Session:
        renewed = self._signer.renewed(session)
        # Only our own page keeps a session alive: another site can send the browser here too.
        by_us = request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
        worth_it = renewed.expires_at - session.expires_at >= RENEWED_AFTER
        return renewed if by_us and worth_it else session

    def _end(self, request: Request) -> Response:
        everywhere = query(request, {"everywhere"}).get("everywhere", "false")
        if everywhere not in {"true", "false"}:
            raise RequestError("everywhere is true or false", field="everywhere")
        session = self._holders.session_to_change(request)
        if everywhere == "true":
            for identity in sorted(session.identities):
                self._people.sign_out_everywhere(identity, self._now())
        else:
            self._holders.end(session)
        response = Response(status=204)
        delete_cookie(response, SESSION_COOKIE)
        return response


def _roles(person: Person) -> list[str]:
    has = {"person": True, "admin": person.is_admin, "auditor": person.is_auditor}
    return [role for role, it_has in has.items() if it_has]
