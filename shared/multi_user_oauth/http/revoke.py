"""The route of `revoke`: DELETE a connection."""

from flask import Request, Response

from multi_user_oauth.errors import StepUpRequiredError
from multi_user_oauth.http.callers import Anyone
from multi_user_oauth.http.endpoint import Route
from multi_user_oauth.http.paths import API, KEY, key_of, step_up_url
from multi_user_oauth.http.problems import problem
from multi_user_oauth.http.reading import answer, query
from multi_user_oauth.model import Person
from multi_user_oauth.revocation import Disconnect


class RevokeRoutes:
    """For the person whose connection it is, and for admins; to agents there is nothing here."""

    def __init__(self, *, disconnect: Disconnect, callers: Anyone, origin: str) -> None:
        self._disconnect = disconnect
        self._callers = callers
        self._origin = origin

    def routes(self) -> tuple[Route, ...]:
        """Return the route."""
        paths = (f"{API}/user/{KEY}", f"/{KEY}")
        return (Route(methods=("DELETE",), paths=paths, handler=self.revoke),)

    def revoke(self, request: Request, connector_type: str, user_email: str) -> Response:
        """Disconnect, and say truthfully what that ended."""
        caller = self._callers.require_to_change(request)
        query(request, ())
        try:
            ended = self._disconnect.disconnect(caller, key_of(connector_type, user_email))
        except StepUpRequiredError as refused:
            email = caller.email if isinstance(caller, Person) else ""
            return problem(refused, step_up_url=step_up_url(self._origin, email))
        return answer(
            {
                "status": "revoked",
                "provider": ended.provider.value,
                "reason": ended.reason,
                "access_token_valid_until": ended.access_token_valid_until,
            }
        )
