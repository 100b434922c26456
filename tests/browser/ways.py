"""Ways to places that several tests begin at."""

from playwright.sync_api import expect

from tests.browser.visitor import Visitor

SARAH = "sarah@company.com"


def connected(visitor: Visitor) -> None:
    """Go to the list with something in it, with a permission that is missing."""
    visitor.sign_in("Google", SARAH, "sarah", unticked=["drive.readonly"])
    visitor.sees_card("Google Workspace", "Connected")


def dialog(visitor: Visitor) -> None:
    """Go as far as the question before revoking."""
    connected(visitor)
    visitor.page.get_by_role("button", name="Revoke").click()
    expect(visitor.page.get_by_role("dialog")).to_be_visible()
