"""The lines of docs/examples/README.md, as a person would give them to a shell beside the demo."""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import requests

from tests.plugins.no_secret_in_logs import log_file
from tests.unit.cli.processes import PATIENCE, ROOT, environment

README: Final = (ROOT / "docs/examples/README.md").read_text("utf-8")
PYTHON: Final = {".venv/bin/python": f"{shlex.quote(sys.executable)} -W error"}
SETTINGS: Final = "Examples"
"""The heading below which the settings stand."""


def blocks(heading: str) -> list[str]:
    """Return what is printed for a shell below this heading."""
    _, found, rest = README.partition(f"# {heading}\n")
    assert found, heading
    section, _, _ = rest.partition("\n## ")
    return re.findall(r"```sh\n(.*?)```", section, re.DOTALL)


def exchanged(lines: str, places: Mapping[str, str]) -> str:
    """Return the lines with other places than the printed ones; each has to stand there."""
    for printed, found in places.items():
        assert printed in lines, printed
        lines = lines.replace(printed, found)
    return lines


def settings(url: str, sandbox_url: str) -> str:
    """Return the lines that come first, for a demo at these addresses."""
    (lines,) = blocks(SETTINGS)
    sandbox = sandbox_url.removeprefix("http://")
    return lines.replace("http://localhost:8084", url).replace("127.0.0.1:8085", sandbox)


def run(lines: str) -> subprocess.CompletedProcess[str]:
    """Run the lines to their end."""
    return subprocess.run(
        ["/bin/bash", "-ec", lines],
        cwd=ROOT, env=_environment(), capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip


@contextmanager
def running(name: str, lines: str) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """Run lines that do not end by themselves; give the process and the file of what it prints."""
    log = log_file(name)
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["/bin/bash", "-ec", _instead_of_the_shell(lines)],
            cwd=ROOT, env=_environment(), stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        yield process, log
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(PATIENCE)
        finally:
            process.kill()
            process.wait()


def mails(mailbox_url: str) -> list[tuple[str, str, str]]:
    """Return what was sent, newest first: subject, sender, recipients."""
    with requests.Session() as session:
        session.trust_env = False
        page = session.get(mailbox_url, timeout=10).text
    row = r'<tr><th scope="row">{}</th><td>(.*?)</td></tr>\s*'
    one = r"<h2>(.*?)</h2>\s*<table>\s*<tbody>\s*" + row.format("From") + row.format("To")
    return re.findall(one, page)


def _environment() -> dict[str, str]:
    return {**environment(), "PYTHONDONTWRITEBYTECODE": "1", "HOME": os.environ["HOME"]}


def _instead_of_the_shell(lines: str) -> str:
    """Return the lines with the last command in the shell's own process, which signals reach so."""
    (python,) = PYTHON.values()
    return lines.replace(python, f"exec {python}")
