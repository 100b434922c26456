"""Real processes that tests start, talk to, freeze and kill; what they print is searched for secrets."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Final

import pytest

from tests.plugins.no_secret_in_logs import log_file

ROOT: Final = Path(__file__).parents[2]
PATIENCE: Final = 60.0
"""Seconds, real ones: what takes longer has failed."""

PAUSE: Final = 0.02


def until(condition: Callable[[], bool], what: str, *, pause: float = PAUSE) -> None:
    """Return once the condition holds; fail the test if it does not within `PATIENCE`."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            pytest.fail(f"it did not come to pass: {what}")
        time.sleep(pause)  # noqa: TID251  # reason: the pause of a bounded wait for another process


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return what a process of ours is started with: our code, these settings, nothing else."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {
        **kept,
        "PYTHONFAULTHANDLER": "1",  # a crash tells where
        "PYTHONPATH": f"{ROOT / 'shared'}:{ROOT}",
        **settings,
    }


class SharedClock:
    """
    A `Clock` that all processes of a test go by: the real time, shifted by what stands in a file.

    It leaps for everybody at once, also for a process that is frozen at that moment.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        if not file.exists():
            self.set(timedelta(0))

    def __call__(self) -> datetime:
        """Return the shifted time."""
        return datetime.now(UTC) + timedelta(seconds=float(self.file.read_text()))  # noqa: TID251  # reason: real processes, real time

    def set(self, ahead: timedelta) -> None:
        """Put everybody's clock so far ahead of the real time."""
        draft = self.file.with_suffix(".new")
        draft.write_text(str(ahead.total_seconds()))
        draft.replace(self.file)

    def advance(self, by: timedelta) -> None:
        """Let so much time pass for everybody."""
        self.set(timedelta(seconds=float(self.file.read_text())) + by)


class Process:
    """
    One Python process.

    One that `talks` reads and writes JSON lines; all else that it prints goes to a log file.
    """

    def __init__(
        self,
        name: str,
        arguments: list[str],
        *,
        settings: Mapping[str, str] | None = None,
        talks: bool = True,
    ) -> None:
        self.log = log_file(name)
        with self.log.open("ab") as log:
            self._popen = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env=environment(settings or {}),
                stdin=subprocess.PIPE if talks else subprocess.DEVNULL,
                stdout=subprocess.PIPE if talks else log,
                stderr=log,
                text=True,
                bufsize=1,
            )

    @property
    def pid(self) -> int:
        """Its number, by which the system accounts for it."""
        return self._popen.pid

    @property
    def returncode(self) -> int | None:
        """How it ended, None while it runs; minus nine after a SIGKILL."""
        return self._popen.poll()

    def say(self, message: object) -> None:
        """Send it one line."""
        assert self._popen.stdin is not None
        with suppress(BrokenPipeError):
            self._popen.stdin.write(json.dumps(message) + "\n")

    def hear(self) -> Any:  # noqa: ANN401  # reason: JSON, each test knows its own
        """Return what it says next; fail with the end of its log if it says nothing more."""
        assert self._popen.stdout is not None
        line = self._popen.stdout.readline()
        if not line:
            pytest.fail(f"{self.log.name}: {self.log.read_text()[-2000:]}")
        return json.loads(line)

    def ended(self) -> int:
        """Wait for its end and return how it ended."""
        return self._popen.wait(PATIENCE)

    def frozen(self) -> None:
        """Wait until it is stopped."""
        _, status = os.waitpid(self._popen.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status), "it ended instead"

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._popen.send_signal(number)

    def stop(self) -> None:
        """End it, however it stands."""
        for number in (signal.SIGCONT, signal.SIGTERM, signal.SIGKILL):
            if self.returncode is None:
                self.send(number)
            if number is not signal.SIGCONT:
                with suppress(subprocess.TimeoutExpired):
                    self._popen.wait(10)
        for pipe in (self._popen.stdin, self._popen.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()


@contextmanager
def functions(
    wanted: Mapping[str, tuple[str, Mapping[str, str]]], ports: Mapping[str, int]
) -> Iterator[dict[str, str]]:
    """
    Serve functions, each as its own functions-framework process, and give their addresses.

    `wanted`: from any name to the function's and its settings; `ports`: of those whose port others
    must know beforehand.
    """
    ports = {**dict(zip(wanted, free_ports(len(wanted)), strict=True)), **ports}
    processes = {
        name: Process(
            f"function-{name}",
            serving(function, ports[name]),
            settings=settings,
            talks=False,
        )
        for name, (function, settings) in wanted.items()
    }
    try:
        for name, process in processes.items():
            until(lambda p=process, n=name: answers(p, ports[n]), f"{name} listens")  # type: ignore[misc]  # reason: mypy can not infer a default's type
        yield {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    finally:
        for process in processes.values():
            process.send(signal.SIGTERM)  # to all of them, before one is waited for
        for process in processes.values():
            process.stop()


def free_ports(number: int) -> list[int]:
    """Return ports that nobody listened on a moment ago."""
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_STREAM) for _ in range(number)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def serving(function: str, port: int) -> list[str]:
    """Return the arguments with which Python serves a function of ours, as the platform does."""
    source = ROOT / "functions" / function / "main.py"
    return [
        "-m", "functions_framework", "--source", str(source), "--target", "main",
        "--host", "127.0.0.1", "--port", str(port),
    ]  # fmt: skip


def answers(process: Process, port: int) -> bool:
    """Return whether the process answers a request at this port; fail the test if it has ended."""
    if process.returncode is not None:
        pytest.fail(f"{process.log.name}: {process.log.read_text()[-2000:]}")
    # An answer, not only a connection: the port is open before there is anybody to answer.
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status > 0
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
