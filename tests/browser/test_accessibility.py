"""Every page is for everybody: on every screen, by keyboard, to the eye and to the ear."""

from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from playwright.sync_api import expect

from tests.browser.visitor import Visitor
from tests.browser.ways import SARAH, connected, dialog

ACCESSIBILITY = (Path(__file__).parent / "accessibility.js").read_text(encoding="utf-8")


def first_page(visitor: Visitor) -> None:
    """Go where everybody begins."""
    visitor.open()


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


SETTLED = "Promise.allSettled(document.getAnimations().map((each) => each.finished))"
"""No colour on its way to another."""


@pytest.mark.parametrize(
    "way",
    [first_page, connected, dialog, revoked, confirm, failed, approved],
    ids=lambda w: w.__name__,
)
def test_every_page_can_be_read_and_operated_by_everybody(
    visitor: Visitor, way: Callable[[Visitor], None]
) -> None:
    """Names, labels, headings and contrast; light and dark; down to 320 pixels."""
    visitor.page.emulate_media(reduced_motion="reduce")  # no colour is caught half-way
    way(visitor)
    for scheme in ("light", "dark"):
        visitor.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for width in (1280, 320):
            visitor.page.set_viewport_size({"width": width, "height": 720})
            visitor.page.mouse.move(0, 0)  # no button is shown as one that is pointed at
            visitor.page.evaluate(SETTLED)
            assert visitor.page.evaluate(ACCESSIBILITY) == [], (scheme, width)


def test_the_keyboard_is_enough(visitor: Visitor) -> None:
    """From the e-mail to the provider, and from the list to a revoked connection."""
    visitor.open()
    press, focused = visitor.page.keyboard.press, visitor.page.locator(":focus")
    press("Tab")
    expect(focused).to_have_text("Multi-User OAuth")
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
    visitor.accept()
    visitor.sees_card("Google Workspace", "Connected")
    for name in ("Multi-User OAuth", "Sign out", "Cut", "Revoke"):
        press("Tab")
        expect(focused).to_have_text(name)
    press("Enter")
    expect(focused).to_have_text("Keep it")
    press("Tab")
    press("Enter")
    visitor.sees_card("Google Workspace", "Revoked")
