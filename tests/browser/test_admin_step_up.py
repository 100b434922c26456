"""Where the policy asks for it, administrators prove more before they change what is another's."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.admin_ways import GOOGLE, Office, loaded, opened
from tests.browser.visitor import Visitor
from tests.browser.ways import SARAH

REFUSED = ("/api/v1/oauth/offboard", "/api/v1/oauth/user/")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Give an office with a strict policy."""
    with Office(tmp_path_factory.mktemp("office"), strict=True) as office:
        yield office


def prove(visitor: Visitor) -> None:
    """Go where the page leads, sign in once more, and come back."""
    visitor.page.get_by_role("button", name="Confirm that it is you").click()
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Confirm that it is you")
    expect(visitor.page.get_by_label("Work e-mail")).to_have_value("admin@company.com")
    visitor.page.get_by_role("button", name="Sign in with Microsoft").click()
    visitor.choose("admin")
    visitor.page.wait_for_url(f"{visitor.world.origin}/admin?*")
    loaded(visitor.page)


def test_offboarding_goes_on_where_more_proof_was_asked_for(
    world: Office, visitor: Visitor
) -> None:
    """The e-mail is still there; what was to be confirmed is confirmed anew."""
    world.put(GOOGLE, SARAH)
    world.enter(visitor)
    page = visitor.page
    visitor.forgiven = REFUSED

    def offboard() -> None:
        page.get_by_role("button", name="See what will end").click()
        page.get_by_label("Type the e-mail again to confirm").fill(SARAH)
        page.keyboard.press("Enter")

    page.get_by_label("E-mail of who leaves").fill(SARAH)
    offboard()
    expect(page.locator("#offboard-done")).to_contain_text("confirm that it is you")
    expect(page.locator("#offboard-done")).to_be_focused()
    visitor.picture("admin-step-up")
    prove(visitor)
    assert page.url == f"{world.origin}/admin?offboard=sarah%40company.com"
    expect(page.get_by_label("E-mail of who leaves")).to_have_value(SARAH)
    expect(page.get_by_label("E-mail of who leaves")).to_be_focused()
    offboard()
    expect(page.locator("#offboard-done h3")).to_have_text(f"Everything of {SARAH} is ended.")


def test_revoking_goes_on_where_more_proof_was_asked_for(world: Office, visitor: Visitor) -> None:
    """Back on the page, the person is the one that is shown."""
    world.put(GOOGLE, SARAH)
    world.put(GOOGLE, "john@company.com")
    world.enter(visitor)
    page = visitor.page
    visitor.forgiven = REFUSED

    def revoke() -> None:
        details = opened(page, SARAH)
        details.get_by_role("button", name="Revoke").click()
        page.get_by_role("dialog").get_by_role("button", name="Revoke").click()

    revoke()
    expect(page.locator(".outcome")).to_contain_text("confirm that it is you")
    prove(visitor)
    assert page.url == f"{world.origin}/admin?email=sarah%40company.com"
    revoke()
    expect(page.locator(".outcome")).to_contain_text("It is revoked.")
