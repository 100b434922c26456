"""One vault with a frontend beside it, and whoever visits that."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright

from tests.browser.conftest import ARGUMENTS
from tests.browser.connect_js.frontend import Person, WithFrontend, a_person


@pytest.fixture(scope="package")
def chromium(playwright: Playwright, whole_chromium_path: str) -> Iterator[Browser]:
    """Give a browser that blocks others' cookies, and keeps pages to go back to, as a person's does."""
    path = whole_chromium_path
    with playwright.chromium.launch(executable_path=path, args=ARGUMENTS) as browser:
        yield browser


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WithFrontend]:
    """Give everything and a frontend, started once."""
    with WithFrontend(tmp_path_factory.mktemp("running")) as world:
        yield world


@pytest.fixture
def world(running: WithFrontend) -> WithFrontend:
    """Give it as if nobody had ever been there."""
    running.reset()
    return running


@pytest.fixture
def person(chromium: Browser, world: WithFrontend) -> Iterator[Person]:
    """Give somebody at a browser."""
    with a_person(chromium, world) as person:
        yield person
