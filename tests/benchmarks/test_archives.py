"""What is deployed, one function after the other: its archive alone, and only what it requires."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final
from zipfile import ZipFile

import pytest

from infra import package
from tests.benchmarks.results import Results
from tests.benchmarks.test_starts import ask, http
from tests.crash.deployment import API, CALLBACKS, MICROSOFT
from tests.crash.google_cloud import InGoogleCloud
from tests.plugins.no_secret_in_logs import log_file
from tests.support.processes import PATIENCE, free_ports

ROUNDS: Final = 3
INSTALL_SECONDS: Final = 300
NOBODY: Final = f"{API}/user/{MICROSOFT}/nobody@company.com"
ASKS: Final[Mapping[str, tuple[str, str, int]]] = {
    "access_token": ("GET", f"{NOBODY}/token", 401),
    "account": ("GET", "/api/v1/account/agents", 401),
    "authorize": ("GET", f"{API}/user/authorize", 400),
    "callback_google": ("GET", CALLBACKS["google"], 400),
    "callback_microsoft": ("GET", CALLBACKS["microsoft"], 400),
    "connectors": ("GET", f"/api/v1/connectors/{MICROSOFT}/files?user_email=a@company.com", 401),
    "list_users": ("GET", f"{API}/users", 401),
    "refresh": ("POST", "/refresh/one", 401),
    "revoke": ("DELETE", NOBODY, 403),
    "web": ("GET", "/", 200),
}
"""What each answers to somebody who proves nothing: its own refusal, from behind its whole wiring."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """A function as it is in the cloud; sizes in MB, time in milliseconds."""

    function: str
    archive: float
    packages: int
    installed: float
    first_answer: float


def test_archives(results: Results, google_cloud: InGoogleCloud) -> None:
    """Each starts under functions-framework and answers; nothing else of ours is in sight."""
    values = {**google_cloud.values, "REFRESH_URL": "http://127.0.0.1:9"}
    values.pop("SANDBOX_URL")  # nothing of a sandbox is in an archive
    # Not in a folder of the tests', which are searched for secrets: packages hold words of documentation.
    with TemporaryDirectory() as folder:
        rows = [deployed(name, values, Path(folder, name)) for name in package.functions()]
    assert [row.function for row in rows] == sorted(ASKS)
    results.add("archives", rows=[asdict(row) for row in rows])


def deployed(name: str, values: Mapping[str, str], place: Path) -> Deployed:
    """Unpack, install and start a function, and ask it."""
    file = package.archive(name, place / "archive.zip")
    with ZipFile(file) as made:
        made.extractall(place / "source")
    python = installed(place)
    packages = list(place.glob("venv/lib/*/site-packages/*.dist-info"))
    took = [first_answer(name, values, python, place / "source") for _ in range(ROUNDS)]
    return Deployed(
        function=name,
        archive=megabytes(file),
        packages=len(packages),
        installed=sum(map(megabytes, (place / "venv/lib").rglob("*"))),
        first_answer=median(took) * 1000,
    )


def installed(place: Path) -> Path:
    """Return the interpreter of a fresh environment that has what the archive requires."""
    run([sys.executable, "-m", "venv", "--without-pip", str(place / "venv")])
    python = place / "venv" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--no-input", "install"]
    required = str(place / "source" / "requirements.txt")
    run([*pip, "--no-deps", "--require-hashes", "--requirement", required])
    return python


def run(line: list[str]) -> None:
    """Run a program; skip where there is no network."""
    done = subprocess.run(
        line, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
    )
    log_file("archives").write_text(done.stdout + done.stderr)
    if "NewConnectionError" in done.stderr:
        pytest.skip("needs a network: pip fetches what functions require")
    assert done.returncode == 0, done.stderr


def first_answer(name: str, values: Mapping[str, str], python: Path, source: Path) -> float:
    """Return the seconds from the start of the process to its first answer."""
    (port,) = free_ports(1)
    method, path, status = ASKS[name]
    began = time.perf_counter()
    with started(python, source, port, values):
        answer = ask(port, http(method, path))
        took = time.perf_counter() - began
    assert answer.split(b" ", 2)[1] == str(status).encode(), answer[:2000]
    return took


@contextmanager
def started(python: Path, source: Path, port: int, values: Mapping[str, str]) -> Iterator[None]:
    """Run the function with its own packages and settings, and none of ours."""
    line = [str(python), "-m", "functions_framework", "--target", "main", "--host", "127.0.0.1"]
    with log_file("archives").open("ab") as log:
        process = subprocess.Popen(
            [*line, "--port", str(port)],
            cwd=source,
            env={"PATH": os.environ["PATH"], **values},
            stdout=log,
            stderr=log,
        )
    try:
        yield
    finally:
        process.kill()
        process.wait(PATIENCE)


def megabytes(file: Path) -> float:
    """Return how large a file is."""
    return file.stat().st_size / 1_000_000 if file.is_file() else 0.0
