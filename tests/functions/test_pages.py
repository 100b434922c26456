"""What pages show: nothing that came from outside as markup, and no script but our own."""

from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path

import pytest

from multi_user_oauth.sandbox.company import SARAH
from tests.functions.conftest import Titled
from tests.support.functions import AUTHORIZE, MICROSOFT, Installation, Visitor
from tests.support.installation import CONNECTOR_TYPES

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


@pytest.fixture
def microsoft_with(tmp_path: Path, keys: Mapping[str, str]) -> Callable[[str], Visitor]:
    """A visitor of an installation whose Microsoft connector has one line more."""

    def make(line: str) -> Visitor:
        title = "title: Microsoft 365"
        file = tmp_path / "with.yaml"
        file.write_text(CONNECTOR_TYPES.replace(title, f"{title}\n  {line}"), "utf-8")
        return Visitor(Installation(tmp_path, keys, {"CONNECTOR_TYPES_FILE": str(file)}))

    return make


def test_what_will_be_asked_stands_on_the_page_before(
    microsoft_with: Callable[[str], Visitor],
) -> None:
    """In plain words and without a script, a purpose as text; what was added, too, if it may be."""
    visitor = microsoft_with(f"purpose: For your assistant. {EVIL}")
    path = f"/connect?connector_type={MICROSOFT}&scopes=Calendars.Read%20Mail.ReadWrite.All"
    text = visitor.call("web", "GET", path).text
    assert "What you allow with Microsoft 365" in text
    assert "<li>send mail as you</li>" in text
    assert f"For your assistant. {escape(EVIL)}" in text
    assert "<li>see your calendar</li>" in text
    assert "Mail.ReadWrite.All" not in text.partition("<details")[2]
    body = {"user_email": SARAH.email, "connector_type": MICROSOFT}
    link = visitor.call("authorize", "POST", AUTHORIZE, json=body).json or {}
    confirm = visitor.call("authorize", "GET", link["authorization_url"]).text
    assert f"For your assistant. {escape(EVIL)}" in confirm
