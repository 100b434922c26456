"""What administrators end: after being asked, told truthfully, and of nobody whom they did not mean."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Route, expect

from multi_user_oauth.certificate import digest_of_document
from tests.browser.admin_ways import GOOGLE, MICROSOFT, Office, opened, people
from tests.browser.conftest import NewVisitor
from tests.browser.visitor import Visitor
from tests.browser.ways import SARAH

CONNECTION = "/api/v1/oauth/user/"
OFFBOARD = "/api/v1/oauth/offboard"
PROBLEM = '{"code": "%s", "status": 503}'


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Give an office in which people work."""
    with Office(tmp_path_factory.mktemp("office")) as office:
        yield office


@pytest.fixture
def sarah(new_visitor: NewVisitor) -> Visitor:
    """Give Sarah, connected at both providers."""
    visitor = new_visitor()
    for provider, title in (("Google", "Google Workspace"), ("Microsoft", "Microsoft 365")):
        visitor.sign_in(provider, SARAH, "sarah")
        expect(visitor.page.locator("#notice")).to_have_text(f"{title} is connected.")
    return visitor


def token_status(office: Office, connector_type: str) -> int:
    """Ask for Sarah's token as an agent; return the status of the answer."""
    return requests.get(
        f"{office.origin}{CONNECTION}{connector_type}/{SARAH}/token",
        headers={"Authorization": f"Bearer {office.sandbox.identity_token(office.origin)}"},
        timeout=30,
    ).status_code


@pytest.mark.usefixtures("sarah")
def test_revoking_ends_one_connection_and_says_what_that_ended(
    world: Office, visitor: Visitor
) -> None:
    """Asked first, with the focus on the harmless answer; then the row and the numbers say it too."""
    world.enter(visitor, path="/admin?email=sarah&type=google_workspace")
    page = visitor.page
    details = opened(page, SARAH)
    details.get_by_role("button", name="Revoke").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading")).to_have_text(f"Revoke Google Workspace of {SARAH}?")
    expect(dialog.get_by_role("button", name="Keep it")).to_be_focused()
    visitor.picture("admin-revoke")
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    assert token_status(world, GOOGLE) == 200
    details.get_by_role("button", name="Revoke").click()
    dialog.get_by_role("button", name="Revoke").click()
    outcome = details.locator(".outcome")
    expect(outcome).to_contain_text("The provider ended the permission as well.")
    expect(outcome).to_contain_text("No access token that was given out works any longer.")
    expect(outcome).to_be_focused()
    expect(details.get_by_role("button", name="Revoke")).to_have_count(0)
    expect(page.locator("#people-rows .status")).to_have_text("Revoked")
    expect(details.locator(".happened li").first).to_contain_text("Revoked")
    expect(page.get_by_role("link", name="1 Revoked of Google Workspace")).to_be_visible()
    assert (token_status(world, GOOGLE), token_status(world, MICROSOFT)) == (404, 200)


@pytest.mark.usefixtures("sarah")
def test_a_revocation_that_fails_is_tried_again(world: Office, visitor: Visitor) -> None:
    """By the button of the alert; the row stays open."""
    world.enter(visitor, path="/admin?email=sarah&type=google_workspace")
    page = visitor.page
    visitor.forgiven = (CONNECTION,)
    details = opened(page, SARAH)

    def down(route: Route) -> None:
        body = PROBLEM % "store_unavailable"
        route.fulfill(status=503, content_type="application/problem+json", body=body)

    page.route(f"**{CONNECTION}**", down)
    details.get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("alert")).to_contain_text("The database does not answer.")
    visitor.picture("admin-trouble")
    page.unroute(f"**{CONNECTION}**")
    page.get_by_role("button", name="Try again").click()
    expect(details.locator(".outcome")).to_contain_text("It is revoked.")
    expect(page.get_by_role("alert")).to_have_count(0)


