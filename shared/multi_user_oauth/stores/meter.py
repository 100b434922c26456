"""Counts of what Google Cloud would bill, so that tests hold the budget of each operation."""

import threading
from collections import Counter
from typing import Final

COUNTED_BY_ONE_READ: Final = 1000
"""Entries of an index, for which an aggregation is billed one document (Firestore, pricing)."""


def reads_to_count(number: int) -> int:
    """Return what counting so many costs: one read at least, also where there are none."""
    return max(1, -(-number // COUNTED_BY_ONE_READ))


class OperationMeter:
    """A `Meter` that remembers; many threads may count at once."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def count(self, operation: str, number: int = 1) -> None:
        """Add `number` to the operation's count."""
        with self._lock:
            self._counts[operation] += number

    def counts(self) -> dict[str, int]:
        """Return the operations counted since the last reset; one that never happened is missing."""
        with self._lock:
            return {operation: number for operation, number in self._counts.items() if number}

    def reset(self) -> None:
        """Begin again at zero."""
        with self._lock:
            self._counts.clear()


class NoMeter:
    """The `Meter` of production: the platform counts itself."""

    def count(self, operation: str, number: int = 1) -> None:
        """Do nothing."""
