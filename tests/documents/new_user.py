"""A new user's terminal: a copy of the clone, the demo that runs in it, and how commands end there."""

import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.request import urlopen

from tests.documents.shell_blocks import Command
from tests.plugins.what_did_not_run import missing
from tests.unit.cli.processes import (
    ROOT,
    Running,
    command,
    environment,
    free_ports,
    running,
    sign_in,
)

CLONED: Final = ("README.md", "Makefile", "docs", "functions", "infra", "shared")
PRINTED_PORTS: Final = ("8084", "8085")
SIGNED_IN: Final = (
    ("sarah@company.com", "microsoft_teams"),
    ("john@company.com", "google_workspace"),
    ("maria@company.com", "google_workspace"),
)
"""Whom the documents tell a reader to connect first."""
OF_AN_OLD_SYSTEM: Final = ("microsoft_teams", "john@company.com")
LONGEST: Final = 300  # seconds for a whole document


@dataclass(frozen=True, slots=True)
class Ended:
    """A command, and how it ended."""

    command: Command
    exit_code: int
    output: str
    errors: str

    def __str__(self) -> str:
        wanted = self.command.exit_code
        return f"{self.command}\nended with {self.exit_code} instead of {wanted}:\n{self.errors}"


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where commands are typed."""

    clone: Path
    demo: Running

    def type(self, commands: Sequence[Command]) -> list[Ended]:
        """Type the commands of one document into one shell, in their order; return how each ended."""
        with TemporaryDirectory() as place:
            said = Path(place)
            # What fails in the middle of a pipe fails here too, though a reader is not told its code.
            script = "set -o pipefail\n" + "".join(
                f"{{ {self._here(each.text)}\n}} >{said}/{number}.out 2>{said}/{number}.err\n"
                f"echo $? >{said}/{number}.code\n"
                for number, each in enumerate(commands)
            )
            subprocess.run(
                ["/bin/bash", "-c", script],
                cwd=self.clone, env=self._environment(), stdin=subprocess.DEVNULL, check=True,
                timeout=LONGEST,
            )  # fmt: skip
            return [
                Ended(
                    each,
                    int((said / f"{number}.code").read_text()),
                    (said / f"{number}.out").read_text(),
                    (said / f"{number}.err").read_text(),
                )
                for number, each in enumerate(commands)
            ]

    def _here(self, text: str) -> str:
        """Return the text as it is printed, but for the ports, which somebody else may have taken."""
        ports = [self.demo.told[name].rpartition(":")[2] for name in ("url", "sandbox_url")]
        for printed, found in zip(PRINTED_PORTS, ports, strict=True):
            text = text.replace(printed, found)
        return text

    def _environment(self) -> dict[str, str]:
        # The folder that fish makes for itself at its first start.
        (self.clone / ".config/fish/completions").mkdir(parents=True, exist_ok=True)
        return {**environment(), "HOME": str(self.clone)}


@contextmanager
def terminal() -> Iterator[Terminal]:
    """Open one in a fresh copy, beside a demo in which the people of the documents have connected."""
    # Not below the folder of this run, in which no secret may lie: commands print tokens and make keys.
    with TemporaryDirectory() as place:
        clone = Path(place) / "clone"
        clone.mkdir()
        for name in CLONED:
            _copy(ROOT / name, clone / name)
        programs(clone / ".venv/bin")
        port, sandbox_port = free_ports()
        ports = ("--port", port, "--sandbox-port", sandbox_port)
        with running("demo", *ports, "--functions", ROOT / "functions", cwd=clone) as demo:
            for email, connector_type in SIGNED_IN:
                sign_in(demo.told, email, connector_type)
            _take_for_granted(clone, demo)
            yield Terminal(clone, demo)


def _copy(found: Path, to: Path) -> None:
    if found.is_dir():
        unwanted = shutil.ignore_patterns("__pycache__", ".terraform*", "build", "*.db")
        shutil.copytree(found, to, ignore=unwanted)
    else:
        shutil.copy(found, to)


def programs(folder: Path) -> None:
    """
    Make the two programs that `make demo` installs, of the Python that runs the tests.

    Without jq, which the documents ask for, the test is skipped.
    """
    if shutil.which("jq") is None:
        missing("jq", why="not on the PATH", mend="install jq")
    folder.mkdir(parents=True)
    python = shlex.quote(sys.executable)
    for name, started in (
        ("python", python),
        ("multi-user-oauth", f"{python} -m multi_user_oauth.cli"),
    ):
        (folder / name).write_text(f'#!/bin/sh\nexec {started} "$@"\n')
        (folder / name).chmod(0o700)


def _take_for_granted(clone: Path, demo: Running) -> None:
    """Make what the documents say that the reader has: an older system's file."""
    connector_type, email = OF_AN_OLD_SYSTEM
    sign_in(demo.told, email, connector_type)
    with urlopen(f"{demo.told['sandbox_url']}/_sandbox/secrets", timeout=10) as answer:  # noqa: S310  # reason: the test's own sandbox
        given = [each["value"] for each in json.load(answer) if each["kind"] == "refresh_token"]
    command("revoke", connector_type, email, cwd=clone).check_returncode()
    file = clone / ".oauth_tokens" / connector_type / f"{email}.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"refresh_token": given[-1]}))
