"""Attacks on a person's session: its cookie, and requests that another page makes with it."""

import pytest
from werkzeug.test import TestResponse

from multi_user_oauth.sandbox.company import JOHN, SARAH
from tests.functions.test_authorisation import CHANGING, SERVED_BY, ask
from tests.support.api import BUILT
from tests.support.functions import (
    AUTHORIZE,
    CALLBACKS,
    GOOGLE,
    MICROSOFT,
    WANTS_JSON,
    Installation,
    Visitor,
    check_cookie,
    code,
    identity,
)
from tests.support.installation import ORIGIN


def set_cookies(response: TestResponse) -> list[str]:
    """Return the cookies that an answer sets."""
    return response.headers.getlist("Set-Cookie")


def test_every_cookie_of_every_route_is_this_hosts_alone(installation: Installation) -> None:
    """N19: `__Host-`, Secure, HttpOnly, SameSite=Lax, Path=/, no Domain; also where one is deleted."""
    seen: dict[str, list[str]] = {}
    visitor = Visitor(installation)
    for connector_type in (MICROSOFT, GOOGLE):
        away = visitor.leave(connector_type, SARAH.email)
        seen["authorize"] = seen.get("authorize", []) + set_cookies(away)
        address = visitor.at_provider(away.location or "", SARAH)
        function = CALLBACKS[connector_type]
        seen[function] = set_cookies(visitor.call(function, "GET", address))
    for method, path in SERVED_BY:
        name = SERVED_BY[method, path]
        seen[name] = seen.get(name, []) + set_cookies(ask(visitor, method, path))
    acting = visitor.call("connectors", "GET", f"/{MICROSOFT}/messages?user_email={SARAH.email}")
    seen["connectors"] = set_cookies(acting)
    assert seen.keys() == BUILT.keys()
    for cookie in (cookie for cookies in seen.values() for cookie in cookies):
        check_cookie(cookie)
    setting = {name for name, cookies in seen.items() if cookies}
    assert setting == {"account", "authorize", "callback_microsoft", "callback_google"}
    for name in CALLBACKS.values():
        kinds = {cookie[:12] for cookie in seen[name]}
        assert kinds == {"__Host-flow-", "__Host-sessi"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Origin": ORIGIN, "Sec-Fetch-Site": "cross-site"},
        {"Origin": ORIGIN, "Sec-Fetch-Site": "same-site"},
        {"Origin": f"{ORIGIN}.evil.example", "Sec-Fetch-Site": "same-origin"},
    ],
    ids=str,
)
@pytest.mark.parametrize(
    ("method", "path"),
    sorted(entry for entry in CHANGING & SERVED_BY.keys() if not entry[1].startswith("/refresh")),
    ids=str,
)
def test_another_page_changes_nothing_with_a_persons_session(
    installation: Installation, method: str, path: str, headers: dict[str, str]
) -> None:
    """N22: 403 on every route that changes something for a session; what is stored stays."""
    visitor = installation.connect(MICROSOFT, SARAH)
    if path == AUTHORIZE:  # as JSON it is an API call, which no form of another page can make
        data = {"user_email": SARAH.email, "connector_type": MICROSOFT}
        response = visitor.call(
            "authorize", method, path, headers={**WANTS_JSON, **headers}, data=data
        )
    else:
        response = ask(visitor, method, path, headers=headers)
    assert (response.status_code, code(response)) == (403, "csrf")
    assert set_cookies(response) == []
    assert installation.status(MICROSOFT, SARAH.email) == "active"
    assert installation.writes() == 0


def test_a_session_put_into_the_browser_before_is_not_the_one_after(
    installation: Installation,
) -> None:
    """N17: the attacker's copy of the planted cookie is worth nothing after the victim's sign-in."""
    planted = installation.session(identity(MICROSOFT, JOHN), email=JOHN.email)
    victim, attacker = Visitor(installation), Visitor(installation)
    for visitor in (victim, attacker):
        visitor.set_session(planted)
    assert victim.sign_in(MICROSOFT, SARAH).status_code == 303
    assert victim.session != planted
    assert attacker.revoke(MICROSOFT, SARAH.email).status_code == 401
    assert attacker.users().status_code == 401
