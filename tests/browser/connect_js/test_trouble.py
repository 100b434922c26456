"""connect.js: what goes wrong, and what the browser does on its own."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import ARGUMENTS
from tests.browser.connect_js.frontend import (
    CONNECTED,
    MICROSOFT,
    NOT_FINISHED,
    POPUP,
    SARAH,
    Person,
    WithFrontend,
    a_person,
)

TYPED = '<oauth-connect connector="google_workspace"></oauth-connect>'
CALL = """async (options) => {
  const { connect } = await import(document.querySelector("script").src);
  return connect(options).catch(({ name, code, field, message }) => ({ name, code, field, message }));
}"""
ASKED = {"connector": "microsoft_teams", "userEmail": SARAH}
ASKED_AT_MOST = 6
BEGUN = "JSON.parse(sessionStorage.getItem('multi-user-oauth'))"
OFFLINE = "The server does not answer. Try again in a moment."


def out_of_reach(person: Person) -> None:
    """Let the vault answer nothing more to the page's script; the console says so."""
    person.page.route("**/oauth/**", lambda route: route.abort())
    person.page.route("**/connect.js", lambda route: route.abort())
    person.forgiven_texts = ("net::ERR_FAILED",)


def test_a_double_click_begins_one_sign_in(person: Person) -> None:
    """And a press while it goes on is none."""
    person.visit(MICROSOFT)
    person.page.get_by_role("button").dblclick()
    expect(person.page.get_by_role("button", name="Continue to")).to_be_visible()
    assert len(person.to_the_api("user/authorize")) == 1


def test_without_an_answer_the_person_can_try_again(person: Person) -> None:
    """Nothing is left half done: the next press goes all the way."""
    person.visit(MICROSOFT)
    out_of_reach(person)
    person.page.get_by_role("button").click()
    person.sees("failed", OFFLINE)
    person.page.unroute_all()
    person.press("Microsoft")


def test_whoever_comes_back_while_the_vault_is_out_of_reach_asks_again(person: Person) -> None:
    """The end of the sign-in is not lost with the first question."""
    person.visit(MICROSOFT)
    person.press("Microsoft")
    person.go_on("sarah")
    person.page.route("**/oauth/flow/**", lambda route: route.abort())
    person.forgiven_texts = ("net::ERR_FAILED",)
    person.page.clock.install()
    person.accept()
    person.sees("checking", "Looking how your sign-in ended…")
    for _ in range(100):
        person.page.clock.run_for(5000)
        if person.page.get_by_role("button", name="Check again").count():
            break
    person.sees("failed", OFFLINE)
    assert len(person.to_the_api("flow/")) == ASKED_AT_MOST
    person.page.unroute_all()
    person.page.get_by_role("button", name="Check again").click()
    person.sees("connected", CONNECTED)


def test_a_page_that_is_not_listed_is_told_so(person: Person) -> None:
    """Its developer reads in the console what to do, whoever uses it reads whom to ask."""
    person.page.goto(person.world.stranger)
    person.forgiven_texts = ("CORS policy", "net::ERR_FAILED")
    person.page.get_by_role("button", name="Sign in with Microsoft").first.click()
    person.sees("failed", "This page may not start a sign-in. Tell whoever runs it.")
    assert [each.partition(" at /")[0] for each in person.complaints] == [
        f"connect.js: CORS_ORIGINS of {person.world.origin} has to name {person.world.stranger}"
    ]
    person.complaints.clear()


@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        ({"returnTo": "https://elsewhere.example/"}, "return_to_refused", "return_to"),
        ({"connector": "no_such"}, "unknown_connector_type", "connector_type"),
        ({"userEmail": "nobody"}, "malformed_email", "user_email"),
        ({"scopes": ["everything"]}, "invalid_request", "scopes"),
    ],
)
def test_what_the_vault_refuses_is_an_error_with_a_code(
    person: Person, wrong: dict[str, object], code: str, field: str
) -> None:
    """It names what is wrong, for programs, and says it in words, for people."""
    person.visit("")
    person.forgiven = ("/api/v1/oauth/user/authorize",)
    refused = person.page.evaluate(CALL, {**ASKED, **wrong})
    assert (refused["name"], refused["code"], refused["field"]) == ("ConnectError", code, field)
    assert refused["message"]


def test_a_blocked_window_is_an_error(person: Person) -> None:
    """As browsers do it where no click asked for the window."""
    person.visit(POPUP)
    person.page.evaluate("window.open = () => null")
    person.page.get_by_role("button").click()
    person.sees(
        "failed", "Your browser blocked the window. Allow it for this page, then try again."
    )
    assert person.to_the_api("user/authorize") == []


def test_a_second_window_takes_the_place_of_the_first(person: Person) -> None:
    """Somebody closed the first one: no browser says so, but they can press again."""
    person.visit(POPUP)
    button = person.page.get_by_role("button")
    person.opens_a_window(button)
    second = person.opens_a_window(button)
    person.page.wait_for_function(f"{BEGUN}.length === 1")
    person.requests.clear()
    person.finish_in(second, "sarah")
    person.sees("connected", CONNECTED)
    assert len({each.url for each in person.to_the_api("flow/")}) == 1


def test_a_page_that_the_browser_had_kept_can_be_used_again(
    chromium: Browser, whole_chromium_path: str, world: WithFrontend
) -> None:
    """The back/forward cache shows it as it was left: busy, though nothing goes on any more."""
    kept = chromium.browser_type.launch(
        executable_path=whole_chromium_path,
        args=ARGUMENTS,
        ignore_default_args=["--disable-back-forward-cache"],
    )
    with a_person(kept, world) as person:
        person.visit(MICROSOFT)
        person.page.evaluate("window.kept = true")
        person.press("Microsoft")
        person.page.evaluate(
            "setTimeout(() => history.back())"
        )  # no page is loaded, for which Playwright would wait
        person.sees("", NOT_FINISHED)
        assert person.page.evaluate("window.kept") is True
        person.press("Microsoft")
    kept.close()
