"""The administrators' page is for administrators and auditors; others learn nothing from it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.admin_ways import GOOGLE, MICROSOFT, Office, loaded, opened, people, sign_in_here
from tests.browser.conftest import NewVisitor
from tests.browser.visitor import Visitor
from tests.browser.ways import SARAH

SESSION = "/api/v1/account/session"
ADMIN = "admin@company.com"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Give an office in which people work."""
    with Office(tmp_path_factory.mktemp("office")) as office:
        yield office


@pytest.fixture
def office(world: Office) -> Office:
    """Give the office, with two people who are connected."""
    world.put(MICROSOFT, SARAH)
    world.put(GOOGLE, "maria@company.com")
    return world


def test_an_administrator_sees_everybody(office: Office, visitor: Visitor) -> None:
    """Who is connected, and how many; from the account a link leads here."""
    office.enter(visitor)
    expect(people(visitor.page)).to_have_text(["maria@company.com", SARAH])
    expect(visitor.page.locator("#as")).to_have_text(f"Signed in as {ADMIN}, administrator.")
    types = visitor.page.locator("#types > li")
    expect(types).to_have_count(2)
    microsoft = types.filter(has=visitor.page.get_by_role("heading", name="Microsoft 365"))
    expect(microsoft.get_by_role("link", name="1 Connected of Microsoft 365")).to_be_visible()
    expect(visitor.page.locator("#nav [aria-current=page]")).to_have_text("Administration")


def test_an_auditor_sees_everything_and_changes_nothing(office: Office, visitor: Visitor) -> None:
    """No button of theirs ends anything; what they may not is not offered."""
    office.enter(visitor, "auditor")
    page = visitor.page
    expect(page.locator("#as")).to_have_text("Signed in as john@company.com, auditor.")
    expect(people(page)).to_have_text(["maria@company.com", SARAH])
    details = opened(page, SARAH)
    expect(details.get_by_role("button")).to_have_text(["Verify"])
    details.get_by_role("button", name="Verify").click()
    expect(details.locator(".verification")).to_have_text("The one record verifies.")
    expect(page.get_by_role("heading", name="Somebody leaves")).to_be_hidden()
    expect(page.locator(".danger:visible")).to_have_count(0)
    expect(page.locator(".permit")).to_have_count(0)
    visitor.picture("admin-auditor")


def test_a_plain_person_is_sent_to_their_account(office: Office, visitor: Visitor) -> None:
    """A sentence and a link; the page asks nothing in their name that they may not ask."""
    visitor.open("/admin?email=maria")
    sign_in_here(visitor, "pat.lee@company.com", "pat")
    nobody = visitor.page.locator("#nobody")
    expect(nobody).to_contain_text("for administrators and auditors")
    expect(visitor.page.locator("#office")).to_be_hidden()
    expect(visitor.page.get_by_role("link", name="Administration")).to_have_count(0)
    visitor.page.wait_for_load_state("networkidle")
    assert office.asked() == []
    visitor.picture("admin-plain-person")
    refused = {
        path: visitor.page.request.get(f"{office.origin}{path}").status
        for path in ("/api/v1/oauth/summary", "/api/v1/account/agents")
    }
    assert set(refused.values()) == {403}
    nobody.get_by_role("link").click()
    visitor.page.wait_for_url(f"{office.origin}/account")


def test_a_stranger_signs_in_and_comes_back_to_what_they_wanted(
    office: Office, visitor: Visitor
) -> None:
    """Nothing is asked before; afterwards the shared link shows what it is about."""
    visitor.open("/admin?email=maria&health=active#everybody")
    expect(visitor.page.get_by_role("button", name="Sign in with Google")).to_be_visible()
    visitor.picture("admin-stranger")
    assert [each.path for each in office.exchanges if each.path.startswith("/api/")] == []
    sign_in_here(visitor, ADMIN, "admin")
    loaded(visitor.page)
    expect(people(visitor.page)).to_have_text(["maria@company.com"])
    address = visitor.page.url.removeprefix(office.origin).partition("#")[0]
    assert address == "/admin?email=maria&health=active"


def test_a_session_that_ends_meanwhile_leads_to_a_new_one(office: Office, visitor: Visitor) -> None:
    """The list is not shown any longer, and what to do is."""
    office.enter(visitor)
    visitor.context.clear_cookies()
    visitor.forgiven = ("/api/",)
    visitor.page.get_by_label("E-mail begins with").fill("sarah")
    expect(visitor.page.locator("#over")).to_have_text(
        "Your session is over. Sign in again to go on."
    )
    expect(visitor.page.locator("#over")).to_be_focused()
    expect(people(visitor.page).locator("visible=true")).to_have_count(0)
    sign_in_here(visitor, ADMIN, "admin")
    loaded(visitor.page)
    expect(people(visitor.page)).to_have_text([SARAH])


def test_whoever_is_no_longer_an_administrator_sees_nothing(
    office: Office, new_visitor: NewVisitor
) -> None:
    """The API says so in the middle of it; the page follows."""
    visitor = new_visitor()
    office.enter(visitor)
    visitor.forgiven = ("/api/",)
    body = '{"code": "forbidden", "status": 403}'
    visitor.page.route(
        "**/api/v1/oauth/users?*",
        lambda route: route.fulfill(status=403, content_type="application/problem+json", body=body),
    )
    visitor.page.get_by_label("E-mail begins with").fill("sarah")
    expect(visitor.page.locator("#nobody")).to_be_visible()
    expect(visitor.page.locator("#office")).to_be_hidden()


def test_an_administrator_signs_out(office: Office, visitor: Visitor) -> None:
    """The cookie is gone, and so is what was shown."""
    office.enter(visitor)
    visitor.page.get_by_role("button", name="Sign out").click()
    expect(visitor.page.locator("#over")).to_have_text("You are signed out.")
    expect(visitor.page.locator("#office")).to_be_hidden()
    assert visitor.context.cookies(office.origin) == []
