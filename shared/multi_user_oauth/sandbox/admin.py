"""The sandbox's own pages: the mailbox, and knobs that only this machine may turn."""

import ipaddress
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec
from flask import Blueprint, Response, abort, jsonify, make_response, render_template, request
from flask.typing import ResponseReturnValue

from .controls import Controls
from .records import ProviderName
from .state import State

KILO = 1000
CREDENTIALS = frozenset({"client_secrets", "expired_secrets", "certificates"})


def admin_blueprint(state: State) -> Blueprint:
    """Give the routes under /_sandbox, for loopback clients only."""
    views = _Views(state)
    blueprint = Blueprint("admin", __name__, url_prefix="/_sandbox")
    blueprint.before_request(_loopback_only)
    blueprint.register_error_handler(msgspec.ValidationError, _wrong_input)

    def add(rule: str, method: str, view: Callable[[], ResponseReturnValue]) -> None:
        blueprint.add_url_rule(rule, f"{method} {rule}", view, methods=[method])

    add("/faults", "GET", views.faults)
    add("/faults", "POST", views.add_faults)
    add("/faults", "DELETE", views.clear_faults)
    add("/settings", "POST", views.settings)
    add("/credentials", "POST", views.credentials)
    add("/reset", "POST", views.reset)
    add("/advance", "POST", views.advance)
    add("/expire-access-tokens", "POST", views.expire_access_tokens)
    add("/revoke-grant", "POST", views.revoke_grant)
    add("/rotate-key", "POST", views.rotate_key)
    add("/requests", "GET", views.requests)
    add("/requests", "DELETE", views.clear_requests)
    add("/secrets", "GET", views.secrets)
    add("/grants", "GET", views.grants)
    add("/health", "GET", views.health)
    return blueprint


def mailbox_blueprint(state: State) -> Blueprint:
    """Give /mailbox, where a person sees which mails were sent."""
    blueprint = Blueprint("mailbox", __name__)

    def mailbox() -> str:
        mails = [
            (
                mail,
                datetime.fromtimestamp(mail.sent_at, UTC),
                [(file.name, _size(file.size)) for file in mail.attachments],
            )
            for mail in state.mailbox
        ]
        return render_template(
            "mailbox.html", mails=mails[::-1], house="sandbox", title="Sandbox mailbox"
        )

    blueprint.add_url_rule("/mailbox", view_func=mailbox)
    return blueprint


def _size(count: int) -> str:
    """Give a number of bytes as a person reads it."""
    if count < KILO:
        return f"{count} B"
    return f"{count / KILO:.1f} kB" if count < KILO**2 else f"{count / KILO**2:.1f} MB"


class _Views:
    """The knobs over HTTP: JSON in, JSON out."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._controls = Controls(state)

    def faults(self) -> Response:
        return jsonify(msgspec.to_builtins(self._state.faults.as_list()))

    def add_faults(self) -> ResponseReturnValue:
        body = request.get_json()
        for fields in body if isinstance(body, list) else [body]:
            self._controls.add_fault(**_fields(fields))
        return "", 204

    def clear_faults(self) -> ResponseReturnValue:
        self._controls.clear_faults()
        return "", 204

    def settings(self) -> Response:
        """Take `{"provider": "microsoft", "refresh_mode": "single", ...}`."""
        fields = _fields(request.get_json())
        changed = self._controls.set(_provider(fields), **fields)
        return jsonify(msgspec.to_builtins(changed))

    def credentials(self) -> ResponseReturnValue:
        """Take `{"provider": "microsoft", "client_secrets": ["..."], "certificates": ["PEM"]}`."""
        fields = _fields(request.get_json())
        provider = _provider(fields)
        if not fields.keys() <= CREDENTIALS:
            raise msgspec.ValidationError(f"expected some of {', '.join(sorted(CREDENTIALS))}")
        self._controls.set_credentials(provider, **msgspec.convert(fields, dict[str, list[str]]))
        return "", 204

    def reset(self) -> ResponseReturnValue:
        self._controls.reset()
        return "", 204

    def advance(self) -> ResponseReturnValue:
        """Take `{"seconds": 3600}`."""
        fields = _fields(request.get_json())
        self._controls.advance(msgspec.convert(fields.get("seconds"), float))
        return "", 204

    def expire_access_tokens(self) -> Response:
        return jsonify(expired=self._controls.expire_access_tokens())

    def revoke_grant(self) -> ResponseReturnValue:
        """Take `{"provider": "google", "account": "sarah@company.com"}`."""
        fields = _fields(request.get_json())
        found = self._controls.revoke_grant(_provider(fields), str(fields.get("account")))
        return ("", 204) if found else (jsonify(error="unknown_account"), 404)

    def rotate_key(self) -> ResponseReturnValue:
        """Take `{"provider": "google"}`."""
        self._controls.rotate_key(_provider(_fields(request.get_json())))
        return "", 204

    def requests(self) -> Response:
        return jsonify(self._controls.requests())

    def clear_requests(self) -> ResponseReturnValue:
        self._controls.clear_requests()
        return "", 204

    def secrets(self) -> Response:
        return jsonify(self._controls.secrets())

    def grants(self) -> Response:
        return jsonify(self._controls.grants())

    def health(self) -> Response:
        return jsonify(status="ok")


def _loopback_only() -> None:
    """Refuse other machines, and pages of other sites open in a browser on this one."""
    try:
        near = ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        near = False
    named = urlsplit(f"//{request.host}").hostname in ("localhost", "127.0.0.1", "::1")
    foreign = "Origin" in request.headers or "Forwarded" in request.headers
    if not near or not named or foreign or "X-Forwarded-For" in request.headers:
        answer = {"error": "loopback_only"}
        abort(make_response(answer, 403))


def _fields(body: Any) -> dict[str, Any]:  # noqa: ANN401  # reason: a caller's JSON
    return msgspec.convert(body, dict[str, Any])


def _provider(fields: dict[str, Any]) -> ProviderName:
    provider: ProviderName = msgspec.convert(fields.pop("provider", None), ProviderName)
    return provider


def _wrong_input(error: Exception) -> ResponseReturnValue:
    return jsonify(error="invalid_request", error_description=str(error)), 400
