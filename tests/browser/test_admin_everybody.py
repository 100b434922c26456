"""The administrators' page is for every screen, keyboard and network, and shows texts as texts."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.admin_ways import (
    GOOGLE,
    MICROSOFT,
    Office,
    broken,
    ended,
    ending,
    loaded,
    opened,
    people,
    sign_in_here,
)
from tests.browser.readable import hindrances
from tests.browser.visitor import PICTURES, Visitor
from tests.browser.ways import SARAH

MARIA = "maria@company.com"
EVIL = '<img src=x onerror="window.hacked=1">'
SUMMARY = "/api/v1/oauth/summary"
MOST = 100_000
"""Bytes over the wire of one page with everything that it loads."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Give an office in which people work."""
    with Office(tmp_path_factory.mktemp("office")) as office:
        yield office


@pytest.fixture
def office(world: Office) -> Office:
    """Give the office, with people in every state."""
    for number in range(20):
        world.put(GOOGLE, f"person{number:02}@company.com")
    world.put(MICROSOFT, SARAH, records=14)
    world.put(MICROSOFT, MARIA, broken("mfa_required"))
    world.put(GOOGLE, "soon@company.com", ending(timedelta(days=3)))
    world.put(GOOGLE, "gone@company.com", ended)
    world.put(GOOGLE, f"{'a-very-long-name-' * 3}@{'long-' * 5}company.com")
    return world


def stranger(office: Office, visitor: Visitor) -> None:
    """Come without a session."""
    del office
    visitor.open("/admin")


def plain(office: Office, visitor: Visitor) -> None:
    """Come as somebody whom the page is not for."""
    del office
    visitor.open("/admin")
    sign_in_here(visitor, "pat.lee@company.com", "pat")
    expect(visitor.page.locator("#nobody")).to_be_visible()


def office_open(office: Office, visitor: Visitor) -> None:
    """Come as an administrator."""
    office.enter(visitor)
    visitor.page.get_by_text("Consent for everybody").click()


def row_open(office: Office, visitor: Visitor) -> None:
    """Open a row, verified."""
    office.enter(visitor)
    opened(visitor.page, MARIA, "#attention-rows")
    details = opened(visitor.page, SARAH)
    details.get_by_role("button", name="Verify").click()
    expect(details.locator(".verification")).to_have_text("All 14 records verify.")


def question(office: Office, visitor: Visitor) -> None:
    """Be asked before revoking."""
    office.enter(visitor)
    opened(visitor.page, SARAH).get_by_role("button", name="Revoke").click()
    expect(visitor.page.get_by_role("dialog")).to_be_visible()


def leaving(office: Office, visitor: Visitor) -> None:
    """Be about to offboard somebody, with the wrong e-mail typed again."""
    office.enter(visitor)
    visitor.page.get_by_label("E-mail of who leaves").fill(SARAH)
    visitor.page.keyboard.press("Enter")
    visitor.page.get_by_label("Type the e-mail again to confirm").fill(MARIA)
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.locator("#difference")).not_to_be_empty()


def trouble(office: Office, visitor: Visitor) -> None:
    """Meet an API of which a part does not answer."""
    visitor.forgiven = (SUMMARY,)
    visitor.page.route(f"**{SUMMARY}", down)
    office.enter(visitor)
    expect(visitor.page.get_by_role("alert").first).to_contain_text("The database does not answer.")


def down(route: Route) -> None:
    """Answer as an API without its database."""
    body = '{"code": "store_unavailable", "status": 503}'
    route.fulfill(status=503, content_type="application/problem+json", body=body)


@pytest.mark.parametrize(
    "way",
    [stranger, plain, office_open, row_open, question, leaving, trouble],
    ids=lambda way: way.__name__,
)
def test_everybody_can_read_and_operate_it(
    office: Office, visitor: Visitor, way: Callable[[Office, Visitor], None]
) -> None:
    """By axe-core and our own rules; light and dark; down to 320 pixels."""
    way(office, visitor)
    found = {}
    for scheme, width in visitor.looks():
        found[scheme, width] = hindrances(visitor.page)
        name = f"admin-{way.__name__.replace('_', '-')}-{width}-{scheme}.png"
        visitor.page.screenshot(path=PICTURES / name, full_page=True, animations="disabled")
    assert {look: wrong for look, wrong in found.items() if wrong} == {}


