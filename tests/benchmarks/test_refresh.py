"""The sweep: refreshes a second beside bare posts of the same form, and its memory."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any, Final

import pytest

from multi_user_oauth.model import ConnectionKey
from multi_user_oauth.settings import Settings
from multi_user_oauth.wiring.parts import Parts
from multi_user_oauth.wiring.world import World, utc_now
from tests.benchmarks.people import connect, keys
from tests.benchmarks.ratios import each_against
from tests.benchmarks.results import Figure, Results
from tests.benchmarks.servers import PROC
from tests.benchmarks.sweepers import everything_is_due, quick_microsoft
from tests.crash.deployment import Deployment
from tests.support.processes import Process

LATENCY: Final = 0.1
"""Seconds until the provider answers."""
THREADS: Final = 64
DUE: Final = 2_000
ROUNDS: Final = 3
A_SECOND: Final = 400
OF_BARE: Final = 0.8

SIZES: Final = (1_000, 100_000)
USED_ONE_IN: Final = 20
IDLE: Final = timedelta(days=4)
GROWTH: Final = 20.0
"""Mebibytes. It may keep the data keys of 10,000 connections open, and that is all that grows."""


@contextmanager
def sweeper(settings: Mapping[str, str]) -> Iterator[Process]:
    """Run one process that sweeps when it is told to."""
    process = Process("bench-sweeper", ["-m", "tests.benchmarks.sweeper"], settings=settings)
    try:
        yield process
    finally:
        process.stop()


def told(process: Process, **task: object) -> dict[str, Any]:
    """Give the process something to do, and return what it says of it."""
    process.say(task)
    said: dict[str, Any] = process.hear()
    return said


def test_refreshes_a_second(deployment: Deployment, results: Results, tmp_path: Path) -> None:
    """64 threads that refresh, and the same 64 that only post and read the answer; in turn."""
    with quick_microsoft(LATENCY, deployment.sandbox) as microsoft:
        settings = {
            **deployment.values, "DATA_DIR": str(tmp_path), "SANDBOX_URL": microsoft,
            "SWEEP_THREADS": str(THREADS), "SWEEP_RATE": "100000",
        }  # fmt: skip
        connect(Parts("benchmark", Settings(settings), World()), keys(DUE), ends_in=timedelta(0))
        took: dict[str, list[float]] = {}
        cpu: dict[str, list[float]] = {}
        with sweeper(settings) as process:
            told(process, do="post", number=THREADS)  # opens the connections, loads the libraries
            for _ in range(ROUNDS):
                for task in ({"do": "sweep"}, {"do": "post", "number": DUE}):
                    did = told(process, **task)
                    assert sum(did["counts"].values()) == DUE
                    assert set(did["counts"]) <= {"refreshed", "posted"}, did["counts"]
                    took.setdefault(str(task["do"]), []).append(DUE / did["seconds"])
                    cpu.setdefault(str(task["do"]), []).append(did["cpu"] / DUE * 1000)
                everything_is_due(tmp_path / "main.db")
    spent = f"{median(cpu['sweep']):.1f} ms of CPU each against {median(cpu['post']):.1f} ms"
    results.add(
        "refresh",
        Figure(
            name=f"refreshes a second, {THREADS} threads",
            value=median(took["sweep"]),
            unit="a second",
            target=A_SECOND,
            at_least=True,
            detail=f"{LATENCY * 1000:.0f} ms of latency allow {THREADS / LATENCY:.0f}",
        ),
        Figure(
            name="refreshes, and bare posts of the same form",
            value=each_against(took, "sweep", "post"),
            target=OF_BARE,
            at_least=True,
            detail=f"{median(took['sweep']):.0f} against {median(took['post']):.0f} a second; {spent}",
        ),
    )


@pytest.mark.skipif(not PROC.is_dir(), reason="the system does not tell what it spends")
def test_memory_does_not_grow_with_the_number_of_connections(
    deployment: Deployment, results: Results, tmp_path: Path
) -> None:
    """All due; one in twenty was used lately and is refreshed, the others are left to rest."""
    with quick_microsoft(0.0, deployment.sandbox) as microsoft:
        settings = {**deployment.values, "SANDBOX_URL": microsoft, "SWEEP_RATE": "100000"}
        held = [swept(settings, tmp_path / str(number), number) for number in SIZES]
    smallest, largest = held
    results.add(
        "refresh",
        Figure(
            name=f"growth of a sweep from {SIZES[0]:,} to {SIZES[1]:,} connections",
            value=largest - smallest,
            unit="MiB",
            target=GROWTH,
            detail=f"{largest:.0f} MiB at most, against {smallest:.0f} MiB",
        ),
    )
    assert largest - smallest < GROWTH


def swept(settings: Mapping[str, str], folder: Path, number: int) -> float:
    """Return how many mebibytes a process had at most that swept so many."""
    values = {**settings, "DATA_DIR": str(folder)}
    used = keys(number // USED_ONE_IN, "used")
    connect(Parts("benchmark", Settings(values), World()), used, ends_in=timedelta(0))
    long_ago = World(now=lambda: utc_now() - IDLE)
    idle, *others = keys(number - len(used), "idle")
    connect(Parts("benchmark", Settings(values), long_ago), [idle], ends_in=timedelta(0))
    fill(folder / "main.db", idle, others)
    with sweeper(values) as process:
        did = told(process, do="sweep")
    assert did["counts"] == {"refreshed": len(used), "rested": number - len(used)}
    return float(did["largest"])


def fill(file: Path, like: ConnectionKey, others: Iterable[ConnectionKey]) -> None:
    """Put those beside this one, as it is but for their names; what they have sealed opens for nobody."""
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.row_factory = sqlite3.Row
        found = database.execute("SELECT * FROM connections WHERE id = ?", (like.document_id,))
        row = dict(found.fetchone())
        columns, body, old = list(row), row["body"], like.user_email.encode()
        rows = (
            {**row, "id": key.document_id, "body": body.replace(old, key.user_email.encode())}
            for key in others
        )
        values = ", ".join(f":{column}" for column in columns)
        database.execute("BEGIN")
        database.executemany(f"INSERT INTO connections VALUES ({values})", rows)  # noqa: S608  # reason: names of columns
        database.execute("COMMIT")
