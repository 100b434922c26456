"""Ways to places that several tests begin at."""

from datetime import date, timedelta

import requests
from playwright.sync_api import Locator, expect

from tests.browser.visitor import Visitor
from tests.support.running import Running

SARAH = "sarah@company.com"
GOOGLE = "Google Workspace"
TOKEN = f"/api/v1/oauth/user/google_workspace/{SARAH}/token"


def connected(visitor: Visitor) -> None:
    """Go to the list with something in it, with a permission that is missing."""
    visitor.sign_in("Google", SARAH, "sarah", unticked=["drive.readonly"])
    visitor.sees_card("Google Workspace", "Connected")


def dialog(visitor: Visitor) -> None:
    """Go as far as the question before revoking."""
    connected(visitor)
    visitor.page.get_by_role("button", name="Revoke").click()
    expect(visitor.page.get_by_role("dialog")).to_be_visible()


def as_agent(world: Running, **query: str) -> requests.Response:
    """Ask for Sarah's token as the agent."""
    bearer = {"Authorization": f"Bearer {world.sandbox.identity_token(world.origin)}"}
    return requests.get(world.origin + TOKEN, params=query, headers=bearer, timeout=30)


def day(world: Running, days: int) -> date:
    """Return the day that is so far from now, by the clock that all tests of a module share."""
    return (world.clock() + timedelta(days=days)).date()


def told(at: date) -> str:
    """Return a day as the page tells it."""
    return f"{at.day} {at:%b %Y}"


def agent_of(visitor: Visitor) -> Locator:
    """Return the line of the one agent."""
    return visitor.card(GOOGLE).locator(".agents li")
