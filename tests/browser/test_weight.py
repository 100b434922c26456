"""What a page costs whoever opens it: bytes over the wire, and nobody else is asked for anything."""

from collections.abc import Callable

import pytest

from tests.browser.visitor import Visitor
from tests.browser.ways import connected

MOST = 100_000
"""Bytes for a page and all that it loads, with nothing kept from before."""


def first_page(visitor: Visitor) -> str:
    """Where everybody begins."""
    return visitor.page.url


def account(visitor: Visitor) -> str:
    """The account, with something in it."""
    connected(visitor)
    return f"{visitor.world.origin}/account"


def admin(visitor: Visitor) -> str:
    """The administrators' page, as one of them."""
    visitor.sign_in("Microsoft", "admin@company.com", "admin")
    visitor.page.wait_for_url("**/account")
    return f"{visitor.world.origin}/admin"


def failure(visitor: Visitor) -> str:
    """A page that a function answers itself."""
    return f"{visitor.world.origin}/api/v1/oauth/callback/google?error=access_denied"


@pytest.mark.parametrize("way", [first_page, account, admin, failure], ids=lambda way: way.__name__)
def test_a_page_weighs_little(visitor: Visitor, way: Callable[[Visitor], str]) -> None:
    """Under 100 KB with its styles, scripts, pictures and answers; all of it from our own origin."""
    visitor.open()
    address = way(visitor)
    visitor.page.wait_for_load_state("networkidle")
    session = visitor.context.new_cdp_session(visitor.page)
    session.send("Network.enable")
    session.send("Network.clearBrowserCache")
    urls: list[str] = []
    sizes: list[float] = []
    session.on("Network.requestWillBeSent", lambda event: urls.append(event["request"]["url"]))
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    visitor.page.goto(address)
    visitor.page.wait_for_load_state("networkidle")
    foreign = [
        url for url in urls if not url.startswith((f"{visitor.world.origin}/", "data:image/svg"))
    ]
    assert foreign == []
    assert len(sizes) > 3
    assert sum(sizes) < MOST
