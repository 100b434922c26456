"""The address that the provider sends a browser back to, with its code, is left at once, told nobody."""

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import Visitor
from tests.support.running import Exchange, Running

SARAH = "sarah@company.com"
CALLBACK = "/api/v1/oauth/callback/"
BOTH = pytest.mark.parametrize("provider", ["Microsoft", "Google"])


def after_callback(world: Running) -> tuple[Exchange, list[Exchange]]:
    """Return the callback's exchange, and what the browser asked for afterwards."""
    place = next(n for n, each in enumerate(world.exchanges) if each.path.startswith(CALLBACK))
    return world.exchanges[place], world.exchanges[place + 1 :]


@BOTH
def test_after_a_sign_in_the_browser_is_at_a_clean_address(
    world: Running, visitor: Visitor, provider: str
) -> None:
    """N62: 303; the page there knows no address before it, nor does anything that it loads."""
    visitor.sign_in(provider, SARAH, "sarah")
    visitor.sees_card(
        {"Microsoft": "Microsoft 365", "Google": "Google Workspace"}[provider], "Connected"
    )
    callback, later = after_callback(world)
    assert callback.status == 303
    assert visitor.page.url == f"{world.origin}/account"
    assert visitor.page.evaluate("document.referrer") == ""
    assert (later[0].path, later[0].referer) == ("/account", "")
    assert len(later) > 1
    assert not [each.path for each in later if CALLBACK in each.referer or "?" in each.referer]


@BOTH
def test_a_page_that_tells_of_a_failure_tells_no_address(
    world: Running, visitor: Visitor, provider: str
) -> None:
    """N62: it stands at the callback's own address; what it loads or leads to does not learn which."""
    visitor.leave(provider, SARAH)
    visitor.choose("sarah")
    visitor.cancel()
    expect(visitor.page.locator("#again")).to_be_visible()
    visitor.page.locator("#again").click()
    visitor.page.wait_for_url(lambda url: CALLBACK not in url)
    assert visitor.page.evaluate("document.referrer") == ""
    _, later = after_callback(world)
    assert later
    assert [each.path for each in later if each.referer and CALLBACK in each.referer] == []
    assert not [r for r in visitor.requests if CALLBACK in r.headers.get("referer", "")]
