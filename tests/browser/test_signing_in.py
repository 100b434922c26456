"""A person signs in with a real browser, sees the connection, and ends it."""

import pytest
import requests
from playwright.sync_api import expect

from tests.browser.conftest import NewVisitor
from tests.browser.visitor import Visitor
from tests.support.running import Running

SARAH = "sarah@company.com"
TITLES = {"Microsoft": "Microsoft 365", "Google": "Google Workspace"}
CONNECTOR_TYPES = {"Microsoft": "microsoft_teams", "Google": "google_workspace"}
BOTH = pytest.mark.parametrize("provider", ["Microsoft", "Google"])


def ask_token(world: Running, provider: str, user_email: str = SARAH) -> tuple[int, str]:
    """Ask for a token as the agent, and return status and problem code."""
    answer = requests.get(
        f"{world.origin}/api/v1/oauth/user/{CONNECTOR_TYPES[provider]}/{user_email}/token",
        headers={"Authorization": f"Bearer {world.sandbox.identity_token(world.origin)}"},
        timeout=30,
    )
    return answer.status_code, answer.json().get("code", "")


def revoke(visitor: Visitor, provider: str) -> None:
    """Press Revoke and confirm."""
    visitor.card(TITLES[provider]).get_by_role("button", name="Revoke").click()
    visitor.page.get_by_role("dialog").get_by_role("button", name="Revoke").click()


@BOTH
def test_a_person_signs_in_and_sees_the_connection(
    world: Running, visitor: Visitor, provider: str
) -> None:
    """From the first page to the provider and back: a notice, the connection, a clean address."""
    visitor.sign_in(provider, SARAH, "sarah")
    visitor.sees_card(TITLES[provider], "Connected")
    expect(visitor.page.locator("#notice")).to_have_text(f"{TITLES[provider]} is connected.")
    expect(visitor.page.locator("#who")).to_have_text(f"Signed in as {SARAH}")
    card = visitor.card(TITLES[provider])
    expect(card.locator(".since")).to_contain_text("Connected since 5 Jan 2026")
    expect(card.locator(".granted li").filter(has_text="send mail as you")).to_have_count(1)
    expect(card.locator(".missing")).to_have_count(0)
    assert visitor.page.url == f"{world.origin}/account"
    assert world.stored() == {"connections": 1, "audit": 1, "flow_marks": ["connected"]}
    assert ask_token(world, provider) == (200, "")


@BOTH
def test_a_revoked_connection_is_refused_from_then_on(
    world: Running, visitor: Visitor, provider: str
) -> None:
    """The page tells what revoking ended, the agent is refused at once."""
    visitor.sign_in(provider, SARAH, "sarah")
    revoke(visitor, provider)
    notice = visitor.page.locator("#notice")
    expect(notice).to_contain_text(f"{TITLES[provider]} is revoked.")
    if provider == "Google":
        expect(notice).to_contain_text("The provider ended the permission as well.")
        expect(notice).to_contain_text(
            "Tokens that were handed out stop working; that can take the provider a few minutes."
        )
    else:
        expect(notice).to_contain_text("works until 5 Jan 2026")
        expect(notice.get_by_role("link")).to_have_attribute("href", "https://myapps.microsoft.com")
    visitor.sees_card(TITLES[provider], "Revoked")
    expect(notice).to_be_focused()
    assert ask_token(world, provider) == (404, "not_connected")


def test_whoever_thinks_better_of_it_keeps_the_connection(world: Running, visitor: Visitor) -> None:
    """The dialog's safe button has the focus; Escape and that button both change nothing."""
    visitor.sign_in("Google", SARAH, "sarah")
    button = visitor.card("Google Workspace").get_by_role("button", name="Revoke")
    for way_out in ("Escape", "Enter"):
        button.click()
        expect(visitor.page.get_by_role("button", name="Keep it")).to_be_focused()
        visitor.page.keyboard.press(way_out)
        expect(visitor.page.get_by_role("dialog")).to_have_count(0)
    assert ask_token(world, "Google") == (200, "")
    assert not [e for e in world.exchanges if e.method == "DELETE"]


def test_a_revoked_connection_is_connected_again(world: Running, visitor: Visitor) -> None:
    """One press leads to the provider, with the e-mail known."""
    visitor.sign_in("Google", SARAH, "sarah")
    revoke(visitor, "Google")
    visitor.card("Google Workspace").get_by_role("button", name="Connect again").click()
    visitor.choose("sarah")
    visitor.accept()
    visitor.sees_card("Google Workspace", "Connected")
    assert ask_token(world, "Google") == (200, "")


