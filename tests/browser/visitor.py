"""A person at a browser of their own, and what the browser noticed meanwhile."""

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Request, expect

from tests.browser.readable import hindrances
from tests.support.running import Running

SETTLED: Final = 10_000.0
"""Milliseconds that a page may take; only a failing test waits so long."""
PAGES: Final = ("/api/v1/oauth/callback/", "/api/v1/oauth/user/authorize")
"""Where a document answers with 4xx, which Chromium writes to its console too."""
PICTURES: Final = Path(__file__).parents[2] / "test-results" / "screenshots"
Scheme = Literal["light", "dark"]
SHOWN_LOOKS: Final[tuple[tuple[Scheme, int], ...]] = (("light", 1280), ("dark", 320))
ALL_LOOKS: Final[tuple[tuple[Scheme, int], ...]] = (*SHOWN_LOOKS, ("light", 320), ("dark", 1280))
SETTLED_SCRIPT: Final = "Promise.allSettled(document.getAnimations().map((each) => each.finished))"
"""No colour on its way to another."""


class Visitor:
    """
    One browser context. `complaints` lists the console's errors and uncaught exceptions.

    `requests` lists every request, of whatever kind, with its target and referrer.
    """

    def __init__(self, context: BrowserContext, world: Running) -> None:
        context.set_default_timeout(SETTLED)
        self.context = context
        self.world = world
        self.complaints: list[str] = []
        self.forgiven: tuple[str, ...] = ()
        self.requests: list[Request] = []
        context.on("request", lambda request: self.requests.append(request))  # noqa: PLW0108  # reason: Playwright marks what it is given
        context.on("console", self._heard)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.page: Page = context.new_page()

    def _heard(self, message: ConsoleMessage) -> None:
        where = urlsplit(message.location.get("url", "")).path
        failed = message.text.startswith("Failed to load resource: ")
        if failed and where.startswith((*PAGES, *self.forgiven)):
            return
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.text} at {where}")

    def open(self, path: str = "/") -> None:
        """Open one of our pages."""
        self.page.goto(self.world.origin + path)

    def looks(self, looks: Iterable[tuple[Scheme, int]] = ALL_LOOKS) -> Iterator[tuple[str, int]]:
        """Show the page in each colour scheme and width; put the window back afterwards."""
        before = self.page.viewport_size
        for scheme, width in looks:
            self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            self.page.set_viewport_size({"width": width, "height": 720})
            self.page.mouse.move(0, 0)  # no button is shown as one that is pointed at
            self.page.evaluate(SETTLED_SCRIPT)
            yield scheme, width
        self.page.emulate_media(color_scheme="light", reduced_motion="reduce")
        if before:
            self.page.set_viewport_size(before)

    def picture(self, name: str, *, scripts: bool = True) -> None:
        """
        Write what the page looks like, as NAME-WIDTH-SCHEME.png; fail if not everybody can read it.

        Where the browser runs no `scripts`, axe-core, which is one, does not look.
        """
        for scheme, width in self.looks(SHOWN_LOOKS):
            if scripts:
                assert hindrances(self.page) == [], (name, scheme)
            file = PICTURES / f"{name}-{width}-{scheme}.png"
            self.page.screenshot(path=file, full_page=True, animations="disabled")

    def leave(self, provider: str, user_email: str) -> None:
        """Type the e-mail on the first page and press a provider's button."""
        self.open()
        self.page.get_by_label("Work e-mail").fill(user_email)
        self.page.get_by_role("button", name=f"Sign in with {provider}").click()
        expect(self.page.locator(".brand")).to_have_text(provider)

    def choose(self, account: str) -> None:
        """Choose an account at the provider, from all accounts if it is not offered at once."""
        button, other = self.page.locator(f"#account-{account}"), self.page.locator("#other")
        expect(button.or_(other).first).to_be_visible()  # the browser may still be on its way
        if not button.count():
            other.click()
        button.click()

    def accept(self, *, unticked: Collection[str] = ()) -> None:
        """Agree at the provider, but for the scopes that end so."""
        for scope in unticked:
            self.page.locator(f"input[value$='{scope}']").uncheck()
        self.page.locator("#accept").click()

    def accept_without_going_back(self) -> str:
        """Agree at the provider, and return the address that the browser was to go to now."""
        form = {"account": self.page.locator("input[name=account]").input_value()}
        answer = self.page.request.post(
            self.page.url, form={**form, "decision": "accept"}, max_redirects=0
        )
        return answer.headers["location"]

    def cancel(self) -> None:
        """Say no at the provider."""
        self.page.locator("#deny").click()

    def sign_in(
        self,
        provider: str,
        user_email: str,
        account: str,
        *,
        unticked: Collection[str] = (),
    ) -> None:
        """Go the whole way."""
        self.leave(provider, user_email)
        self.choose(account)
        self.accept(unticked=unticked)

    def sees_card(self, title: str, status: str) -> None:
        """Wait until a connection is shown in this status."""
        expect(self.card(title).locator(".status")).to_have_text(status)

    def card(self, title: str) -> Locator:
        """Return the card of a connection."""
        return self.page.get_by_role("listitem").filter(
            has=self.page.get_by_role("heading", name=title)
        )

    def sees_failure(self, heading: str, code: str) -> None:
        """Wait for the page that says what happened, why, and what to do next."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(heading)
        expect(self.page.locator("#code")).to_have_text(code)
        expect(self.page.locator("#explanation")).not_to_be_empty()
        expect(self.page.locator("#next-step")).not_to_be_empty()
        expect(self.page.locator("#again")).to_be_visible()

    def callback_url(self) -> str:
        """Return the address that the provider sent this browser back to last."""
        urls = [r.url for r in self.requests if "/oauth/callback/" in r.url]
        return urls[-1]
