"""Who is connected, what is about to break and who used what: found, filtered, page by page."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import requests
from playwright.sync_api import Route, expect

from multi_user_oauth.sandbox.company import DEFAULT_AGENT
from tests.browser.admin_ways import (
    GOOGLE,
    MICROSOFT,
    REPORTS,
    Office,
    broken,
    ended,
    ending,
    loaded,
    opened,
    people,
)
from tests.browser.conftest import NewVisitor
from tests.browser.visitor import Visitor
from tests.browser.ways import SARAH

MARIA = "maria@company.com"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Give an office in which people work."""
    with Office(tmp_path_factory.mktemp("office")) as office:
        yield office


@pytest.fixture
def office(world: Office) -> Office:
    """Give the office, with people in every state."""
    world.put(MICROSOFT, SARAH)
    world.put(GOOGLE, SARAH)
    world.put(MICROSOFT, MARIA, broken("password_changed"))
    world.put(GOOGLE, "soon@company.com", ending(timedelta(days=5)))
    world.put(GOOGLE, "later@company.com", ending(timedelta(days=50)))
    world.put(GOOGLE, "gone@company.com", ended)
    return world


def test_what_is_broken_comes_first_then_what_soon_will_be(
    office: Office, visitor: Visitor
) -> None:
    """With the reason and the day, in words; before everybody."""
    office.enter(visitor)
    rows = visitor.page.locator("#attention-rows tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text(MARIA)
    expect(rows.nth(0)).to_contain_text("Sign-in needed")
    expect(rows.nth(0)).to_contain_text("The password was changed")
    expect(rows.nth(1)).to_contain_text("soon@company.com")
    expect(rows.nth(1)).to_contain_text("Ends on 10 Jan 2026, then a new sign-in is needed")
    headings = visitor.page.locator("#office h2:visible").all_inner_texts()
    assert headings.index("Needs attention") < headings.index("Everybody")


def test_of_much_that_is_broken_some_is_shown_and_the_rest_one_press_away(
    office: Office, visitor: Visitor
) -> None:
    """Five of them, and a link to all."""
    for number in range(6):
        office.put(MICROSOFT, f"broken{number}@company.com", broken("grant_revoked"))
    office.enter(visitor)
    expect(visitor.page.locator("#attention-rows tr")).to_have_count(6)
    visitor.page.get_by_role("link", name="Show all that need a sign-in").click()
    expect(people(visitor.page)).to_have_count(7)
    expect(visitor.page.locator("#everybody-heading")).to_be_focused()


def test_what_a_backup_brought_back_is_seen_to_wait(world: Office, visitor: Visitor) -> None:
    """Until it is released agents are refused; the list says that, and not that all is well."""
    world.put(GOOGLE, SARAH, lambda each: replace(each, quarantined_at=each.connected_at))
    world.enter(visitor)
    row = visitor.page.locator("#people-rows tr").first
    expect(row).to_contain_text("In quarantine")
    expect(row).to_contain_text("agents are refused until it is released")


def test_nothing_to_do_is_said(world: Office, visitor: Visitor) -> None:
    """An empty table would make people look for what it lacks."""
    world.enter(visitor)
    expect(visitor.page.locator("#attention-none")).to_have_text("Nothing needs your attention.")
    expect(visitor.page.locator("#people-none")).to_have_text("Nobody is found.")
    visitor.picture("admin-nobody-connected")


def test_a_search_finds_by_the_beginning_of_the_e_mail(office: Office, visitor: Visitor) -> None:
    """While it is typed; a reload, or a link that was sent, shows the same."""
    office.enter(visitor)
    page = visitor.page
    office.exchanges.clear()
    page.get_by_label("E-mail begins with").press_sequentially("SaR")
    expect(people(page)).to_have_text([SARAH, SARAH])
    assert len(office.asked()) == 1
    assert page.url == f"{office.origin}/admin?email=SaR"
    page.reload()
    loaded(page)
    expect(page.get_by_label("E-mail begins with")).to_have_value("SaR")
    expect(people(page)).to_have_text([SARAH, SARAH])
    page.get_by_label("E-mail begins with").fill("nobody")
    page.keyboard.press("Enter")
    expect(page.locator("#people-none")).to_have_text("Nobody is found.")
    expect(page.locator("#said")).to_have_text("Nobody is found.")
    assert page.url == f"{office.origin}/admin?email=nobody"


def test_what_no_e_mail_begins_with_is_refused_in_words(office: Office, visitor: Visitor) -> None:
    """The list stays as it was, and goes on with the next search."""
    office.enter(visitor)
    visitor.forgiven = ("/api/v1/oauth/users",)
    field = visitor.page.get_by_label("E-mail begins with")
    field.fill("<script>")
    expect(visitor.page.get_by_role("alert").first).to_contain_text(
        "No e-mail address is, or begins"
    )
    expect(people(visitor.page)).to_have_count(6)
    field.fill("%")
    expect(visitor.page.locator("#people-none")).to_have_text("Nobody is found.")
    expect(visitor.page.locator("#trouble")).to_be_hidden()


def test_filters_by_connector_type_and_health(office: Office, visitor: Visitor) -> None:
    """Together with the search; the address says what is shown."""
    office.enter(visitor)
    page = visitor.page
    page.get_by_label("Connector type").select_option("Google Workspace")
    expect(people(page)).to_have_count(4)
    page.get_by_label("Health").select_option("Revoked")
    expect(people(page)).to_have_text(["gone@company.com"])
    page.get_by_label("Health").select_option("Connected")
    page.get_by_label("E-mail begins with").fill("l")
    expect(people(page)).to_have_text(["later@company.com"])
    assert page.url == f"{office.origin}/admin?email=l&type={GOOGLE}&health=active"
    page.get_by_label("Health").select_option("Ends soon")
    expect(people(page)).to_have_text(["soon@company.com"])
    expect(page.get_by_label("E-mail begins with")).to_be_disabled()
    expect(page.locator("#search-off")).to_be_visible()


def test_every_number_leads_to_whom_it_counts(office: Office, visitor: Visitor) -> None:
    """Without leaving the page; the way back leads back."""
    office.enter(visitor)
    page = visitor.page
    page.get_by_role("link", name="1 Sign-in needed of Microsoft 365").click()
    expect(people(page)).to_have_text([MARIA])
    expect(page.get_by_label("Health")).to_have_value("needs_sign_in")
    page.go_back()
    expect(people(page)).to_have_count(6)
    expect(page.get_by_label("Health")).to_have_value("")
    page.get_by_role("link", name="1 Ends soon of Google Workspace").click()
    expect(people(page)).to_have_text(["soon@company.com"])


def test_a_hundred_and_more_are_shown_page_by_page(world: Office, visitor: Visitor) -> None:
    """The focus stays on the button, and goes to the first new one when that was the last."""
    for number in range(130):
        world.put(GOOGLE, f"person{number:03}@company.com")
    world.enter(visitor)
    page = visitor.page
    more = page.get_by_role("button", name="Show more")
    expect(people(page)).to_have_count(50)
    more.focus()
    page.keyboard.press("Enter")
    expect(people(page)).to_have_count(100)
    expect(more).to_be_focused()
    expect(page.locator("#said")).to_have_text("100 shown, there are more.")
    page.keyboard.press("Enter")
    expect(people(page)).to_have_count(130)
    expect(more).to_be_hidden()
    expect(people(page).nth(100)).to_be_focused()
    names = people(page).all_inner_texts()
    assert names == sorted(set(names))


def test_an_opened_row_shows_what_was_allowed_and_who_used_it(
    world: Office, new_visitor: NewVisitor
) -> None:
    """A real sign-in and a real use: permissions in words, what is missing, the agent and what for."""
    person, visitor = new_visitor(), new_visitor()
    person.sign_in("Google", SARAH, "sarah", unticked=["drive.readonly"])
    person.sees_card("Google Workspace", "Connected")
    used = requests.get(
        f"{world.origin}/api/v1/oauth/user/google_workspace/{SARAH}/token",
        params={"purpose": "weekly report"},
        headers={"Authorization": f"Bearer {world.sandbox.identity_token(world.origin)}"},
        timeout=30,
    )
    assert used.status_code == 200
    world.enter(visitor)
    details = opened(visitor.page, SARAH)
    expect(details.locator(".granted")).to_contain_text("send mail as you")
    expect(details.locator(".missing")).to_have_text("see and download your files")
    usage = details.locator(".usage li")
    expect(usage).to_have_count(1)
    expect(usage).to_contain_text(DEFAULT_AGENT)
    expect(usage).to_contain_text("Took an access token, 5 Jan 2026")
    expect(usage).to_contain_text("weekly report")
    expect(details.locator(".happened li")).to_contain_text(["Connected"])
    details.get_by_role("button", name="Verify").click()
    expect(details.locator(".verification")).to_have_text("The one record verifies.")
    visitor.picture("admin-opened")
    visitor.page.get_by_role("button", name=SARAH).click()
    expect(details).to_have_count(0)


def test_a_long_history_is_shown_page_by_page_and_verifies(world: Office, visitor: Visitor) -> None:
    """Newest first, ten at a time, down to the beginning."""
    world.put(GOOGLE, SARAH, records=64)
    world.enter(visitor)
    details = opened(visitor.page, SARAH)
    records = details.locator(".happened li")
    expect(records).to_have_count(10)
    expect(records.first).to_contain_text("Renewed")
    more = details.get_by_role("button", name="Show more")
    for shown in (20, 30, 40, 50, 60, 64):
        more.focus()
        more.press("Enter")
        expect(records).to_have_count(shown)
    expect(records.last).to_contain_text("Connected")
    expect(more).to_be_hidden()
    verify = details.get_by_role("button", name="Verify")
    expect(verify).to_be_focused()
    verify.press("Enter")
    expect(details.locator(".verification")).to_have_text("All 64 records verify.")


def test_a_record_that_was_tampered_with_shows(world: Office, visitor: Visitor) -> None:
    """Which one, and what is wrong with it."""
    world.put(GOOGLE, SARAH, records=9)
    world.tamper("DELETE FROM audit WHERE sequence = 4")
    world.enter(visitor)
    details = opened(visitor.page, SARAH)
    details.get_by_role("button", name="Verify").click()
    verdict = details.locator(".verification")
    expect(verdict).to_have_text(
        "The history does not verify: record 4 is missing, and there are later ones."
    )
    expect(verdict).to_have_attribute("data-verified", "false")
    visitor.picture("admin-tampered")


def test_a_broken_connection_has_a_link_to_send(office: Office, visitor: Visitor) -> None:
    """It is copied, or marked to be copied; it leads to the page where the person signs in again."""
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=office.origin)
    office.enter(visitor)
    details = opened(visitor.page, MARIA, "#attention-rows")
    link = details.get_by_label("Link for a new sign-in")
    address = link.input_value()
    assert address.startswith(f"{office.origin}/connect?connector_type={MICROSOFT}&")
    copy = details.get_by_role("button", name="Copy the link")
    copy.click()
    expect(visitor.page.locator("#said")).to_have_text("Copied")
    assert visitor.page.evaluate("navigator.clipboard.readText()") == address
    visitor.page.evaluate(
        "() => { navigator.clipboard.writeText = () => Promise.reject(new Error()); }"
    )
    details.locator(".copyable button").click()
    expect(visitor.page.locator("#said")).to_have_text("Copy the marked address")
    expect(link).to_be_focused()


