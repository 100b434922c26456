"""The routes of `authorize`: a link for whoever asks, a page for the person, the trip for their click."""

from typing import Annotated, Literal
from urllib.parse import urlencode

import msgspec
from flask import Request, Response

from multi_user_oauth.errors import RequestError, UnknownFieldError
from multi_user_oauth.http.endpoint import Route
from multi_user_oauth.http.flow_cookies import send_away
from multi_user_oauth.http.pages import Pages
from multi_user_oauth.http.paths import AUTHORIZE
from multi_user_oauth.http.reading import (
    OURS_ALONE,
    answer,
    form,
    json_body,
    learned,
    query,
    shaped,
)
from multi_user_oauth.http.same_origin import require_same_origin
from multi_user_oauth.model import Limits, normalise_email
from multi_user_oauth.sign_in.authorize import Authorize, Departure
from multi_user_oauth.sign_in.ticket import Intent, Ticket

Line = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
_FORM = ("connector_type", "intent", "return_to", "scopes", "ticket", "user_email")


@learned
class AuthorizeRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The JSON body."""

    user_email: Line
    connector_type: Line
    return_to: Line = "/"
    scopes: Annotated[list[Line], msgspec.Meta(max_length=50)] = []
    intent: Literal["connect", "sign_in", "step_up"] = "connect"


class AuthorizeRoutes:
    """Writes nothing anywhere."""

    def __init__(
        self,
        *,
        authorize: Authorize,
        departure: Departure,
        pages: Pages,
        origin: str,
        limits: Limits,
    ) -> None:
        self._authorize = authorize
        self._departure = departure
        self._pages = pages
        self._origin = origin
        self._limits = limits

    def routes(self) -> tuple[Route, ...]:
        """Return the one route, which tells its callers apart by what they send."""
        return (
            Route(
                methods=("GET", "POST"),
                paths=(AUTHORIZE, "/"),
                handler=self.serve,
                browser=True,
                cors=True,
            ),
        )

    def serve(self, request: Request) -> Response:
        """Answer a link's GET, a page's form, or an API call's JSON."""
        if request.method == "GET":
            return self._show(request)
        if request.mimetype == "application/x-www-form-urlencoded":
            return self._leave(request)
        return self._issue(request)

    def _show(self, request: Request) -> Response:
        text = query(request, {"ticket"}).get("ticket", "")
        if not text:
            raise RequestError("the link's ticket is missing", field="ticket")
        ticket, connector_type = self._authorize.read(text)
        return self._pages.confirm(ticket, connector_type, text)

    def _issue(self, request: Request) -> Response:
        query(request, ())
        issued = self._authorize.issue(
            self._ticket(json_body(request, AuthorizeRequest, ours_alone=OURS_ALONE))
        )
        link = urlencode({"ticket": issued.ticket.reveal()})
        return answer(
            {
                "authorization_url": f"{self._origin}{AUTHORIZE}?{link}",
                "expires_at": issued.expires_at,
                "flow_handle": issued.flow_handle,
            }
        )

    def _leave(self, request: Request) -> Response:
        require_same_origin(request, self._origin)
        query(request, ())
        fields = form(request, _FORM)
        if "ticket" in fields:
            for name in sorted(fields.keys() - {"ticket"}):
                raise UnknownFieldError("a ticket says it all", field=name)
            ticket, _ = self._authorize.read(fields["ticket"])
        else:
            ticket = self._ticket(_from_form(fields))
        return send_away(request, self._departure.leave(ticket), self._limits)

    def _ticket(self, asked: AuthorizeRequest) -> Ticket:
        return self._authorize.ticket(
            connector_type=asked.connector_type,
            user_email=normalise_email(asked.user_email),
            intent=Intent(asked.intent),
            return_to=asked.return_to,
            scopes=tuple(asked.scopes),
        )


def _from_form(fields: dict[str, str]) -> AuthorizeRequest:
    # A field that was left empty counts as not sent.
    body: dict[str, object] = {name: text.strip() for name, text in fields.items() if text.strip()}
    if "scopes" in body:
        body["scopes"] = fields["scopes"].split()
    return shaped(body, AuthorizeRequest)
