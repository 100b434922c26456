"""Things measured side by side, in turn, so that a busy machine slows all of them."""

import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import Final

ROUNDS: Final = 15

Work = Callable[[], object]


def seconds(work: Work, times: int) -> float:
    """Return how long one of so many calls takes."""
    began = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - began) / times


def medians(
    works: Mapping[str, Work], *, times: int = 50, rounds: int = ROUNDS
) -> dict[str, float]:
    """Return the seconds that each takes, by the median of rounds in which all take their turn."""
    took: dict[str, list[float]] = {name: [] for name in works}
    turns = list(works.items())
    for _ in range(rounds):
        for name, work in turns:
            took[name].append(seconds(work, times))
        turns.append(turns.pop(0))  # each comes first as often as any other
    return {name: median(each) for name, each in took.items()}


def each_against(took: Mapping[str, list[float]], name: str, yardstick: str) -> float:
    """Return the median of the ratios of one round each: what the machine did then, it did to both."""
    pairs = zip(took[name], took[yardstick], strict=True)
    return median(ours / theirs for ours, theirs in pairs)