def test_what_only_an_operator_can_mend_is_said(office: Office, visitor: Visitor) -> None:
    """The end of a client secret, and the link by which an administrator consents for everybody."""
    office.enter(visitor)
    microsoft, google = visitor.page.locator("#types > li").all()
    expect(microsoft.locator(".secret")).to_contain_text(
        "The client secret ends on 15 Jan 2026, in 10 days."
    )
    expect(google.locator(".secret, .permit")).to_have_count(0)
    microsoft.get_by_text("Consent for everybody").click()
    consent = microsoft.get_by_role("link", name="Consent now").get_attribute("href") or ""
    expect(microsoft.get_by_label("Copy the consent link of Microsoft 365")).to_have_value(consent)
    assert "/adminconsent?" in consent


def test_the_agents_and_what_the_policy_lets_them(office: Office, visitor: Visitor) -> None:
    """In words: what, in which connector types, for whom."""
    office.enter(visitor)
    rows = visitor.page.locator("#agents-rows tr")
    default = rows.filter(has_text=DEFAULT_AGENT)
    expect(default).to_contain_text("everything that the person allowed")
    expect(default).to_contain_text("Microsoft 365")
    expect(default).to_contain_text("*@company.com")
    reports = rows.filter(has_text=REPORTS)
    expect(reports).to_contain_text("read mail and see and download files")
    expect(reports).not_to_contain_text("Google Workspace")
    expect(visitor.page.locator("#agents-leave")).to_contain_text("can limit or cut them")


def test_an_answer_that_comes_late_does_not_replace_a_newer_one(
    office: Office, visitor: Visitor
) -> None:
    """Whoever types on sees what they typed last."""
    office.enter(visitor)
    page = visitor.page
    held: list[Route] = []
    page.route("**/api/v1/oauth/users?user_email_prefix=s&*", lambda route: held.append(route))  # noqa: PLW0108  # reason: Playwright marks what it is given
    page.get_by_label("E-mail begins with").fill("s")
    expect(page.locator("#everybody")).to_have_attribute("aria-busy", "true")
    page.get_by_label("E-mail begins with").fill("maria")
    expect(people(page)).to_have_text([MARIA])
    late = {"users": [], "as": {"kind": "admin", "name": "x"}}
    with page.expect_response("**/api/v1/oauth/users?user_email_prefix=s&*"):
        held[0].fulfill(json=late)
    page.wait_for_load_state("networkidle")
    expect(people(page)).to_have_text([MARIA])
