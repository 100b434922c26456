"""One Chromium for all, one running world for each module, a fresh context for each visitor."""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.browser.visitor import Visitor
from tests.support.running import Running

ARGUMENTS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)

NewVisitor = Callable[..., Visitor]


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """Give what drives browsers; it ends with this folder, because its event loop disturbs others."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="package")
def chromium(playwright: Playwright, chromium_path: str) -> Iterator[Browser]:
    """Give a real browser."""
    with playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS) as browser:
        yield browser


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Give the sandbox and all functions, started once."""
    with Running(tmp_path_factory.mktemp("running")) as world:
        yield world


@pytest.fixture
def world(running: Running) -> Running:
    """Give the running world as if nobody had ever been there."""
    running.reset()
    return running


@pytest.fixture
def new_visitor(chromium: Browser, world: Running) -> Iterator[NewVisitor]:
    """Give what makes visitors; afterwards, look at what holds for every visit."""
    visitors: list[Visitor] = []

    def make(*, java_script_enabled: bool = True) -> Visitor:
        context = chromium.new_context(
            reduced_motion="reduce",  # a colour half-way through a transition is nobody's
            locale="en-GB",
            timezone_id="UTC",
            java_script_enabled=java_script_enabled,
        )
        visitor = Visitor(context, world)
        visitors.append(visitor)
        return visitor

    yield make
    complaints = [complaint for visitor in visitors for complaint in visitor.complaints]
    targets = {request.url for visitor in visitors for request in visitor.requests}
    for visitor in visitors:
        visitor.context.close()
    assert complaints == []
    assert {_origin(url) for url in targets} <= {world.origin, world.sandbox.base_url}
    assert [cookie for cookie in _cookies(world) if not _is_strict(cookie)] == []
    assert [e.path for e in world.exchanges if "code=" in e.referer or "state=" in e.referer] == []
    assert [each for each in world.sandbox.requests() if each["leak"]] == []


@pytest.fixture
def visitor(new_visitor: NewVisitor) -> Visitor:
    """Give one visitor."""
    return new_visitor()


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _cookies(world: Running) -> list[str]:
    return [cookie for exchange in world.exchanges for cookie in exchange.set_cookies]


def _is_strict(cookie: str) -> bool:
    name, *attributes = (part.strip().lower() for part in cookie.split(";"))
    wanted = {"secure", "httponly", "samesite=lax", "path=/"}
    no_domain = not any(attribute.startswith("domain") for attribute in attributes)
    return name.startswith("__host-") and wanted <= set(attributes) and no_domain