def test_an_unticked_optional_permission_is_shown_as_missing(
    world: Running, visitor: Visitor
) -> None:
    """Google lets people choose: the connection works, and the page says what it lacks."""
    visitor.sign_in("Google", SARAH, "sarah", unticked=["drive.readonly"])
    visitor.sees_card("Google Workspace", "Connected")
    card = visitor.card("Google Workspace")
    expect(card.locator(".missing li")).to_have_text(["see and download your files"])
    expect(card.get_by_role("button", name="Connect again")).to_be_visible()
    assert world.stored() == {"connections": 1, "audit": 1, "flow_marks": ["connected"]}


def test_a_connection_that_needs_the_person_says_so(world: Running, visitor: Visitor) -> None:
    """A grant that died at the provider: why, in plain words, and the way to mend it."""
    visitor.sign_in("Microsoft", SARAH, "sarah")
    visitor.sees_card("Microsoft 365", "Connected")
    world.sandbox.revoke_grant("microsoft", "sarah")
    for _ in range(3):  # an hour, in which the page is open now and then
        world.clock.advance(20 * 60)
        visitor.open("/account")
        visitor.page.wait_for_load_state("networkidle")  # the session is renewed too
    assert ask_token(world, "Microsoft") == (409, "needs_sign_in")
    visitor.open("/account")
    visitor.sees_card("Microsoft 365", "Sign-in needed")
    visitor.picture("account-sign-in-needed")
    expect(visitor.card("Microsoft 365").locator(".reason")).to_contain_text("taken back")
    visitor.card("Microsoft 365").get_by_role("button", name="Connect again").click()
    visitor.choose("sarah")
    visitor.accept()
    visitor.sees_card("Microsoft 365", "Connected")
    assert ask_token(world, "Microsoft") == (200, "")


def test_both_providers_are_shown_in_one_session(visitor: Visitor) -> None:
    """The second sign-in adds to the session; nothing of the first is lost."""
    visitor.sign_in("Microsoft", SARAH, "sarah")
    visitor.sees_card("Microsoft 365", "Connected")
    visitor.sign_in("Google", SARAH, "sarah")
    visitor.sees_card("Google Workspace", "Connected")
    visitor.sees_card("Microsoft 365", "Connected")
    visitor.picture("account-both-providers")


def test_an_admin_sees_their_own_connections_in_their_account(
    world: Running, new_visitor: NewVisitor
) -> None:
    """Everybody's stand on the administrators' page, to which the account leads."""
    person = new_visitor()
    person.sign_in("Google", SARAH, "sarah")
    person.sees_card("Google Workspace", "Connected")
    expect(person.page.get_by_role("link", name="Administration")).to_have_count(0)
    admin = new_visitor()
    admin.sign_in("Microsoft", "admin@company.com", "admin")
    admin.sees_card("Microsoft 365", "Connected")
    expect(admin.page.locator("#list > li")).to_have_count(1)
    admin.page.get_by_role("link", name="Administration").click()
    admin.page.wait_for_url(f"{world.origin}/admin")


def test_pressing_the_button_writes_nothing(world: Running, visitor: Visitor) -> None:
    """On the way to the provider no store and no key has been touched."""
    visitor.leave("Microsoft", SARAH)
    assert world.meter.counts() == {}


def test_signing_in_works_without_javascript(world: Running, new_visitor: NewVisitor) -> None:
    """Forms and redirects are enough; only the list needs a script, and the page says so."""
    visitor = new_visitor(java_script_enabled=False)
    visitor.sign_in("Microsoft", SARAH, "sarah")
    expect(visitor.page.locator("noscript p")).to_be_visible()
    expect(visitor.page.locator("noscript p")).to_contain_text("it worked")
    visitor.picture("account-without-javascript", scripts=False)
    assert world.stored() == {"connections": 1, "audit": 1, "flow_marks": ["connected"]}


def test_nobody_learns_where_the_browser_came_from(world: Running, visitor: Visitor) -> None:
    """No referrer goes to the provider, and none comes along from the callback's address."""
    visitor.sign_in("Google", SARAH, "sarah")
    visitor.sees_card("Google Workspace", "Connected")
    referers = {
        request.all_headers().get("referer", "")
        for request in visitor.requests
        if request.url.startswith(world.sandbox.base_url)
    }
    assert not [referer for referer in referers if referer.startswith(world.origin)]
    paths = [exchange.path for exchange in world.exchanges]
    after = world.exchanges[paths.index("/api/v1/oauth/callback/google") + 1]
    assert (after.path, after.referer) == ("/account", "")