@pytest.mark.usefixtures("sarah")
def test_who_leaves_is_named_twice(world: Office, visitor: Visitor) -> None:
    """What will end is shown first; another e-mail typed the second time ends nothing."""
    world.enter(visitor)
    page = visitor.page
    page.get_by_label("E-mail of who leaves").fill("Sarah@company.com ")
    page.keyboard.press("Enter")
    expect(page.locator("#offboard-list li")).to_have_text(
        ["Google Workspace: will end", "Microsoft 365: will end"]
    )
    expect(page.locator("#offboard-plan-heading")).to_be_focused()
    visitor.picture("admin-offboard-plan")
    again = page.get_by_label("Type the e-mail again to confirm")
    again.fill("john@company.com")
    page.get_by_role("button", name=f"End everything of {SARAH}").click()
    expect(page.locator("#difference")).to_have_text("That is not the same e-mail.")
    expect(again).to_be_focused()
    assert (token_status(world, GOOGLE), token_status(world, MICROSOFT)) == (200, 200)


def offboard(visitor: Visitor) -> None:
    """End all that is Sarah's."""
    page = visitor.page
    page.get_by_label("E-mail of who leaves").fill(SARAH)
    page.get_by_role("button", name="See what will end").click()
    page.get_by_label("Type the e-mail again to confirm").fill(SARAH)
    page.get_by_role("button", name=f"End everything of {SARAH}").click()


def test_somebody_who_leaves_is_ended_everywhere(
    world: Office, sarah: Visitor, visitor: Visitor
) -> None:
    """And what is said of it is true: what ended, what could not be ended, what lives on until when."""
    world.enter(visitor)
    world.clock.advance(1)  # what began in the same instant did not begin before
    offboard(visitor)
    done = visitor.page.locator("#offboard-done")
    expect(done.get_by_role("heading")).to_have_text(f"Everything of {SARAH} is ended.")
    expect(done).to_be_focused()
    google, microsoft = done.get_by_role("listitem").all()
    expect(google).to_contain_text(f"Google Workspace of {SARAH}")
    expect(google).to_contain_text("The provider ended the permission as well.")
    expect(microsoft).to_contain_text("The provider has no way to end it from here.")
    expect(microsoft).to_contain_text("An access token that was given out before works until")
    expect(done).to_contain_text("The person is signed out everywhere.")
    expect(visitor.page.locator("#people-rows .status")).to_have_text(["Revoked", "Revoked"])
    expect(done).to_be_focused()
    visitor.picture("admin-offboard-done")
    assert (token_status(world, GOOGLE), token_status(world, MICROSOFT)) == (404, 404)
    session = sarah.page.request.get(f"{world.origin}/api/v1/account/session")
    assert session.status == 401


@pytest.mark.usefixtures("sarah")
def test_the_certificate_can_be_kept(world: Office, visitor: Visitor, tmp_path: Path) -> None:
    """As the server gave it: its digest fits."""
    world.enter(visitor)
    offboard(visitor)
    with visitor.page.expect_download() as saved:
        visitor.page.get_by_role("button", name="Download the certificate").click()
    assert saved.value.suggested_filename == f"offboarding-{SARAH}.json"
    saved.value.save_as(tmp_path / "certificate.json")
    document = json.loads((tmp_path / "certificate.json").read_text("utf-8"))
    assert document["digest"] == digest_of_document(document)
    assert len(document["connections"]) == 2


def test_nobody_is_offboarded_by_a_misspelt_e_mail(world: Office, visitor: Visitor) -> None:
    """It is said before, and after: nothing was ever connected under it. Nor by the beginning of one."""
    world.put(GOOGLE, "maria@company.common")
    world.enter(visitor)
    page = visitor.page
    visitor.forgiven = (OFFBOARD,)
    page.get_by_label("E-mail of who leaves").fill("maria@company.com")
    page.keyboard.press("Enter")
    expect(page.locator("#offboard-none")).to_contain_text("No connection is listed")
    page.get_by_label("Type the e-mail again to confirm").fill("maria@company.com")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").first).to_contain_text("Nobody ever connected anything")
    page.reload()
    expect(people(page)).to_have_count(1)
    expect(page.locator("#people-rows .status")).to_have_text("Connected")


def test_an_address_offboards_nobody(world: Office, visitor: Visitor) -> None:
    """Whoever lures an administrator to it gets a field filled in, and no more."""
    world.put(GOOGLE, SARAH)
    world.enter(visitor, path=f"/admin?offboard={SARAH}")
    page = visitor.page
    expect(page.get_by_label("E-mail of who leaves")).to_have_value(SARAH)
    expect(page.locator("#offboard-plan")).to_be_hidden()
    assert OFFBOARD not in [path for path, _ in world.asked()]