def tab_to(page: Page, name: str) -> None:
    """Go on with the tab key until this has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        text = focused.inner_text() or focused.get_attribute("aria-label") or ""
        if name in text or name in (focused.get_attribute("name") or ""):
            assert focused.evaluate("each => getComputedStyle(each).outlineStyle") == "solid"
            return
    pytest.fail(f"the tab key does not lead to {name}")


def test_the_keyboard_is_enough_to_find_somebody(office: Office, visitor: Visitor) -> None:
    """From a number to a list, through the search, to what a row holds."""
    office.enter(visitor)
    page = visitor.page
    press = page.keyboard.press
    tab_to(page, "Sign-in needed")
    press("Enter")
    expect(page.locator("#everybody-heading")).to_be_focused()
    tab_to(page, "email")
    page.keyboard.type("sarah")
    press("Enter")
    press("Tab")
    press("Tab")
    press("Home")  # of the list of healths: all
    expect(people(page)).to_have_text([SARAH])
    tab_to(page, SARAH)
    press("Enter")
    tab_to(page, "Verify")
    press("Enter")
    expect(page.locator(".verification")).to_have_text("All 14 records verify.")


def test_the_keyboard_is_enough_to_end_something(office: Office, visitor: Visitor) -> None:
    """Called off with Escape, then done; the focus is never lost."""
    office.enter(visitor, path="/admin?email=sarah")
    page = visitor.page
    press = page.keyboard.press
    people(page).focus()
    press("Enter")
    tab_to(page, "Revoke")
    press("Enter")
    press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator(":focus")).to_have_text("Revoke")
    press("Enter")
    press("Tab")
    press("Enter")
    expect(page.locator(".outcome")).to_contain_text("It is revoked.")
    tab_to(page, "See what will end")


def is_about(path: str, url: str) -> bool:
    """Return whether this route of the API is asked."""
    return url.partition("?")[0].endswith(f"/api/v1/{path}")


def answering(answer: object, route: Route) -> None:
    """Answer with this, whatever was asked."""
    route.fulfill(json=answer)


def test_markup_in_any_text_is_shown_as_text(world: Office, visitor: Visitor) -> None:
    """Names, e-mails, agents, purposes, reasons, titles: whatever others wrote, nothing of it runs."""
    at = "2026-01-05T09:00:00Z"
    user = {
        "user_email": EVIL, "connector_type": EVIL, "status": "needs_sign_in", "reason": EVIL,
        "scopes": [EVIL], "missing_scopes": [EVIL], "connected_at": at,
        "access_token_expires_at": at, "reauthorize_url": f"https://x.example/{EVIL}",
    }  # fmt: skip
    counts = {"active": 1, "needs_sign_in": 1, "revoked": 1}
    named = {"connector_type": EVIL, "title": EVIL, "provider": "google"}
    record = {"sequence": 1, "at": at, "actor": EVIL, "event": EVIL, "reason": EVIL}
    use = {"agent": EVIL, "action": EVIL, "purpose": EVIL, "last_used_at": at}
    agent = {"agent": EVIL, "actions": [EVIL], "users": [EVIL], "connector_types": [EVIL]}
    answers: dict[str, object] = {
        "oauth/summary": {"connector_types": [{**named, "counts": counts, "ends_soon": 1}]},
        "oauth/users": {"users": [user]},
        "account/audit": {"records": [record]},
        "account/audit/verification": {"verified": False, "records": 1, "problem": EVIL},
        "account/usage": {"usage": [use]},
        "account/agents": {"agents": [agent], "delegations_required": True},
    }
    for path, answer in answers.items():
        visitor.page.route(partial(is_about, path), partial(answering, answer))
    world.enter(visitor)
    page = visitor.page
    details = opened(page, EVIL, "#people-rows")
    details.get_by_role("button", name="Verify").click()
    expect(details.locator(".verification")).to_contain_text(EVIL)
    for place in (".granted", ".missing", ".usage", ".happened"):
        expect(details.locator(place)).to_contain_text(EVIL)
    for place in ("#types", "#attention-rows", "#people-rows", "#agents-rows"):
        expect(page.locator(place)).to_contain_text(EVIL)
    assert page.locator("[onerror], img[src=x]").count() == 0
    assert page.evaluate("window.hacked") is None


def test_what_takes_long_is_explained(world: Office, visitor: Visitor) -> None:
    """After ten seconds, until the answer is there; what is there already is shown meanwhile."""
    world.put(GOOGLE, SARAH)
    world.enter(visitor)
    page = visitor.page
    held: list[Route] = []
    page.route(f"**{SUMMARY}", lambda route: held.append(route))  # noqa: PLW0108  # reason: Playwright marks what it is given
    page.clock.install(time=world.clock())
    page.reload()
    expect(people(page)).to_have_text([SARAH])
    expect(page.locator("#overview")).to_have_attribute("aria-busy", "true")
    expect(page.locator("#slow")).to_be_hidden()
    page.clock.fast_forward(10_001)
    expect(page.locator("#slow")).to_contain_text("This takes longer than usual.")
    visitor.picture("admin-slow")
    held[0].fallback()
    loaded(page)
    expect(page.locator("#slow")).to_be_hidden()


def test_without_a_network_it_says_so_and_goes_on_with_one(world: Office, visitor: Visitor) -> None:
    """By itself once the device is online again; what was shown stays."""
    world.put(GOOGLE, SARAH)
    world.enter(visitor)
    page = visitor.page
    visitor.context.set_offline(True)
    page.get_by_label("E-mail begins with").fill("nobody")
    expect(page.get_by_role("alert").first).to_contain_text("Is this device online?")
    expect(people(page)).to_have_text([SARAH])
    visitor.picture("admin-offline")
    visitor.context.set_offline(False)
    expect(page.locator("#people-none")).to_have_text("Nobody is found.")
    expect(page.locator("#trouble")).to_be_hidden()
    disconnected = "Failed to load resource: net::ERR_INTERNET_DISCONNECTED"
    heard = [each for each in visitor.complaints if each.startswith(disconnected)]
    assert heard
    for each in heard:
        visitor.complaints.remove(each)


def test_the_page_is_small(office: Office, visitor: Visitor) -> None:
    """With all that it loads, and the answers to its questions; its list full."""
    for number in range(60):
        office.put(MICROSOFT, f"somebody{number:02}@company.com")
    office.enter(visitor)
    network = visitor.context.new_cdp_session(visitor.page)
    sizes: list[float] = []
    network.on("Network.loadingFinished", lambda each: sizes.append(each["encodedDataLength"]))
    network.send("Network.enable")
    network.send("Network.setCacheDisabled", {"cacheDisabled": True})
    visitor.page.reload()
    loaded(visitor.page)
    visitor.page.wait_for_load_state("networkidle")
    assert len(sizes) > 20
    assert sum(sizes) < MOST
