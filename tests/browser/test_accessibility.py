"""Every page is for everybody: on every screen, by keyboard, to the eye and to the ear."""

from collections.abc import Callable

import pytest
import requests
from playwright.sync_api import expect

from tests.browser.readable import hindrances
from tests.browser.visitor import Visitor
from tests.browser.ways import SARAH, connected, dialog

FRAME = ("Skip to the content", "Multi-User OAuth", "My account", "Sign out")
"""What comes before the page itself."""


def first_page(visitor: Visitor) -> None:
    """Go where everybody begins, and look at what will be asked."""
    visitor.open()
    visitor.page.get_by_text("What you allow with Microsoft 365").click()


def stranger(visitor: Visitor) -> None:
    """Go to the account without being signed in."""
    visitor.open("/account")


def leave(visitor: Visitor) -> None:
    """Go as far as the choice of what an agent may do."""
    connected(visitor)
    visitor.page.get_by_role("button", name="Limit").click()
    visitor.page.get_by_label("do everything that you allowed").uncheck()


def history(visitor: Visitor) -> None:
    """Open what happened to a connection."""
    connected(visitor)
    visitor.page.get_by_text("History").click()
    expect(visitor.page.locator(".history li")).to_have_count(1)


def revoked(visitor: Visitor) -> None:
    """Go to what revoking ended."""
    dialog(visitor)
    visitor.page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    visitor.sees_card("Google Workspace", "Revoked")


def confirm(visitor: Visitor) -> None:
    """Follow a link."""
    answer = requests.post(
        f"{visitor.world.origin}/api/v1/oauth/user/authorize",
        json={"user_email": SARAH, "connector_type": "google_workspace"},
        timeout=30,
    )
    visitor.page.goto(answer.json()["authorization_url"])


def failed(visitor: Visitor) -> None:
    """Go to a page that says what went wrong."""
    visitor.leave("Microsoft", SARAH)
    visitor.choose("sarah")
    visitor.cancel()
    visitor.sees_failure("You said no", "access_denied")


def approved(visitor: Visitor) -> None:
    """Go where an admin ends after consenting for everybody."""
    visitor.open("/api/v1/oauth/callback/microsoft/admin-consent?admin_consent=True&tenant=t")


@pytest.mark.parametrize(
    "way",
    [first_page, stranger, connected, dialog, leave, history, revoked, confirm, failed, approved],
    ids=lambda w: w.__name__,
)
def test_every_page_can_be_read_and_operated_by_everybody(
    visitor: Visitor, way: Callable[[Visitor], None]
) -> None:
    """No violation of axe-core's rules; light and dark; nothing cut off down to 320 pixels."""
    way(visitor)
    visitor.picture(way.__name__.replace("_", "-"))
    for scheme, width in visitor.looks():
        assert hindrances(visitor.page) == [], (scheme, width)


def test_the_keyboard_is_enough(visitor: Visitor) -> None:
    """From the e-mail to the provider, and from the list to a revoked connection."""
    visitor.open()
    press, focused = visitor.page.keyboard.press, visitor.page.locator(":focus")
    press("Tab")
    expect(focused).to_have_text("Skip to the content")
    press("Enter")
    press("Tab")
    visitor.page.keyboard.type(SARAH)
    press("Enter")
    expect(focused).to_have_text("Sign in with Microsoft")
    press("Tab")
    expect(focused).to_have_text("Sign in with Google")
    assert focused.evaluate("element => getComputedStyle(element).outlineStyle") == "solid"
    press("Enter")
    expect(visitor.page.locator(".brand")).to_have_text("Google")
    visitor.choose("sarah")
    visitor.accept(unticked=["drive.readonly"])
    visitor.sees_card("Google Workspace", "Connected")
    for name in (*FRAME, "Limit", "Cut", "History", "Connect again", "Revoke"):
        press("Tab")
        expect(focused).to_have_text(name)
    press("Enter")
    expect(focused).to_have_text("Keep it")
    press("Tab")
    press("Enter")
    visitor.sees_card("Google Workspace", "Revoked")
