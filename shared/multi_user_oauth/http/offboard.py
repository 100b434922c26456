"""The route of `revoke` for who leaves: everything of one person ended, and a certificate of it."""

import msgspec
from flask import Request, Response

from multi_user_oauth.certificate import document_of
from multi_user_oauth.errors import StepUpRequiredError
from multi_user_oauth.http.account_callers import SessionHolders
from multi_user_oauth.http.endpoint import Route
from multi_user_oauth.http.paths import API, step_up_url
from multi_user_oauth.http.problems import problem
from multi_user_oauth.http.reading import answer, json_body, learned, query
from multi_user_oauth.model import normalise_email
from multi_user_oauth.offboarding import Offboard


@learned
class WhoLeaves(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The person, by their e-mail."""

    user_email: str


class OffboardRoutes:
    """For administrators, in a session of our own."""

    def __init__(self, *, offboard: Offboard, holders: SessionHolders, origin: str) -> None:
        self._offboard = offboard
        self._holders = holders
        self._origin = origin

    def routes(self) -> tuple[Route, ...]:
        """Return the route."""
        paths = (f"{API}/offboard", "/offboard")
        return (Route(methods=("POST",), paths=paths, handler=self.offboard),)

    def offboard(self, request: Request) -> Response:
        """End all that the person connected, and say truthfully how it stands."""
        admin = self._holders.person_to_change(request)
        query(request, ())
        asked = json_body(request, WhoLeaves)
        try:
            certificate = self._offboard.offboard(admin, normalise_email(asked.user_email))
        except StepUpRequiredError as refused:
            return problem(refused, step_up_url=step_up_url(self._origin, admin.email))
        return answer(document_of(certificate))
