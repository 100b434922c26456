"""The command `import` over a deployment on this machine, its sandbox, and an older system's folder."""

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from click.testing import Result

from multi_user_oauth.cli.demo_sandbox import sandbox_config
from multi_user_oauth.cli.settings_file import read_settings
from multi_user_oauth.model import ConnectionStatus
from multi_user_oauth.sandbox.company import ACCOUNTS, Account
from multi_user_oauth.sandbox.server import Sandbox
from multi_user_oauth.sandbox.state import State
from multi_user_oauth.settings import Settings
from multi_user_oauth.wiring.parts import Parts
from multi_user_oauth.wiring.world import World
from tests.support.memory import MEMORY
from tests.support.old_tokens import write_many

Run = Callable[..., Result]


@dataclass(frozen=True, slots=True, kw_only=True)
class OldSystem:
    """What an operator has before it: the old files, and a new deployment."""

    folder: Path
    sandbox: Sandbox
    env_file: Path
    run: Run

    @property
    def state(self) -> State:
        """The sandbox's memory."""
        found: State = self.sandbox.app.extensions["sandbox"]
        return found

    @property
    def parts(self) -> Parts:
        """The deployment's parts."""
        return Parts("test", Settings(read_settings(self.env_file)), World())

    def take_in(self, *options: str) -> Result:
        """Run the command."""
        return self.run("import", self.folder, "--env", self.env_file, *options)

    def told(self, *options: str, exit_code: int = 0) -> dict[str, Any]:
        """Run the command, and return what it prints as JSON."""
        result = self.take_in("--json", *options)
        assert result.exit_code == exit_code, result.output
        printed: dict[str, Any] = json.loads(result.stdout)
        return printed

    def asked(self) -> int:
        """Return how often a refresh token was sent to a provider."""
        requests = self.sandbox.requests()
        return sum(each["grant_type"] == "refresh_token" for each in requests)

    def connected(self) -> set[str]:
        """Return the e-mails under which anything is active."""
        return {
            connection.key.user_email
            for connection in self.everything()
            if connection.status is ConnectionStatus.ACTIVE
        }

    def everything(self) -> list[Any]:
        """Return every connection."""
        found: list[Any] = []
        after = None
        while True:
            page = self.parts.main.page(connector_type=None, status=None, after=after, limit=500)
            found += page.connections
            after = page.next_after
            if after is None:
                return found


@contextmanager
def old_system(run: Run, env_file: Path, people: Sequence[Account] = ()) -> Iterator[OldSystem]:
    """
    Give a deployment in which nobody is connected, and an empty folder of an older system.

    The folder is gone before anybody searches what tests leave behind: it is full of living tokens.
    The command sends this process's log to a file; afterwards it goes where it went.
    """
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    config = sandbox_config(read_settings(env_file), None)
    accounts = (*ACCOUNTS, *people)
    sandbox = Sandbox(replace(config, accounts=accounts)).start()
    with env_file.open("a", encoding="utf-8") as settings:
        settings.write(f"SANDBOX_URL={sandbox.base_url}\n")
    try:
        with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
            yield OldSystem(
                folder=Path(folder) / ".oauth_tokens", sandbox=sandbox, env_file=env_file, run=run
            )
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        sandbox.stop()


def import_many(old: OldSystem, people: Sequence[Account]) -> None:
    """Import a file of each of these people, ten of which are bad; twice."""
    expected = write_many(old.folder, old.state, people)
    before = {file: file.read_bytes() for file in old.folder.glob("*/*")}
    good = len(people) - len(expected)

    told = old.told(exit_code=1)

    assert (told["taken_in"], told["failed"], told["later"]) == (good, len(expected), 0)
    failed = {each["file"]: each["reason"] for each in told["files"] if each["reason"]}
    assert failed == expected
    assert len(old.connected()) == good
    asked = old.asked()
    assert asked == good + sum(each in {"dead", "email_mismatch"} for each in expected.values())

    again = old.told(exit_code=1)

    assert (again["taken_in"], again["left_alone"]) == (0, good)
    assert old.asked() == asked + (asked - good), "who is connected was asked for again"
    assert {file: file.read_bytes() for file in old.folder.glob("*/*")} == before
