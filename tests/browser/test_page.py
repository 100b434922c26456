"""The first page: plain when something does not work, and nobody's tool."""

import requests
from playwright.sync_api import Route, expect

from tests.browser.conftest import NewVisitor
from tests.browser.visitor import Visitor
from tests.browser.ways import SARAH, connected, dialog
from tests.support.running import Running

USERS = "/api/v1/oauth/users"
SESSION = "/api/v1/account/session"
CONNECTION = "/api/v1/oauth/user/"
PROBLEM = '{"code": "store_unavailable", "status": 503}'


def test_an_address_that_names_connector_type_and_e_mail_fills_the_page_in(
    visitor: Visitor,
) -> None:
    """The page behind `reauthorize_url`: one button, the e-mail there; nothing happens by itself."""
    visitor.open("/connect?connector_type=google_workspace&user_email=sarah%40company.com")
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Connect Google Workspace")
    expect(visitor.page.get_by_label("Work e-mail")).to_have_value(SARAH)
    expect(visitor.page.get_by_role("button")).to_have_text(["Sign in with Google"])
    visitor.page.get_by_label("Work e-mail").press("Enter")
    expect(visitor.page.locator(".brand")).to_have_text("Google")


def test_an_address_that_names_rubbish_shows_the_first_page(visitor: Visitor) -> None:
    """What stands in the address is shown as text at most."""
    visitor.open("/connect?connector_type=%3Cscript%3E&user_email=%22%3E%3Cscript%3Ealert(1)")
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Connect your work account")
    expect(visitor.page.get_by_label("Work e-mail")).to_have_value('"><script>alert(1)')


def test_nobody_is_told_that_they_are_connected_by_an_address_alone(
    world: Running, visitor: Visitor
) -> None:
    """A handle that anybody wrote there is asked about, and removed from the address."""
    ends = int(world.clock().timestamp()) + 600
    visitor.open(f"/?connector_type=google_workspace&flow_handle={'0' * 32}-{ends:x}")
    visitor.page.wait_for_url(f"{world.origin}/account")
    visitor.page.wait_for_load_state("networkidle")
    expect(visitor.page.locator("#notice")).to_be_empty()


def test_a_stranger_is_not_asked_for_a_session(world: Running, visitor: Visitor) -> None:
    """Without a session's cookie the page asks the API nothing, so nothing is refused."""
    visitor.open()
    visitor.page.wait_for_load_state("networkidle")
    assert USERS not in [exchange.path for exchange in world.exchanges]


def test_an_api_that_does_not_answer_is_tried_again(visitor: Visitor) -> None:
    """A plain sentence and a button; after that all is as it should be."""
    visitor.sign_in("Google", SARAH, "sarah")
    visitor.sees_card("Google Workspace", "Connected")
    visitor.forgiven = (USERS,)

    def down(route: Route) -> None:
        route.fulfill(status=503, content_type="application/problem+json", body=PROBLEM)

    visitor.page.route(f"**{USERS}?*", down)
    visitor.open("/account")
    expect(visitor.page.get_by_role("alert")).to_contain_text("The database does not answer.")
    visitor.page.get_by_role("button", name="Try again").click()
    expect(visitor.page.get_by_role("alert")).to_contain_text("The database does not answer.")
    visitor.page.unroute(f"**{USERS}?*")
    visitor.page.get_by_role("button", name="Try again").click()
    visitor.sees_card("Google Workspace", "Connected")
    expect(visitor.page.get_by_role("alert")).to_have_count(0)


def test_a_revocation_that_fails_is_tried_again(visitor: Visitor) -> None:
    """Without being asked a second time whether one is sure."""
    dialog(visitor)
    visitor.forgiven = (CONNECTION,)

    def down(route: Route) -> None:
        route.fulfill(status=503, content_type="application/problem+json", body=PROBLEM)

    visitor.page.route(f"**{CONNECTION}**", down)
    visitor.page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(visitor.page.get_by_role("alert")).to_contain_text("The database does not answer.")
    visitor.page.unroute(f"**{CONNECTION}**")
    visitor.page.get_by_role("button", name="Try again").click()
    visitor.sees_card("Google Workspace", "Revoked")


def test_a_connection_revoked_elsewhere_is_gone_here_too(new_visitor: NewVisitor) -> None:
    """Two windows, one connection: the second is told that it was done."""
    visitor = new_visitor()
    dialog(visitor)
    elsewhere = visitor.context.new_page()
    elsewhere.goto(f"{visitor.world.origin}/account")
    elsewhere.get_by_role("button", name="Revoke").click()
    elsewhere.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(elsewhere.locator("#notice")).to_contain_text("Google Workspace is revoked.")
    visitor.forgiven = (CONNECTION,)
    visitor.page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(visitor.page.locator("#notice")).to_have_text("Google Workspace was revoked already.")
    visitor.sees_card("Google Workspace", "Revoked")


def test_a_session_that_is_over_asks_to_sign_in(world: Running, visitor: Visitor) -> None:
    """After eight hours the list is gone, and the page says why."""
    connected(visitor)
    world.clock.advance(8 * 3600)
    visitor.forgiven = (USERS, SESSION)  # what the page asks at once, before it is told of either
    visitor.open("/account")
    expect(visitor.page.locator("#notice")).to_contain_text("Your session is over.")
    expect(visitor.page.locator("#list > li:visible")).to_have_count(0)
    expect(visitor.page.get_by_role("button", name="Sign in with Google")).to_be_visible()


def test_the_pages_let_nothing_in(world: Running) -> None:
    """The policies: no inline script, no foreign origin, no frame around us."""
    page = requests.get(world.origin, timeout=30)
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "<style" not in page.text
    assert page.text.count("<script") == page.text.count('<script type="module" src="/assets/')
