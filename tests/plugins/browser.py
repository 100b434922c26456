"""
Find a Chromium for the browser tests; as a program, fetch one if the machine has none.

Most tests are content with the headless shell: the same engine without the windows and menus that nobody
looks at, at half the work. It keeps no page to go back to, and lets every cookie pass.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from typing import Final, NoReturn

import pytest

from tests.plugins.what_did_not_run import missing

HEADLESS_SHELL: Final = "chromium-headless-shell"
_PROGRAMS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)


def find(environ: Mapping[str, str], *first: str) -> str | None:
    """Return the path of the first Chromium that starts: the one named by CHROMIUM, then others."""
    for program in (environ.get("CHROMIUM"), *first, *_PROGRAMS):
        path = shutil.which(program, path=environ.get("PATH")) if program else None
        if path and _starts(path):
            return path
    return None


def fetch() -> str | None:
    """Return the path of Playwright's own Chromium, downloaded if need be."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  # reason: no other run pays for it

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    if not _starts(path):
        sys.stderr.write("Downloading Chromium for the browser tests (once)\n")
        download = [sys.executable, "-m", "playwright", "install", "chromium"]
        subprocess.run(download, check=False, capture_output=True)
    return path if _starts(path) else None


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Give the path of a Chromium; without one the test does not run, and the run says so."""
    return find(os.environ, HEADLESS_SHELL) or _missing()


@pytest.fixture(scope="session")
def whole_chromium_path() -> str:
    """Give that of one that does all that a person's browser does."""
    return find(os.environ) or _missing()


def _missing() -> NoReturn:
    missing(
        "browser tests",
        why="no Chromium was found, and Playwright could not download one",
        mend="sudo apt-get install chromium, or: make test CHROMIUM=/path/to/chrome",
    )


def _starts(path: str) -> bool:
    """Ubuntu's /usr/bin/chromium-browser, for one, may only tell how to install the real one."""
    try:
        answer = subprocess.run([path, "--version"], check=False, capture_output=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0


if __name__ == "__main__":  # nothing to say where the fixtures find one by themselves
    sys.stdout.write(os.environ.get("CHROMIUM") or ("" if find(os.environ) else fetch() or ""))
