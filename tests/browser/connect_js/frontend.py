"""A frontend of another site, served by programs of its own, beside the running world."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Self
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, expect

from tests.browser.visitor import Visitor
from tests.support.running import Running

SARAH = "sarah@company.com"
MICROSOFT = f'<oauth-connect connector="microsoft_teams" user-email="{SARAH}"></oauth-connect>'
POPUP = MICROSOFT.replace("connector=", 'mode="popup" connector=')
CONNECTED = f"{SARAH} is connected."
NOT_FINISHED = "You have not finished signing in."
EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "frontend"


def program(file: Path) -> ModuleType:
    """Return an example's program; it is in no package."""
    spec = spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Pages:
    """An origin of one page, whose `body` a test writes; the policy is the example's."""

    def __init__(self, vault: str, policy: str) -> None:
        self.body = ""
        self.cookies: dict[str, str] = {}
        """What came along with the request for a path."""
        pages = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                text = (
                    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Page</title>'
                    '<meta name="color-scheme" content="light dark">'
                    '<meta name="viewport" content="width=device-width, initial-scale=1">'
                    f'<script type="module" src="{vault}/connect.js"></script>'
                    f"<main><h1>Page</h1>{pages.body}</main></html>"
                ).encode()
                pages.cookies[self.path] = self.headers.get("Cookie", "")
                self.send_response(200)
                if self.headers["Host"].startswith("localhost"):
                    self.send_header("Set-Cookie", "everywhere=1; SameSite=None; Secure; Path=/")
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(text)))
                self.send_header("Content-Security-Policy", policy.format(vault=vault))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)


class WithFrontend(Running):
    """
    The vault on localhost, and on 127.0.0.1, another site to browsers: the example and test pages.

    `example` and `frontend` are origins that the vault's settings name, `stranger` is one they do not.
    """

    def __init__(self, directory: Path) -> None:
        self._servers: list[HTTPServer] = []
        super().__init__(directory)

    def _values(self) -> dict[str, str]:
        serve = program(EXAMPLE / "serve.py")
        self.pages = Pages(self.origin, serve.POLICY)
        self.example = self._served(serve.make_server(self.origin))
        self.frontend = self._served(self.pages.server)
        self.stranger = self._served(serve.make_server(self.origin))
        listed = f"{self.example},{self.frontend}"
        return super()._values() | {"RETURN_ORIGINS": listed, "CORS_ORIGINS": listed}

    def _served(self, server: HTTPServer) -> str:
        self._servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *args: object) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()
        super().__exit__(*args)


class Person(Visitor):
    """Somebody at a page of another site, from where they go to the vault and the sandbox."""

    world: WithFrontend
    forgiven_texts: tuple[str, ...] = ()
    """What the console says on purpose."""

    def _heard(self, message: ConsoleMessage) -> None:
        if not any(text in message.text for text in self.forgiven_texts):
            super()._heard(message)

    def visit(self, body: str, query: str = "") -> None:
        """Open the test page with this body."""
        self.world.pages.body = body
        self.page.goto(f"{self.world.frontend}/{query}")

    def press(self, provider: str) -> None:
        """Press a provider's button, and wait for the vault's page that says what it is for."""
        self.page.get_by_role("button", name=f"Sign in with {provider}").first.click()
        expect(self.page.get_by_role("button", name="Continue to")).to_be_visible()

    def go_on(self, account: str) -> None:
        """Go on to the provider, and choose an account."""
        self.page.get_by_role("button", name="Continue to").click()
        self.choose(account)

    def opens_a_window(self, button: Locator) -> Page:
        """Press a button that opens a window, and return that."""
        with self.context.expect_page() as opened:
            button.click()
        expect(opened.value.get_by_role("button", name="Continue to")).to_be_visible()
        return opened.value

    def finish_in(self, window: Page, account: str) -> None:
        """Go the rest of the way in a window, which closes by itself."""
        before, self.page = self.page, window
        self.go_on(account)
        with window.expect_event("close"):
            self.accept()
        self.page = before

    def sees(self, state: str, message: str) -> None:
        """Wait until the first element is in this state and says so."""
        element = self.page.locator("oauth-connect").first
        expect(element.get_by_role("status")).to_have_text(message)
        assert (element.get_attribute("state") or "") == state

    def to_the_api(self, name: str) -> list[Request]:
        """Return the requests of the frontend's pages to a route of the vault."""
        return [each for each in self.requests if f"/oauth/{name}" in each.url and _is_script(each)]


def _is_script(request: Request) -> bool:
    return request.resource_type == "fetch" and request.method != "OPTIONS"


@contextmanager
def a_person(chromium: Browser, world: WithFrontend) -> Iterator[Person]:
    """Give somebody with a browser of their own; afterwards, look at what holds for every visit."""
    context = chromium.new_context(reduced_motion="reduce", locale="en-GB", timezone_id="UTC")
    # Playwright is not told what a policy refused: the page is.
    context.add_init_script(
        "addEventListener('securitypolicyviolation', (e) => console.error('refused', e.blockedURI))"
    )
    person = Person(context, world)
    try:
        yield person
        sent = [each for each in person.requests if _is_script(each)]
        kept = [each for each in sent if not each.frame.page.is_closed()]
        cookies = [each.url for each in kept if "cookie" in each.all_headers()]
        elsewhere = {origin_of(each.url) for each in sent} - {world.origin}
    finally:
        context.close()
    assert person.complaints == []
    assert cookies == []
    assert elsewhere == set()


def origin_of(url: str) -> str:
    """Return an address's origin."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
