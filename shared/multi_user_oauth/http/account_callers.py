"""Who may use the routes of `account`: a person in a session of our own."""

from flask import Request

from multi_user_oauth.errors import ForbiddenError, UnauthenticatedError
from multi_user_oauth.http.callers import Anyone, Persons
from multi_user_oauth.http.sessions import Session
from multi_user_oauth.model import Person


class SessionHolders:
    """A bearer token counts for nothing here, and a session beside one neither."""

    def __init__(self, *, anyone: Anyone, persons: Persons) -> None:
        self._anyone = anyone
        self._persons = persons

    def session(self, request: Request) -> Session:
        """Return the session; raise `UnauthenticatedError`, for a person's token `ForbiddenError`."""
        self._refuse_bearers(request)
        return self._persons.session(request)

    def session_to_change(self, request: Request) -> Session:
        """Return the session whose own page asks for a change; raise `CrossSiteRequestError` too."""
        self._refuse_bearers(request)
        return self._persons.session_to_change(request)

    def person(self, request: Request) -> Person:
        """Return the person; raise as `session`."""
        return self.whom(self.session(request))

    def person_to_change(self, request: Request) -> Person:
        """Return the person; raise as `session_to_change`."""
        return self.whom(self.session_to_change(request))

    def whom(self, session: Session) -> Person:
        """Return whom this session stands for."""
        return self._persons.person(session)

    def end(self, session: Session) -> None:
        """End this session."""
        self._persons.end(session)

    def _refuse_bearers(self, request: Request) -> None:
        if "Authorization" not in request.headers:
            return
        if isinstance(self._anyone.require(request), Person):
            raise ForbiddenError("only for a session of our own, not by a bearer token")
        raise UnauthenticatedError("agents have no account")
