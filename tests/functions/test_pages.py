"""What pages show: nothing that came from outside as markup, and no script but our own."""

from html import escape

import pytest

from multi_user_oauth.sandbox.company import SARAH
from tests.functions.conftest import Titled
from tests.support.functions import AUTHORIZE, MICROSOFT, Installation, Visitor

EVIL = "<script>alert(1)</script>"


@pytest.mark.parametrize(
    "path",
    [
        f"/connect?connector_type={EVIL}&user_email=%22%3E{EVIL}",
        f"/?user_email={EVIL}&flow_handle={EVIL}",
        "/connect?user_email=' onfocus=alert(1) x='",
    ],
)
def test_what_the_address_says_is_shown_as_text(nothing_stored: Installation, path: str) -> None:
    """On the start page and the page to connect."""
    page = Visitor(nothing_stored).call("web", "GET", path)
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "' onfocus" not in page.text
    assert '">' + EVIL not in page.text


def test_what_is_configured_is_shown_as_text(titled: Titled) -> None:
    """A connector's title is a name, whatever stands in it."""
    installation = titled(f"{EVIL} & Co")
    visitor = Visitor(installation)
    body = {"user_email": SARAH.email, "connector_type": MICROSOFT}
    answer = visitor.call("authorize", "POST", AUTHORIZE, json=body).json or {}
    page = visitor.call("authorize", "GET", answer["authorization_url"])
    assert page.status_code == 200
    assert EVIL not in page.text
    assert escape(f"{EVIL} & Co") in page.text
    assert EVIL not in visitor.call("web", "GET", "/").text


def test_the_page_may_run_our_scripts_only(nothing_stored: Installation) -> None:
    """And send its form to us and, by our redirect, to the provider."""
    policy = Visitor(nothing_stored).call("web", "GET", "/").headers["Content-Security-Policy"]
    rules = dict(rule.strip().partition(" ")[::2] for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == "'self'"
    assert rules["form-action"].split()[0] == "'self'"
    assert "*" not in policy


@pytest.mark.parametrize(
    "path",
    ["/assets/../main.py", "/assets/%2e%2e/main.py", "/assets/..%2fmain.py", "/assets//etc/passwd",
     "/assets/%00", "/assets/nothing.css", "/assets/.", "/assets/" + "a" * 5_000],
)  # fmt: skip
def test_only_assets_are_served(nothing_stored: Installation, path: str) -> None:
    """Nothing beside or above their folder."""
    response = Visitor(nothing_stored).call("web", "GET", path)
    assert response.status_code == 404
