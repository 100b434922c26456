"""The command line at a terminal: a real one, of this machine's own."""

import os
import pty
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from .processes import COMMAND, PATIENCE, environment


@dataclass(frozen=True, slots=True, kw_only=True)
class AtTerminal:
    """How a command ended whose standard input and error are a terminal; its output is piped."""

    exit_code: int
    piped: str
    seen: str


@contextmanager
def terminal() -> Iterator[tuple[int, int]]:
    """Give a terminal's two ends: the person's and the program's."""
    ours, theirs = pty.openpty()
    try:
        yield ours, theirs
    finally:
        for end in (ours, theirs):
            with suppress(OSError):
                os.close(end)


@contextmanager
def started(
    *arguments: object, cwd: Path, ends: tuple[int, int], **changes: str
) -> Iterator[subprocess.Popen[str]]:
    """Start a command there; the program's end of the terminal is handed over to it."""
    _, theirs = ends
    process = subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd, env={**environment(), "TERM": "xterm", **changes}, text=True,
        stdin=theirs, stdout=subprocess.PIPE, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE)


def seen_until(ours: int, words: str = "") -> str:
    """Return what the person sees until these words, or until there is nothing more to see."""
    seen = b""
    with suppress(OSError):  # Linux says so where the other end is closed
        while received := os.read(ours, 65_536):
            seen += received
            if words and words.encode() in seen:
                break
    return seen.decode()


def at_terminal(*arguments: object, cwd: Path, **changes: str) -> AtTerminal:
    """Run a command there to its end."""
    with terminal() as ends, started(*arguments, cwd=cwd, ends=ends, **changes) as process:
        seen = seen_until(ends[0])
        assert process.stdout is not None
        piped = process.stdout.read()
        return AtTerminal(exit_code=process.wait(PATIENCE), piped=piped, seen=seen)
