"""The routes of a callback: the provider's answer in, a session and a clean address out."""

from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlencode, urlsplit

from flask import Request, Response

from multi_user_oauth.errors import (
    AdminConsentRequiredError,
    MethodNotAllowedError,
    StoreUnavailableError,
)
from multi_user_oauth.http.callers import Persons
from multi_user_oauth.http.cookies import set_cookie
from multi_user_oauth.http.endpoint import Route
from multi_user_oauth.http.flow_cookies import cookie_of, forget, send_away
from multi_user_oauth.http.pages import Pages
from multi_user_oauth.http.paths import CALLBACKS, SESSION_COOKIE
from multi_user_oauth.http.reading import query
from multi_user_oauth.http.sessions import SessionSigner
from multi_user_oauth.model import Limits, Provider
from multi_user_oauth.ports import Clock
from multi_user_oauth.sign_in.arrival import Arrived, FailedFlowError
from multi_user_oauth.sign_in.callback import Callback
from multi_user_oauth.sign_in.ticket import Ticket


class CallbackRoutes:
    """One provider's redirect URI, which answers GET only, as the protocol has it."""

    def __init__(
        self,
        *,
        provider: Provider,
        callback: Callback,
        signer: SessionSigner,
        persons: Persons,
        pages: Pages,
        limits: Limits,
        now: Clock,
        approval_url: Callable[[str], str | None],
        origin: str,
    ) -> None:
        self._provider = provider
        self._callback = callback
        self._signer = signer
        self._persons = persons
        self._pages = pages
        self._limits = limits
        self._now = now
        self._approval_url = approval_url
        self._origin = origin

    def routes(self) -> tuple[Route, ...]:
        """Return the callback and, for Microsoft, where an admin's consent ends."""
        path = CALLBACKS[self._provider]
        mine = [Route(methods=("GET",), paths=(path, "/"), handler=self.arrive, browser=True)]
        if self._provider is Provider.MICROSOFT:
            paths = (f"{path}/admin-consent", "/admin-consent")
            mine.append(
                Route(methods=("GET",), paths=paths, handler=self.admin_consent, browser=True)
            )
        return tuple(mine)

    def arrive(self, request: Request) -> Response:
        """Take the provider's answer; every failure becomes a page that says what to do next."""
        _require_a_visit(request)
        parameters = query(request, None)
        try:
            arrived = self._callback.arrive(parameters, lambda flow: cookie_of(request, flow))
        except FailedFlowError as failed:
            response = self._pages.failure(
                failed.cause,
                failed.flow.ticket,
                approval_url=self._approval(failed),
                back_url=self._back(failed) if failed.over else None,
            )
            response.headers["X-Problem-Code"] = failed.cause.code
            if failed.over:
                forget(response, failed.flow.id)
            return response
        if arrived.again is not None:
            response = send_away(request, arrived.again, self._limits)
        else:
            response = self._welcome(request, arrived)
        forget(response, arrived.flow.id)
        return response

    def _welcome(self, request: Request, arrived: Arrived) -> Response:
        ticket = arrived.flow.ticket
        before = (
            self._persons.session_or_none(request) if SESSION_COOKIE in request.cookies else None
        )
        session = self._signer.session_for(
            arrived.person.identity,
            ticket.user_email,
            before,
            roles=arrived.person.roles,
            contexts=dict.fromkeys(arrived.person.contexts, self._now()),
        )
        if before is not None:
            with suppress(StoreUnavailableError):  # whoever signed in is signed in all the same
                self._persons.end(before)
        response = Response(status=303)
        response.headers["Location"] = _with_hint(ticket)
        max_age = int(self._limits.session.total_seconds())
        set_cookie(response, SESSION_COOKIE, self._signer.sign(session), max_age=max_age)
        return response

    def _approval(self, failed: FailedFlowError) -> str | None:
        asked = isinstance(failed.cause, AdminConsentRequiredError)
        return self._approval_url(failed.flow.ticket.connector_type) if asked else None

    def _back(self, failed: FailedFlowError) -> str | None:
        # To the frontend that began it, which asks how it ended, and lets the person begin again.
        ticket = failed.flow.ticket
        ours = ticket.return_to.startswith(f"{self._origin}/")
        return None if ours else _with_hint(ticket)

    def admin_consent(self, request: Request) -> Response:
        """Say how an admin's consent ended; nothing is stored, and nobody is signed in by it."""
        parameters = query(request, None)
        granted = parameters.get("admin_consent", "").lower() == "true"
        return self._pages.admin_consent(granted=granted and "error" not in parameters)


def _require_a_visit(request: Request) -> None:
    # A browser that only looks ahead has not been asked to go there: it must not spend the state.
    said = (request.headers.get(name, "") for name in ("Sec-Purpose", "Purpose", "X-Moz"))
    if any("prefetch" in purpose.lower() for purpose in said):
        raise MethodNotAllowedError(("GET",))


def _with_hint(ticket: Ticket) -> str:
    # A hint for the page, never a proof: whoever needs one asks for the flow's status.
    hint = urlencode({"connector_type": ticket.connector_type, "flow_handle": ticket.handle})
    address, mark, fragment = ticket.return_to.partition("#")
    return f"{address}{'&' if urlsplit(address).query else '?'}{hint}{mark}{fragment}"
