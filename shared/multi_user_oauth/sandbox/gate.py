"""What stands before and behind every request to a provider: faults, ledger, request log."""

from collections.abc import Mapping
from typing import Final

from flask import Response, g, make_response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from .company import DEFAULT_AGENT
from .faults import BEFORE_KINDS, Fault
from .ledger import Served
from .outages import outage
from .records import DELAYS, DROP, Sleep
from .state import State

PLACES: Final = {
    "microsoft": ("microsoft", ""),
    "google": ("google", ""),
    "graph": ("microsoft", "graph"),
    "graph_mail": ("microsoft", "graph"),
    "graph_files": ("microsoft", "graph"),
    "graph_calendar": ("microsoft", "graph"),
    "graph_teams": ("microsoft", "graph"),
    "onedrive_bytes": ("microsoft", "onedrive_bytes"),
    "gmail": ("google", "gmail"),
    "gmail_mail": ("google", "gmail"),
    "drive": ("google", "drive"),
    "google_calendar": ("google", "google_calendar"),
    "service_accounts": ("google", "identity"),
}
"""Blueprint: its provider, and one name for all its endpoints (or none: each has its own)."""
SEEN_SECRETS: Final = {
    "client_secret": "client_secret",
    "client_assertion": "client_assertion",
    "code": "code",
    "code_verifier": "code_verifier",
    "refresh_token": "refresh_token",
    "token": "token",
}


class Gate:
    """Looks at each request before its view, and at each answer after it."""

    def __init__(self, state: State, sleep: Sleep) -> None:
        self._state = state
        self._sleep = sleep

    def before(self) -> ResponseReturnValue | None:
        """Give an answer instead of the view's, if a fault says so."""
        place = _place()
        if place is None:
            return None
        self._remember()
        provider, endpoint = place
        with self._state.lock:
            g.names = _names(self._state)
            fault = self._state.faults.take(
                BEFORE_KINDS,
                provider=provider,
                endpoint=endpoint,
                names=g.names,
                grant_type=request.form.get("grant_type"),
            )
        return self._failed(fault, endpoint) if fault else None

    def _failed(self, fault: Fault, endpoint: str) -> ResponseReturnValue | None:
        if fault.delay:
            request.environ.get(DELAYS, []).append(fault.delay)
            self._sleep(fault.delay)
        if fault.kind == "slow":
            return None
        if fault.kind == "status_after":
            g.fault_after = fault
            return None
        if fault.kind in ("drop", "drop_after"):
            request.environ[DROP] = True
            return None if fault.kind == "drop_after" else make_response(b"", 502)
        if fault.kind == "oauth_error" and endpoint == "authorize":
            g.fault = fault
            return None
        return outage(self._state, fault, endpoint)

    def _remember(self) -> None:
        for name, kind in SEEN_SECRETS.items():
            self._state.secrets.add(kind, request.form.get(name))
        sent = request.authorization
        if sent and sent.type == "basic":
            self._state.secrets.add("client_secret", sent.password)
        elif sent and sent.type == "bearer":
            self._state.secrets.add("access_token", sent.token)

    def after(self, response: Response) -> Response:
        """Log the request without its secrets, and give the answer its headers."""
        place = _place()
        fault = g.pop("fault_after", None)
        if place and fault:  # the work is done; only its answer is another
            response = outage(self._state, fault, place[1], done=response)
        if place:
            leak = self._state.secrets.leaks(request.path, request.args.items(multi=True))
            served = Served(
                time=self._state.now(),
                provider=place[0],
                endpoint=place[1],
                method=request.method,
                path=(request.url_rule.rule if leak and request.url_rule else request.path),
                grant_type=_form().get("grant_type"),
                account=next((n for n in sorted(g.get("names", ())) if "@" in n), None),
                status=0 if request.environ.get(DROP) else response.status_code,
                leak=leak,
                claims=_form().get("claims"),
            )
            self._state.requests.add(served)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
            "base-uri 'none'; frame-ancestors 'none'"
        )
        return response


def _place() -> tuple[str, str] | None:
    """Give provider and endpoint of this request, None where it is no provider's."""
    blueprint, _, view = (request.endpoint or "").partition(".")
    if blueprint not in PLACES:
        return None
    provider, endpoint = PLACES[blueprint]
    return provider, endpoint or {"keys_v1": "keys"}.get(view, view)


def _form() -> Mapping[str, str]:
    """Give the form's fields; of a body that was refused for its size there are none."""
    try:
        return request.form
    except RequestEntityTooLarge:
        return {}


def _service_account() -> str | None:
    asked = request.args.get("account", DEFAULT_AGENT)
    return asked if request.blueprint == "service_accounts" else None


def _names(state: State) -> frozenset[str]:
    """Give the id and e-mail of the person that this request is about, as far as it says."""
    form = request.form
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
    values = (form.get("refresh_token"), form.get("token"), bearer)
    known = next((token for value in values if (token := state.find(value))), None)
    origin = known or state.code(form.get("code"))
    name = origin.account if origin else form.get("account") or _service_account()
    account = state.account(name)
    return frozenset({account.id, account.email}) if account else frozenset({name} if name else ())
