"""The account over time: how long it lasts, where it ends, and bad days of the network."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import NewVisitor
from tests.browser.readable import hindrances
from tests.browser.visitor import Visitor
from tests.browser.ways import GOOGLE, SARAH, agent_of, as_agent, connected, day, told
from tests.support.running import Running

SESSION = "/api/v1/account/session"
USERS = "/api/v1/oauth/users"


@pytest.mark.parametrize(
    ("end", "status", "words"),
    [
        ((90, "unused_90_days"), "Connected", "Stays connected as long as it is used."),
        ((1, "unused_6_months"), "Connected", "Stays connected as long as it is used."),
        ((10, "grant_expires"), "Ends soon", "Ends on {day}: connect again before that"),
        ((60, "grant_expires"), "Connected", "Ends on {day}: connect again before that"),
        (
            (5, "client_secret_expires"),
            "Connected",
            "Ends on {day} unless your administrator renews the application's secret",
        ),
    ],
)
def test_the_page_says_how_long_a_connection_will_last(
    world: Running, visitor: Visitor, end: tuple[int, str], status: str, words: str
) -> None:
    """What use puts off is no end, what an administrator puts off no alarm; the rest they can at once."""
    connected(visitor)

    at = day(world, end[0])

    def ending(route: Route) -> None:
        body = route.fetch().json()
        body["users"][0]["lives_until"] = {"at": f"{at}T00:00:00Z", "reason": end[1]}
        route.fulfill(json=body)

    visitor.page.route(f"**{USERS}?*", ending)
    visitor.page.clock.set_fixed_time(world.clock())
    visitor.open("/account")
    visitor.sees_card(GOOGLE, status)
    expect(visitor.card(GOOGLE).locator(".forecast")).to_contain_text(words.format(day=told(at)))
    if end == (10, "grant_expires"):
        visitor.picture("account-ends-soon")


def test_what_a_backup_brought_back_says_that_it_waits(world: Running, visitor: Visitor) -> None:
    """For an administrator, and not for the person, who is asked to do nothing."""
    connected(visitor)

    def restored(route: Route) -> None:
        body = route.fetch().json()
        body["users"][0] |= {"quarantined_at": f"{day(world, 0)}T00:00:00Z", "missing_scopes": []}
        route.fulfill(json=body)

    visitor.page.route(f"**{USERS}?*", restored)
    visitor.open("/account")
    visitor.sees_card(GOOGLE, "On hold")
    expect(visitor.card(GOOGLE).locator(".forecast")).to_contain_text("nothing for you to do")
    expect(visitor.card(GOOGLE).locator("form")).to_have_count(0)
    visitor.picture("account-on-hold")


def test_a_person_signs_out_everywhere(world: Running, new_visitor: NewVisitor) -> None:
    """After being asked; the other device finds out at its next step. What is connected stays."""
    phone, laptop = new_visitor(), new_visitor()
    connected(phone)
    connected(laptop)
    world.clock.advance(60)
    laptop.page.get_by_role("button", name="Sign out everywhere").click()
    laptop.page.get_by_role("dialog").get_by_role("button", name="Stay signed in").click()
    laptop.sees_card(GOOGLE, "Connected")
    laptop.page.get_by_role("button", name="Sign out everywhere").click()
    laptop.picture("account-sign-out-everywhere")
    laptop.page.get_by_role("dialog").get_by_role("button", name="Sign out everywhere").click()
    expect(laptop.page.locator("#notice")).to_contain_text("here and everywhere else")
    expect(laptop.page.locator("#notice")).to_be_focused()
    phone.forgiven = (SESSION,)
    phone.open("/account")
    expect(phone.page.locator("#notice")).to_contain_text("Your session is over.")
    phone.sign_in("Google", SARAH, "sarah")
    phone.sees_card(GOOGLE, "Connected")


def test_whoever_is_signed_out_in_the_middle_goes_on_where_they_were(
    world: Running, visitor: Visitor
) -> None:
    """What they pressed is not done; they sign in on the same page, with the e-mail there."""
    connected(visitor)
    expect(agent_of(visitor)).to_contain_text("Has not used it yet")
    world.clock.advance(8 * 3600)
    visitor.forgiven = ("/api/v1/account/delegations",)
    visitor.page.get_by_role("button", name="Cut").click()
    expect(visitor.page.locator("#notice")).to_contain_text("Your session is over.")
    expect(visitor.page.locator("#notice")).to_be_focused()
    expect(visitor.page.get_by_label("Work e-mail")).to_have_value(SARAH)
    visitor.picture("account-session-over")
    visitor.page.get_by_role("button", name="Sign in with Google").click()
    visitor.choose("sarah")
    visitor.sees_card(GOOGLE, "Connected")
    expect(visitor.page.get_by_role("button", name="Cut")).to_be_visible()


def test_a_stranger_signs_in_on_the_account_page_itself(visitor: Visitor) -> None:
    """Who they are is proved, nothing is connected by it; the way to connect is there."""
    visitor.open("/account")
    visitor.page.get_by_label("Work e-mail").fill(SARAH)
    visitor.page.get_by_role("button", name="Sign in with Microsoft").click()
    visitor.choose("sarah")
    if visitor.page.locator("#accept").count():
        visitor.accept()
    expect(visitor.page.locator("#notice")).to_have_text("You are signed in.")
    expect(visitor.page.get_by_text("Nothing is connected yet.")).to_be_visible()
    visitor.picture("account-empty")
    for scheme, width in visitor.looks():
        assert hindrances(visitor.page) == [], (scheme, width)
    visitor.page.get_by_role("link", name=f"Connect {GOOGLE}").click()
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text(f"Connect {GOOGLE}")
    expect(visitor.page.get_by_label("Work e-mail")).to_have_value(SARAH)
    expect(visitor.page.get_by_text("send mail as you", exact=True)).to_be_visible()


def test_the_first_page_knows_who_is_signed_in(visitor: Visitor) -> None:
    """It leads to the account, and offers to connect more under the same e-mail."""
    connected(visitor)
    visitor.open()
    expect(visitor.page.locator("#signed-in")).to_contain_text(f"Signed in as {SARAH}")
    expect(visitor.page.get_by_label("Work e-mail")).to_have_value(SARAH)
    visitor.picture("first-page-signed-in")
    visitor.page.get_by_role("link", name="Go to my account").click()
    visitor.sees_card(GOOGLE, "Connected")


def held(visitor: Visitor, path: str) -> Callable[[], None]:
    """Let this path go unanswered until what is returned is called."""
    waiting: list[Route] = []
    visitor.page.route(f"**{path}?*", lambda route: waiting.append(route))  # noqa: PLW0108  # reason: Playwright marks what it is given

    def go_on() -> None:
        for route in waiting:
            route.continue_()

    return go_on


def test_a_slow_network_is_waited_for_in_sight(visitor: Visitor) -> None:
    """Grey bars at once, a sentence after ten seconds, and then the page as ever."""
    connected(visitor)
    visitor.page.clock.install()
    go_on = held(visitor, USERS)
    visitor.open("/account")
    loading = visitor.page.get_by_role("group", name="Loading your connections")
    expect(loading).to_have_attribute("aria-busy", "true")
    expect(visitor.page.locator("#slow")).to_be_empty()
    expect(visitor.page.locator("#who")).not_to_be_empty()
    visitor.page.clock.run_for(10_001)
    expect(visitor.page.locator("#slow")).to_contain_text("This takes longer than usual.")
    visitor.picture("account-loading")
    for scheme, width in visitor.looks():
        assert hindrances(visitor.page) == [], (scheme, width)
    go_on()
    visitor.sees_card(GOOGLE, "Connected")
    expect(loading).to_have_count(0)
    expect(visitor.page.locator("#slow")).to_be_empty()


def test_a_device_that_was_offline_goes_on_by_itself(world: Running, visitor: Visitor) -> None:
    """A plain sentence; what was pressed is done once the network is back."""
    connected(visitor)
    visitor.forgiven = ("/api/",)
    visitor.context.set_offline(True)
    visitor.page.get_by_role("button", name="Cut").click()
    expect(visitor.page.get_by_role("alert")).to_contain_text("Is this device online?")
    visitor.picture("account-offline")
    expect(agent_of(visitor)).to_contain_text("may do everything that you allowed")
    visitor.context.set_offline(False)
    expect(agent_of(visitor)).to_contain_text("may do nothing in your name")
    expect(visitor.page.get_by_role("alert")).to_have_count(0)
    assert as_agent(world).json()["code"] == "delegation_required"
