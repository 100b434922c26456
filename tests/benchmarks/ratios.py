"""Two things measured side by side, alternately, so that a busy machine slows both."""

import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Final

ROUNDS: Final = 15


def seconds(work: Callable[[], object], times: int) -> float:
    """Return how long one of so many calls takes."""
    began = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - began) / times


def ratio(
    name: str,
    ours: Callable[[], object],
    yardstick: Callable[[], object],
    *,
    times: int = 50,
    rounds: int = ROUNDS,
) -> float:
    """Return how many times longer ours takes than the yardstick, by medians; print both."""
    pairs = [(seconds(ours, times), seconds(yardstick, times)) for _ in range(rounds)]
    our, their = median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)
    tell(f"{name}: {our * 1000:.2f} ms against {their * 1000:.2f} ms, {our / their:.1f} times")
    return our / their


def tell(line: str) -> None:
    """Print a line of the report."""
    sys.stdout.write(f"\n  {line}")
