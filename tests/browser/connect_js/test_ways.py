"""connect.js: a frontend of another site, where third parties' cookies are blocked: every way to end."""

from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.connect_js.frontend import (
    CONNECTED,
    MICROSOFT,
    NOT_FINISHED,
    SARAH,
    Person,
    WithFrontend,
    a_person,
)

TELL = """async () => {
  const { result } = await import(document.querySelector("script").src);
  const patience = new Promise((resolve) => setTimeout(resolve, 5000, "no answer"));
  return Promise.race([result(), patience]);
}"""
BEGUN = "sessionStorage.getItem('multi-user-oauth') ?? '[]'"
OTHER_ACCOUNT = f"That was another account than {SARAH}. Start again and choose that one."
OVER_AN_HOUR = 3601


def hint(handle: str) -> str:
    """Return what stands in the address of whoever comes back."""
    return f"?{urlencode({'connector_type': 'microsoft_teams', 'flow_handle': handle})}"


def handle_of(person: Person) -> str:
    """Return the handle of the sign-in that the person's tab began last."""
    text: str = person.page.evaluate(f"JSON.parse({BEGUN}).at(-1).handle")
    return text


def test_the_browser_blocks_cookies_of_third_parties(
    chromium: Browser, world: WithFrontend
) -> None:
    """What all tests here rely on: a cookie made to be sent everywhere is not sent from another site."""
    there = world.frontend.replace("127.0.0.1", "localhost")
    context = chromium.new_context(bypass_csp=True)
    page = context.new_page()
    page.goto(f"{there}/sets-it")
    page.goto(world.frontend)
    send = "url => fetch(url, { credentials: 'include', mode: 'no-cors' }).then(() => 'sent')"
    assert page.evaluate(send, f"{there}/from-elsewhere") == "sent"
    page.goto(f"{there}/at-home")
    context.close()
    cookies = world.pages.cookies
    assert (cookies["/from-elsewhere"], cookies["/at-home"]) == ("", "everywhere=1")


@pytest.mark.parametrize("provider", ["Microsoft", "Google"])
def test_a_person_connects_from_another_site(person: Person, provider: str) -> None:
    """The example, as it is: by the whole page for Microsoft, by a window for Google."""
    person.page.goto(person.world.example)
    item = person.page.get_by_role("listitem").filter(
        has=person.page.get_by_role("heading", name=provider)
    )
    page = person.page
    if provider == "Google":
        window = person.opens_a_window(item.get_by_role("button"))
        expect(item.get_by_role("status")).to_have_text("Go on in the other window.")
        assert window.evaluate("window.opener") is None
        person.finish_in(window, "sarah")
    else:
        person.press(provider)
        person.go_on("sarah")
        person.accept()
    expect(item.get_by_role("status")).to_have_text(CONNECTED)
    expect(page.locator("#news")).to_contain_text(f"for {SARAH}.")
    assert page.url == f"{person.world.example}/"
    assert page.evaluate(BEGUN) == "[]"
    assert page.locator("oauth-connect[state]").count() == 1
    assert person.world.stored()["flow_marks"] == ["connected"]


def test_the_page_is_found_again_as_it_was_left(person: Person) -> None:
    """With its own query and fragment, and with what the vault takes in encoded form only."""
    person.visit(MICROSOFT, "?a={b}|c&d=1+2#part")
    person.press("Microsoft")
    person.go_on("sarah")
    person.accept()
    person.sees("connected", CONNECTED)
    assert person.page.url == f"{person.world.frontend}/?a=%7Bb%7D%7Cc&d=1+2#part"


@pytest.mark.parametrize(
    ("account", "code", "message"),
    [
        ("sarah", "access_denied", "You said no, so nothing was connected."),
        ("john", "email_mismatch", OTHER_ACCOUNT),
    ],
)
def test_a_sign_in_that_failed_is_told_on_the_page(
    person: Person, account: str, code: str, message: str
) -> None:
    """Whoever goes back from the vault's page reads there too what happened, and can start again."""
    person.visit(MICROSOFT)
    person.press("Microsoft")
    person.go_on(account)
    (person.cancel if code == "access_denied" else person.accept)()
    expect(person.page.locator("#code")).to_have_text(code)
    person.page.get_by_role("link", name="Back to 127.0.0.1").click()
    person.sees("failed", message)
    assert person.page.url == f"{person.world.frontend}/"
    person.press("Microsoft")
    person.go_on("sarah")
    person.accept()
    person.sees("connected", CONNECTED)


def test_an_invented_handle_in_the_address_is_not_asked_for(person: Person) -> None:
    """Anybody can send such a link."""
    person.visit(MICROSOFT, hint(f"{'0' * 32}-ffffffff"))
    assert person.page.evaluate(TELL) == {"status": "unknown", "message": ""}
    assert person.to_the_api("flow/") == []
    assert person.page.url == f"{person.world.frontend}/"
    person.sees("", "")


def test_the_handle_of_anothers_sign_in_counts_for_nothing(
    chromium: Browser, person: Person, world: WithFrontend
) -> None:
    """A link with a handle that did end well makes nobody else look connected; their own goes on."""
    with a_person(chromium, world) as other:
        other.visit(MICROSOFT)
        other.press("Microsoft")
        other.page.go_back()
        other.sees("", NOT_FINISHED)
        good = handle_of(other)
        other.press("Microsoft")
        other.go_on("sarah")
        other.accept()
        other.sees("connected", CONNECTED)
    person.visit(MICROSOFT, hint(good))
    assert person.page.evaluate(TELL) == {"status": "unknown", "message": ""}
    person.press("Microsoft")
    person.page.goto(f"{world.frontend}/{hint(good)}")
    person.sees("", NOT_FINISHED)
    assert {each.url.rpartition("/")[2] for each in person.to_the_api("flow/")} == {
        handle_of(person)
    }


def test_whoever_goes_back_half_way_can_start_again(person: Person) -> None:
    """It is said that nothing is finished; long after that, it is not worth a word."""
    person.visit(MICROSOFT)
    person.press("Microsoft")
    person.page.go_back()
    person.sees("", NOT_FINISHED)
    person.press("Microsoft")
    person.world.clock.advance(OVER_AN_HOUR)
    person.page.goto(person.world.frontend)
    person.page.wait_for_function(f"{BEGUN} === '[]'")
    person.sees("", "")


def test_an_end_is_told_once(person: Person) -> None:
    """After a reload nothing is known any more: a back end knows, and says so by the attribute."""
    person.visit(MICROSOFT)
    person.press("Microsoft")
    person.go_on("sarah")
    person.accept()
    person.sees("connected", CONNECTED)
    person.page.reload()
    assert person.page.evaluate(TELL) is None
    person.sees("", "")
    person.visit(MICROSOFT.replace("connector=", 'state="connected" connector='))
    person.sees("connected", CONNECTED)
