"""connect.js: the element, for everybody's eyes and hands, and for other people's pages."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.connect_js.frontend import CONNECTED, MICROSOFT, Person
from tests.browser.readable import hindrances

TYPED = '<oauth-connect connector="google_workspace"></oauth-connect>'


def test_a_person_types_their_own_e_mail_by_keyboard(person: Person) -> None:
    """Enter is enough; what is no e-mail is said, and the field has the focus again."""
    person.visit(TYPED)
    press, focused = person.page.keyboard.press, person.page.locator("oauth-connect :focus")
    press("Tab")
    person.page.keyboard.type("sarah")
    press("Enter")
    person.sees("failed", "That is not an e-mail address.")
    expect(focused).to_have_attribute("aria-invalid", "true")
    person.page.keyboard.type("@company.com")
    press("Tab")
    expect(focused).to_have_text("Sign in with Google")
    assert focused.evaluate("element => getComputedStyle(element).outlineStyle") == "solid"
    press("Enter")
    person.go_on("sarah")
    person.accept()
    person.sees("connected", CONNECTED)


def test_a_framework_sets_properties_and_a_page_its_own_words(person: Person) -> None:
    """Before the file is there or after; lists; a page's words, an element's own before those."""
    person.visit('<oauth-connect text-again="Noch einmal" text-connected="{email}: da">')
    told = person.page.evaluate(
        """async () => {
          const { OAuthConnect, texts } = await import(document.querySelector("script").src);
          texts.google = "Mit Google anmelden";
          const early = document.createElement("sign-in");
          Object.assign(early, { connector: "x", scopes: ["a", "b"], disabled: true });
          document.body.append(early);
          customElements.define("sign-in", class extends OAuthConnect {});
          early.remove();
          const element = document.querySelector("oauth-connect");
          Object.assign(element, { connector: "google_workspace", userEmail: "a$&@b.c" });
          const label = element.shadowRoot.querySelector("button").textContent;
          Object.assign(element, { state: "connected", disabled: true });
          return [label, early.outerHTML];
        }"""
    )
    assert told[0] == "Mit Google anmelden"
    assert told[1] == '<sign-in connector="x" scopes="a b" disabled=""></sign-in>'
    person.sees("connected", "a$&@b.c: da")
    person.page.get_by_role("button", name="Noch einmal").click(force=True)
    assert person.to_the_api("user/authorize") == []


def first(person: Person) -> None:
    """Go where everybody begins."""
    person.page.goto(person.world.example)


def failed(person: Person) -> None:
    """Go to a sign-in that did not end well, and to a window that nobody has used yet."""
    first(person)
    person.press("Microsoft")
    person.go_on("sarah")
    person.cancel()
    person.page.goto(person.world.example)
    person.sees("failed", "You said no, so nothing was connected.")
    person.opens_a_window(person.page.get_by_role("button", name="Sign in with Google")).close()
    person.page.get_by_role("textbox", name="Work e-mail").fill("sarah")
    person.page.get_by_role("button", name="Sign in with Microsoft").last.click()


def connected(person: Person) -> None:
    """Go to one that did."""
    first(person)
    person.press("Microsoft")
    person.go_on("sarah")
    person.accept()
    person.sees("connected", CONNECTED)


@pytest.mark.parametrize("way", [first, failed, connected], ids=lambda way: way.__name__)
def test_everybody_can_read_and_operate_the_buttons(
    person: Person, way: Callable[[Person], None]
) -> None:
    """Light and dark, down to 320 pixels; with a picture of each."""
    way(person)
    for scheme, width in person.looks():
        assert hindrances(person.page) == [], (scheme, width)
    person.picture(f"connect-js-{way.__name__}")


def test_the_providers_colours_follow_the_page_not_the_system(person: Person) -> None:
    """A page that is always light gets no dark button, whatever the system prefers."""
    person.page.emulate_media(color_scheme="dark")
    person.visit(f'<div id="light">{MICROSOFT}</div>{MICROSOFT}')
    person.page.evaluate("document.querySelector('#light').style.colorScheme = 'light'")
    colours = [
        button.evaluate("element => getComputedStyle(element).backgroundColor")
        for button in person.page.get_by_role("button").all()
    ]
    assert colours == ["rgb(255, 255, 255)", "rgb(47, 47, 47)"]
