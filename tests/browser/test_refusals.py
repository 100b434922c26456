"""Every way in which a sign-in can fail ends on a clear page, and stores nothing but how it ended."""

import pytest
import requests
from playwright.sync_api import expect

from tests.browser.conftest import NewVisitor
from tests.browser.visitor import Visitor
from tests.support.running import Running

SARAH = "sarah@company.com"
BOTH = pytest.mark.parametrize("provider", ["Microsoft", "Google"])
OVER_TEN_MINUTES = 601
NOT_OPEN = ("This sign-in is not open in this browser", "flow_missing")


def link_for(world: Running, user_email: str) -> str:
    """Ask for a link, as a frontend of the organisation does."""
    answer = requests.post(
        f"{world.origin}/api/v1/oauth/user/authorize",
        json={"user_email": user_email, "connector_type": "microsoft_teams"},
        timeout=30,
    )
    url: str = answer.json()["authorization_url"]
    return url


@BOTH
@pytest.mark.parametrize(
    ("account", "failure"),
    [
        ("mallory", ("That account belongs to another organisation", "wrong_tenant")),
        ("consumer", ("That is a private account", "consumer_account_refused")),
        ("john", ("That is another account", "email_mismatch")),
    ],
)
def test_the_wrong_account_is_refused(
    world: Running, visitor: Visitor, provider: str, account: str, failure: tuple[str, str]
) -> None:
    """Whoever the provider lets in: the account must be of our organisation and the e-mail's own."""
    world.sandbox.set("microsoft", lenient_tenant=True)
    visitor.sign_in(provider, SARAH, account)
    visitor.sees_failure(*failure)
    if provider == "Microsoft":
        visitor.picture(f"refused-{account}")
    assert world.stored() == {"flow_marks": [failure[1]]}


def test_a_guest_is_refused(world: Running, visitor: Visitor) -> None:
    """A guest of the tenant signs in under the tenant's name, and is not one of its people."""
    visitor.sign_in("Microsoft", "gina@partner.example", "guest")
    visitor.sees_failure("That is a guest account", "guest_refused")
    assert world.stored() == {"flow_marks": ["guest_refused"]}


@BOTH
def test_whoever_says_no_is_not_connected(world: Running, visitor: Visitor, provider: str) -> None:
    """Cancel at the provider; from the page one can start again, with the e-mail still there."""
    visitor.leave(provider, SARAH)
    visitor.choose("sarah")
    visitor.cancel()
    visitor.sees_failure("You said no", "access_denied")
    assert world.stored() == {"flow_marks": ["access_denied"]}
    visitor.page.get_by_role("link", name="Start again").click()
    expect(visitor.page.get_by_label("Work e-mail")).to_have_value(SARAH)
    visitor.page.get_by_role("button", name=f"Sign in with {provider}").click()
    visitor.choose("sarah")
    visitor.accept()
    expect(visitor.page.locator("#notice")).to_contain_text("is connected.")


def test_an_unticked_required_permission_connects_nothing(world: Running, visitor: Visitor) -> None:
    """Without it the connection could not do what it is for."""
    visitor.sign_in("Google", SARAH, "sarah", unticked=["gmail.send"])
    visitor.sees_failure("A permission is missing", "consent_missing_required_scope")
    assert world.stored() == {"flow_marks": ["consent_missing_required_scope"]}


@BOTH
def test_a_trip_of_over_ten_minutes_is_refused(
    world: Running, visitor: Visitor, provider: str
) -> None:
    """The flow is over, although the browser still has its cookie and the code is good."""
    visitor.leave(provider, SARAH)
    visitor.choose("sarah")
    world.clock.advance(OVER_TEN_MINUTES)
    visitor.accept()
    visitor.sees_failure("That took too long", "flow_expired")
    assert world.stored() == {"flow_marks": ["flow_expired"]}


