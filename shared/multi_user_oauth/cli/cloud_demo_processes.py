"""Programs that run beside the demo, and end with it: whether it stops, fails or is killed."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Final, Self

from multi_user_oauth.cli.files import open_log
from multi_user_oauth.errors import ConfigurationError

PATIENCE: Final = 60.0
"""Seconds in which a program has to answer."""
STOP_SECONDS: Final = 2.5
"""So long programs have to end by themselves; then they are killed."""
_PAUSE: Final = 0.05

# Runs a program in a process group of its own. The group is killed as soon as whoever holds the other
# end of the pipe has ended, however that came about; SIGTERM is the program's to obey.
GUARD: Final = """
import os, signal, subprocess, sys, threading
program = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
signal.signal(signal.SIGTERM, lambda *_: program.terminate())
def watch():
    sys.stdin.read()
    os.killpg(0, signal.SIGKILL)
threading.Thread(target=watch, daemon=True).start()
sys.exit(program.wait())
"""


class Processes:
    """Leave it to end all that was started in it."""

    def __init__(self, log_directory: Path) -> None:
        self._log_directory = log_directory
        self._guards: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __contains__(self, name: object) -> bool:
        return name in self._guards

    def start(
        self,
        name: str,
        command: list[str],
        environment: Mapping[str, str],
        *,
        output: Path | None = None,
    ) -> None:
        """Start a program: `NAME.log` takes what it says, but for what it prints if `output` does."""
        errors_file = self._errors(name)
        with open_log(output or errors_file) as out, open_log(errors_file) as errors:
            # No preexec_fn: it would run between fork and exec, where gRPC's threads are missing.
            self._guards[name] = subprocess.Popen(  # noqa: S603  # reason: the command is ours
                [sys.executable, "-S", "-c", GUARD, *command],
                env=dict(environment),
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=errors,
                start_new_session=True,
            )

    def wait_for(self, name: str, answers: Callable[[], bool]) -> None:
        """Return once the program answers; raise `ConfigurationError` if it ends or never does."""
        end = time.monotonic() + PATIENCE
        while not answers():
            if self._guards[name].poll() is not None or time.monotonic() > end:
                raise ConfigurationError(f"{name} did not start, see {self._errors(name)}")
            time.sleep(_PAUSE)

    def stop(self) -> None:
        """End all of them; doing so twice is harmless."""
        end = time.monotonic() + STOP_SECONDS
        for guard in self._guards.values():
            guard.terminate()
        for guard in self._guards.values():
            with suppress(subprocess.TimeoutExpired):
                guard.wait(max(0.0, end - time.monotonic()))
        for guard in self._guards.values():
            with suppress(ProcessLookupError, PermissionError):  # macOS says so of an empty group
                os.killpg(guard.pid, signal.SIGKILL)
            guard.wait()
            if guard.stdin is not None:
                guard.stdin.close()
        self._guards.clear()

    def _errors(self, name: str) -> Path:
        return self._log_directory / f"{name}.log"


def free_ports(number: int) -> list[int]:
    """Return ports of 127.0.0.1 that nobody listened on a moment ago."""
    sockets = [socket.socket() for _ in range(number)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def listens(port: int) -> bool:
    """Return whether somebody listens on this port of 127.0.0.1."""
    with closing(socket.socket()) as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0
