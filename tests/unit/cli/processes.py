"""The command line as real processes: started, talked to, stopped."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from multi_user_oauth.cli.settings_file import documented
from multi_user_oauth.sandbox.browser import ScriptedBrowser
from tests.plugins.no_secret_in_logs import log_file, remember_sandbox

ROOT = Path(__file__).parents[3]
COMMAND = (sys.executable, "-m", "multi_user_oauth.cli")
PATIENCE = 30


def environment() -> dict[str, str]:
    """Return this process's environment without settings, with the package to be found."""
    # Google's own names, and tests set them.
    ours = documented().keys() - {"FIRESTORE_EMULATOR_HOST", "PUBSUB_EMULATOR_HOST"}
    # Whoever runs the tests in a window of their own says how wide that is.
    unwanted = {*ours, "COLUMNS", "LINES"}
    kept = {name: value for name, value in os.environ.items() if name not in unwanted}
    return {**kept, "PYTHONPATH": str(ROOT / "shared"), "PYTHONUNBUFFERED": "1"}


def command(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd, env=environment(), capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip


def free_ports() -> tuple[int, int]:
    """Return two ports that nobody listens on."""
    with ExitStack() as bound:
        sockets = [bound.enter_context(closing(socket.socket())) for _ in range(2)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        first, second = (int(each.getsockname()[1]) for each in sockets)
    return first, second


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A process that serves, and what it said when it was ready."""

    process: subprocess.Popen[str]
    told: Mapping[str, Any]

    def stop(self, number: signal.Signals) -> int:
        """Send the signal; return the exit code, which has to come within three seconds."""
        self.process.send_signal(number)
        return self.process.wait(3)


@contextmanager
def running(*arguments: object, cwd: Path) -> Iterator[Running]:
    """Start a command that serves, and wait until it says that it is ready."""
    errors = log_file("command-line")
    with errors.open("w") as stderr:
        process = subprocess.Popen(
            [*COMMAND, *map(str, arguments), "--json"],
            cwd=cwd, env=environment(), stdout=subprocess.PIPE, stderr=stderr, text=True,
        )  # fmt: skip
    told: dict[str, Any] = {}
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, errors.read_text()
        told = json.loads(line)
        yield Running(process=process, told=told)
    finally:
        if "sandbox_url" in told and process.poll() is None:
            remember_sandbox(told["sandbox_url"])
        process.kill()
        process.communicate(timeout=PATIENCE)
        if told:
            # What the functions logged is searched for secrets with the rest.
            log_file("functions").write_text(Path(told["log"]).read_text())


def sign_in(told: Mapping[str, Any], email: str, connector_type: str) -> None:
    """Connect a person, by a browser of their own."""
    with requests.Session() as session:
        session.trust_env = False
        browser = ScriptedBrowser(session)
        form = {"user_email": email, "connector_type": connector_type}
        link = session.post(f"{told['url']}/api/v1/oauth/user/authorize", json=form, timeout=10)
        page = browser.open(link.json()["authorization_url"])
        page = browser.walk(browser.submit(page, page.forms[0]), email.partition("@")[0])
        assert (page.status, page.url.partition("?")[0]) == (200, f"{told['url']}/")


def shell(line: str, cwd: Path) -> str:
    """
    Run one of the lines that the demo shows, as a person would in a terminal.

    In a folder of the test's own: in that of the clone a line could find the demo of whoever works there.
    """
    done = subprocess.run(
        ["/bin/bash", "-c", line],
        cwd=cwd, env=environment(), capture_output=True, text=True, check=True, timeout=PATIENCE,
    )  # fmt: skip
    return done.stdout
