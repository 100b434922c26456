"""Web servers as the platform runs them, each on a core of its own choosing, and what they use of it."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support.processes import ROOT, Process, answers, free_ports, until

PROC: Final = Path("/proc")
THREADS: Final = 8
"""As functions-framework chooses on two cores, for both sides."""

UNLIMITED: Final = dict.fromkeys(
    ("RATE_PER_ADDRESS", "RATE_PER_CALLER", "RATE_PER_PERSON"), "99999999/minute"
)
"""Calls are counted as ever; no load that comes from one address reaches these rates."""

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_MIB: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A gunicorn: its arbiter, and below it the worker."""

    process: Process
    port: int

    def pids(self) -> list[int]:
        """Return the processes of the tree, the arbiter first."""
        return _tree(self.process.pid)

    def cpu_seconds(self) -> float:
        """Return the time that the tree has spent on a core, in steps of 10 ms (proc(5), stat)."""
        return sum(_cpu(pid) for pid in self.pids())

    def mebibytes(self) -> float:
        """Return the memory of the tree; what its processes share counts once (proc(5), smaps)."""
        return sum(_pss(pid) for pid in self.pids()) / _MIB


@contextmanager
def function(
    name: str, settings: Mapping[str, str], *, core: int | None = None
) -> Iterator[Server]:
    """Serve one of our functions under functions-framework."""
    source = str(ROOT / "functions" / name / "main.py")
    arguments = ["-m", "functions_framework", "--source", source, "--target", "main"]
    arguments += ["--host", "127.0.0.1", "--port"]
    with _served(name, arguments, {**UNLIMITED, **settings}, core) as server:
        yield server


@contextmanager
def plain_app(tokens: Path, *, core: int | None = None) -> Iterator[Server]:
    """Serve the yardstick with the settings of gunicorn that functions-framework has."""
    arguments = [
        *("-m", "gunicorn", "tests.benchmarks.plain_app:app", "--preload", "--workers", "1"),
        *("--threads", str(THREADS), "--timeout", "0", "--log-level", "error"),
        *("--limit-request-line", "0", "--bind"),
    ]
    with _served("plain-app", arguments, {"TOKENS": str(tokens)}, core) as server:
        yield server


@contextmanager
def on_core(core: int | None) -> Iterator[None]:
    """Keep this process, and what it starts, on one core for a while; None: on all."""
    if core is None or not can_choose():
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(before)[core]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def can_choose() -> bool:
    """Return whether two processes can be kept apart here."""
    return hasattr(os, "sched_setaffinity") and len(os.sched_getaffinity(0)) > 1


@contextmanager
def _served(
    name: str, arguments: list[str], settings: Mapping[str, str], core: int | None
) -> Iterator[Server]:
    (port,) = free_ports(1)
    address = f"127.0.0.1:{port}" if arguments[-1] == "--bind" else str(port)
    settings = {"THREADS": str(THREADS), **settings}
    with on_core(core):
        process = Process(f"bench-{name}", [*arguments, address], settings=settings, talks=False)
    try:
        until(lambda: answers(process, port), f"{name} answers")
        yield Server(process=process, port=port)
    finally:
        process.stop()


def _tree(pid: int) -> list[int]:
    children = (PROC / str(pid) / "task" / str(pid) / "children").read_text().split()
    return [pid, *(each for child in children for each in _tree(int(child)))]


def _cpu(pid: int) -> float:
    # After the name, which may hold anything: the 12th and 13th field are utime and stime.
    fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _pss(pid: int) -> int:
    lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
