"""Two processes that sweep, against one."""

from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Final

from tests.benchmarks.ratios import each_against
from tests.benchmarks.results import Figure, Results
from tests.benchmarks.sweepers import THREADS, sweepers
from tests.crash.deployment import Deployment

LATENCY: Final = 0.1
NUMBER: Final = 640
ROUNDS: Final = 3
TIMES: Final = 1.6


def test_two_processes_against_one(
    deployment: Deployment, results: Results, pubsub_emulator: str, tmp_path: Path
) -> None:
    """16 shards by Pub/Sub's push; so few threads that they wait for the provider, not for a core."""
    took: dict[str, list[float]] = {}
    with sweepers(deployment, pubsub_emulator, tmp_path, number=NUMBER, latency=LATENCY) as running:
        running.sweep(2)  # the first one only warms up
        for _ in range(ROUNDS):
            for processes in (1, 2):
                began = perf_counter()
                running.sweep(processes)
                took.setdefault(str(processes), []).append(NUMBER / (perf_counter() - began))
        asked = running.asked()
    one, two = median(took["1"]), median(took["2"])
    results.add(
        "refresh",
        Figure(
            name="refreshes a second, two processes and one",
            value=each_against(took, "2", "1"),
            target=TIMES,
            at_least=True,
            detail=f"{two:.0f} against {one:.0f} a second; {THREADS} threads each",
        ),
        Figure(
            name="connections that two processes refreshed twice",
            value=asked["asked"] - asked["tokens"],
            unit=f"of {asked['asked']:,}",
            target=0,
        ),
    )
    assert asked == {"asked": asked["tokens"], "tokens": NUMBER * (2 * ROUNDS + 1)}
