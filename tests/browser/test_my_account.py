"""The account: what agents may do, until when, what they did; and what happened to a connection."""

import json
from typing import Any

from playwright.sync_api import Route, expect

from multi_user_oauth.sandbox.company import DEFAULT_AGENT
from tests.browser.visitor import Visitor
from tests.browser.ways import GOOGLE, SARAH, agent_of, as_agent, connected, day, told
from tests.support.running import Running

SESSION = "/api/v1/account/session"
AUDIT = "/api/v1/account/audit"


def choose(visitor: Visitor, *actions: str, until: str = "") -> None:
    """Tick these alone in the open dialog, give it a last day, and save."""
    chosen = visitor.page.get_by_role("dialog")
    chosen.get_by_label("do everything that you allowed").uncheck()
    for box in chosen.get_by_role("checkbox", checked=True).all()[::-1]:
        box.uncheck()
    for action in actions:
        chosen.get_by_label(action).check()
    if until:
        chosen.get_by_label("Until (optional)").fill(until)
    chosen.get_by_role("button", name="Save").click()


def test_a_person_limits_an_agent_to_some_actions_until_a_day(
    world: Running, visitor: Visitor
) -> None:
    """From then on it gets that and nothing else; what it was left is there to be changed."""
    visitor.page.clock.set_fixed_time(world.clock())
    connected(visitor)
    agent_of(visitor).get_by_role("button", name=f"Limit {DEFAULT_AGENT} on {GOOGLE}").click()
    choose(visitor, "read your mail", until=str(day(world, 26)))
    until = f"may read your mail, until {told(day(world, 26))}"
    expect(agent_of(visitor)).to_contain_text(until)
    expect(visitor.page.locator("#notice")).to_contain_text("may read your mail")
    expect(agent_of(visitor).get_by_role("button", name="Limit")).to_be_focused()
    visitor.picture("account-agent-limited")
    assert as_agent(world).json()["code"] == "delegation_required"
    agent_of(visitor).get_by_role("button", name="Limit").click()
    dialog = visitor.page.get_by_role("dialog")
    expect(dialog.get_by_label("read your mail")).to_be_checked()
    expect(dialog.get_by_label("send mail as you")).not_to_be_checked()
    expect(dialog.get_by_label("Until (optional)")).to_have_value(str(day(world, 26)))
    dialog.get_by_role("button", name="Leave it as it is").click()
    expect(agent_of(visitor)).to_contain_text(until)


def test_a_leave_that_is_over_says_so(world: Running, visitor: Visitor) -> None:
    """With the day on which it ended, and the way to give it anew."""
    visitor.page.clock.set_fixed_time(world.clock())
    connected(visitor)
    agent_of(visitor).get_by_role("button", name="Limit").click()
    choose(visitor, "send mail as you", until=str(day(world, 1)))
    until = told(day(world, 1))
    expect(agent_of(visitor)).to_contain_text(f"until {until}")
    expect(agent_of(visitor)).to_contain_text("Has not used it yet")
    world.clock.advance(49 * 3600)
    visitor.forgiven = (SESSION,)  # which is over, and which the first page asks about
    visitor.sign_in("Google", SARAH, "sarah")
    expect(agent_of(visitor)).to_contain_text(f"what you allowed ended on {until}")
    expect(agent_of(visitor).get_by_role("button")).to_have_text(["Allow"])


def test_nothing_at_all_can_not_be_saved(visitor: Visitor) -> None:
    """That is what cutting is for: the dialog stays, and says so."""
    connected(visitor)
    agent_of(visitor).get_by_role("button", name="Limit").click()
    choose(visitor)
    dialog = visitor.page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    everything = dialog.get_by_label("do everything that you allowed")
    said = everything.evaluate("element => element.validationMessage")
    assert said == "Choose at least one. To take everything back, press Cut."
    visitor.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(agent_of(visitor)).to_contain_text("may do everything that you allowed")


def test_everything_includes_the_rest(visitor: Visitor) -> None:
    """Whoever ticks everything sees what that is, and can not take a part away beside it."""
    connected(visitor)
    agent_of(visitor).get_by_role("button", name="Limit").click()
    dialog = visitor.page.get_by_role("dialog")
    for box in dialog.get_by_role("checkbox").all()[1:]:
        expect(box).to_be_checked()
        expect(box).to_be_disabled()
    expect(dialog.get_by_label("read your chats")).to_have_count(0)  # Google has none here


def test_the_page_shows_who_used_a_connection_and_what_for(
    world: Running, visitor: Visitor
) -> None:
    """The agent's own words for it are text, whatever they are."""
    connected(visitor)
    expect(agent_of(visitor)).to_contain_text("Has not used it yet")
    assert as_agent(world, purpose="<b>invoices</b>").status_code == 200
    visitor.open("/account")
    expect(agent_of(visitor)).to_contain_text(f"Last used {told(day(world, 0))}")
    expect(agent_of(visitor)).to_contain_text("took an access token (“<b>invoices</b>”)")
    assert visitor.page.locator("b").count() == 0


def test_the_history_of_a_connection_is_told_in_plain_words(
    world: Running, visitor: Visitor
) -> None:
    """The newest first, fetched when it is opened and not before."""
    connected(visitor)
    agent_of(visitor).get_by_role("button", name="Cut").click()
    expect(agent_of(visitor)).to_contain_text("may do nothing")
    assert AUDIT not in [exchange.path for exchange in world.exchanges]
    visitor.card(GOOGLE).get_by_text("History").click()
    rows = visitor.card(GOOGLE).locator(".history li")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text(f"An agent was cut: {DEFAULT_AGENT}")
    expect(rows.last).to_contain_text("Connected")
    expect(rows.last).to_contain_text(told(day(world, 0)))


def test_a_long_history_is_read_on_where_it_went_on(visitor: Visitor) -> None:
    """The older part comes when it is asked for; the focus goes to where it begins."""
    connected(visitor)

    def record(sequence: int) -> dict[str, Any]:
        return {
            "sequence": sequence,
            "at": "2026-01-05T09:00:00Z",
            "actor": "system:refresh",
            "event": "refreshed",
            "outcome": "active",
            "hash": "0",
            "previous_hash": "0",
        }

    def pages(route: Route) -> None:
        older = "page_token" in route.request.url
        records = [record(n) for n in (range(5) if older else range(5, 10))]
        body: dict[str, Any] = {"records": records}
        if not older:
            body["next_page_token"] = "5-x"
        route.fulfill(content_type="application/json", body=json.dumps(body))

    visitor.page.route(f"**{AUDIT}?*", pages)
    history = visitor.card(GOOGLE).locator(".history")
    history.get_by_text("History").click()
    expect(history.get_by_role("listitem")).to_have_count(5)
    history.get_by_role("button", name="Show older").click()
    expect(history.get_by_role("listitem")).to_have_count(10)
    expect(history.get_by_role("listitem").nth(5)).to_be_focused()
    expect(history.get_by_role("button", name="Show older")).to_have_count(0)
