"""The pages that functions answer themselves: the button before the trip, and how it failed."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode, urlsplit

from flask import Request, Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from multi_user_oauth.errors import MultiUserOAuthError
from multi_user_oauth.http.headers import FOR_FORMS
from multi_user_oauth.http.paths import ACCOUNT_PAGE, AUTHORIZE, CONNECT
from multi_user_oauth.http.problems import headers_of
from multi_user_oauth.http.texts import failure_text, permissions
from multi_user_oauth.model import ConnectorType
from multi_user_oauth.sign_in.ticket import Ticket

_PERHAPS_WELL: Final = frozenset({"conflict", "flow_already_used", "flow_missing"})
"""What is told although the sign-in may have ended well: the account says how it stands."""
PROVIDER_NAMES: Final = {"microsoft": "Microsoft", "google": "Google"}


class Pages:
    """Renders with autoescaping and a policy that runs no script and loads nothing foreign."""

    def __init__(self, *, form_targets: Iterable[str]) -> None:
        """`form_targets` are the origins that a form's redirect may lead to: the providers'."""
        self._environment = Environment(
            loader=PackageLoader("multi_user_oauth.http", "pages"),
            autoescape=True,
            undefined=StrictUndefined,
        )
        targets = " ".join(("'self'", *sorted(form_targets)))
        self._policy = (
            "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; "
            f"frame-ancestors 'none'; form-action {targets}"
        )

    def confirm(self, ticket: Ticket, connector_type: ConnectorType, text: str) -> Response:
        """Return the page behind a link: who, what, why, and one button."""
        asked = (*connector_type.required_scopes, *connector_type.optional_scopes, *ticket.scopes)
        response = self._page(
            "confirm.html",
            HTTPStatus.OK,
            action=AUTHORIZE,
            ticket=text,
            user_email=ticket.user_email,
            title=connector_type.title,
            provider=PROVIDER_NAMES[connector_type.provider],
            connect=ticket.intent == "connect",
            purpose=connector_type.purpose,
            permissions=permissions(asked),
        )
        response.headers["Referrer-Policy"] = FOR_FORMS
        return response

    def failure(
        self,
        error: MultiUserOAuthError,
        ticket: Ticket | None,
        *,
        approval_url: str | None = None,
        back_url: str | None = None,
    ) -> Response:
        """
        Return the page that says what happened and what to do next; it shows nothing foreign.

        `approval_url` is where an administrator approves: a link to send to them. `back_url` is where
        the person came from, if that is not our page: there they start again.
        """
        heading, explanation, next_step = failure_text(error.code)
        response = self._page(
            "failure.html",
            error.status,
            heading=heading,
            explanation=explanation,
            next_step=next_step,
            code=error.code,
            approval_url=approval_url,
            back_url=back_url,
            back_host=urlsplit(back_url).netloc if back_url else "",
            again=_again(error, ticket),
        )
        response.headers.update(headers_of(error))
        return response

    def error(self, _: Request, error: MultiUserOAuthError) -> Response:
        """Return the page for an error of a browser route, as `Endpoint` wants it."""
        return self.failure(error, None)

    def admin_consent(self, *, granted: bool) -> Response:
        """Return the page on which an admin ends after consenting for the organisation."""
        return self._page("admin_consent.html", HTTPStatus.OK, granted=granted)

    def _page(self, template: str, status: int, **values: object) -> Response:
        text = self._environment.get_template(template).render(**values)
        response = Response(text, status=status, content_type="text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = self._policy
        return response


def _again(error: MultiUserOAuthError, ticket: Ticket | None) -> str:
    if error.code in _PERHAPS_WELL:
        return ACCOUNT_PAGE
    if ticket is None:
        return "/"
    asked = {"connector_type": ticket.connector_type, "user_email": ticket.user_email}
    return f"{CONNECT}?{urlencode(asked)}"
