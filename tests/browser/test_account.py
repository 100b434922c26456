"""A person signs out, and says which agents may use what is theirs."""

import requests
from playwright.sync_api import expect

from multi_user_oauth.sandbox.company import DEFAULT_AGENT
from tests.browser.conftest import NewVisitor
from tests.browser.visitor import Visitor
from tests.browser.ways import SARAH, connected
from tests.support.running import Running

SESSION = "/api/v1/account/session"
USERS = "/api/v1/oauth/users"
TEN_MINUTES = 600_000


def ask_token(world: Running) -> requests.Response:
    """Ask for Sarah's token as the agent."""
    return requests.get(
        f"{world.origin}/api/v1/oauth/user/google_workspace/{SARAH}/token",
        headers={"Authorization": f"Bearer {world.sandbox.identity_token(world.origin)}"},
        timeout=30,
    )


def test_a_person_signs_out(world: Running, visitor: Visitor) -> None:
    """The list goes away, and a cookie that somebody kept is worth nothing."""
    connected(visitor)
    kept = visitor.context.cookies()
    visitor.page.get_by_role("button", name="Sign out", exact=True).click()
    expect(visitor.page.locator("#notice")).to_have_text("You are signed out.")
    expect(visitor.page.locator("#notice")).to_be_focused()
    expect(visitor.page.locator("#list > li:visible")).to_have_count(0)
    visitor.picture("account-signed-out")
    assert [c["name"] for c in visitor.context.cookies(world.origin)] == []
    visitor.context.add_cookies(kept)  # type: ignore[arg-type]  # reason: what Playwright gives it takes
    visitor.forgiven = (SESSION,)
    visitor.open("/account")
    expect(visitor.page.locator("#notice")).to_contain_text("Your session is over.")


def test_a_person_cuts_an_agent_and_allows_it_again(world: Running, visitor: Visitor) -> None:
    """The agent is refused from the moment on which the page says so."""
    connected(visitor)
    assert ask_token(world).status_code == 200
    card = visitor.card("Google Workspace")
    agent = card.locator(".agents li")
    expect(agent.locator(".name")).to_have_text(DEFAULT_AGENT)
    expect(agent).to_contain_text("may do everything that you allowed")
    agent.get_by_role("button", name=f"Cut {DEFAULT_AGENT} from Google Workspace").click()
    expect(agent).to_contain_text("may do nothing in your name")
    expect(visitor.page.locator("#notice")).to_contain_text(
        f"{DEFAULT_AGENT} gets nothing more from Google Workspace."
    )
    allow = agent.get_by_role("button", name=f"Allow {DEFAULT_AGENT} to use Google Workspace")
    expect(allow).to_be_focused()
    assert ask_token(world).json()["code"] == "delegation_required"
    allow.click()
    visitor.page.get_by_role("dialog").get_by_role("button", name="Allow").click()
    expect(agent).to_contain_text("may do everything that you allowed")
    assert ask_token(world).status_code == 200
    assert len(world.rows("audit")) == 3


def test_the_page_to_which_a_refused_agent_sends_shows_its_agents(
    world: Running, visitor: Visitor
) -> None:
    """The address names the connection; its agents are in sight, and two key presses away."""
    connected(visitor)
    visitor.page.get_by_role("button", name="Cut").click()
    expect(visitor.page.get_by_role("button", name="Allow")).to_be_visible()
    visitor.page.goto(ask_token(world).json()["delegate_url"])
    allow = visitor.page.get_by_role("button", name="Allow")
    expect(allow).to_be_focused()
    expect(allow).to_be_in_viewport()
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.get_by_role("dialog").get_by_role("button", name="Allow")).to_be_focused()
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.get_by_role("button", name="Cut")).to_be_visible()
    assert ask_token(world).status_code == 200


def test_an_open_page_keeps_its_session_alive(world: Running, visitor: Visitor) -> None:
    """For eight hours at most; a page that is closed does not."""
    visitor.page.clock.install()
    connected(visitor)
    visitor.page.wait_for_load_state("networkidle")
    for _ in range(4):
        world.clock.advance(600)
        with visitor.page.expect_response(f"**{SESSION}") as answered:
            visitor.page.clock.fast_forward(TEN_MINUTES)
        assert answered.value.status == 200
    visitor.open("/account")
    visitor.sees_card("Google Workspace", "Connected")
    expect(visitor.card("Google Workspace").locator(".used")).not_to_be_empty()
    world.clock.advance(1800)
    visitor.forgiven = (SESSION, USERS)
    visitor.page.clock.fast_forward(TEN_MINUTES)
    expect(visitor.page.locator("#notice")).to_contain_text("Your session is over.")


def test_two_windows_show_the_same_word(new_visitor: NewVisitor) -> None:
    """What was cut in one is cut in the other as soon as it is looked at anew."""
    visitor = new_visitor()
    connected(visitor)
    visitor.page.get_by_role("button", name="Cut").click()
    expect(visitor.page.get_by_role("button", name="Allow")).to_be_visible()
    elsewhere = visitor.context.new_page()
    elsewhere.goto(f"{visitor.world.origin}/account")
    expect(elsewhere.get_by_role("button", name="Allow")).to_be_visible()