def test_someone_elses_e_mail_is_not_taken_over(world: Running, new_visitor: NewVisitor) -> None:
    """An e-mail that is connected already stays with the account that holds it."""
    sarah = new_visitor()
    sarah.sign_in("Google", SARAH, "sarah")
    sarah.sees_card("Google Workspace", "Connected")
    before = world.rows("connections")
    other = new_visitor()
    other.sign_in("Google", SARAH, "john")
    other.sees_failure("That is another account", "email_mismatch")
    assert world.rows("connections") == before


@BOTH
def test_an_address_of_the_callback_counts_once(
    world: Running, visitor: Visitor, provider: str
) -> None:
    """N02: Opened once more in the same browser it changes nothing, and says where to look."""
    visitor.sign_in(provider, SARAH, "sarah")
    expect(visitor.page.locator("#notice")).to_contain_text("is connected.")
    before = world.stored()
    visitor.page.goto(visitor.callback_url())
    visitor.sees_failure(*NOT_OPEN)
    visitor.page.get_by_role("link", name="To my account").click()
    expect(visitor.page.locator("#list > li").first).to_contain_text("Connected")
    assert world.stored() == before


def test_an_address_of_the_callback_works_in_no_other_browser(
    world: Running, new_visitor: NewVisitor
) -> None:
    """
    N05: Lured into another's sign-in, nobody is connected; the browser that began it still
    can end it.
    """
    began, lured = new_visitor(), new_visitor()
    began.leave("Microsoft", SARAH)
    began.choose("sarah")
    caught = began.accept_without_going_back()
    lured.page.goto(caught)
    lured.sees_failure(*NOT_OPEN)
    assert world.stored() == {}
    began.page.goto(caught)
    began.sees_card("Microsoft 365", "Connected")


def test_a_link_works_in_any_browser_as_a_sign_in_of_its_own(
    world: Running, new_visitor: NewVisitor
) -> None:
    """N27: A link holds no secret of any flow: opened twice it begins two, each bound to its browser."""
    link = link_for(world, "maria@company.com")
    first, second = new_visitor(), new_visitor()
    for visitor in (first, second):
        visitor.page.goto(link)
        expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Connect Microsoft 365")
        expect(visitor.page.get_by_text("maria@company.com")).to_be_visible()
        visitor.page.get_by_role("button", name="Continue to Microsoft").click()
    assert world.stored() == {}
    second.choose("maria")
    second.accept()
    second.sees_card("Microsoft 365", "Connected")
    first.choose("maria")
    first.sees_card("Microsoft 365", "Connected")
    assert world.stored() == {
        "connections": 1,
        "audit": 2,
        "flow_marks": ["connected", "connected"],
    }


def test_a_link_of_over_ten_minutes_is_refused(world: Running, visitor: Visitor) -> None:
    """Also when the page was open in time and only the button was pressed too late."""
    link = link_for(world, SARAH)
    visitor.page.goto(link)
    world.clock.advance(OVER_TEN_MINUTES)
    visitor.page.get_by_role("button", name="Continue to Microsoft").click()
    visitor.sees_failure("This link is too old", "ticket_expired")
    visitor.page.goto(link)
    visitor.sees_failure("This link is too old", "ticket_expired")
    assert world.stored() == {}


def test_an_altered_link_is_refused(world: Running, visitor: Visitor) -> None:
    """A link that lost its end on the way."""
    visitor.page.goto(link_for(world, SARAH)[:-4])
    visitor.sees_failure("This link is not valid", "ticket_invalid")
    assert world.stored() == {}


def test_going_back_after_success_changes_nothing(world: Running, visitor: Visitor) -> None:
    """Back at the provider's page, whoever goes the same way once more is told that it is done."""
    visitor.sign_in("Google", SARAH, "sarah")
    visitor.sees_card("Google Workspace", "Connected")
    before = world.stored()
    provider = next(r.url for r in visitor.requests if "accounts.google.com" in r.url)
    visitor.page.goto(provider)  # browsers do not repeat a form by themselves
    visitor.choose("sarah")
    visitor.sees_failure(*NOT_OPEN)
    assert world.stored() == before
