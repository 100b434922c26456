"""Randomness that is the same in every run."""

import threading
from hashlib import shake_256
from itertools import count


class CountingDraw:
    """A `Draw` whose answers all differ and come in the same order each time; `seed` names the row."""

    def __init__(self, seed: str = "draw") -> None:
        self._seed = seed
        self._numbers = count()
        self._lock = threading.Lock()

    def __call__(self, number_of_bytes: int) -> bytes:
        """Return so many bytes, unlike those of any other call."""
        with self._lock:
            number = next(self._numbers)
        return shake_256(f"{self._seed}/{number}".encode()).digest(number_of_bytes)
