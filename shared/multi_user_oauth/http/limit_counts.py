"""Where the library `limits` counts: in this process, by the clock that it is given.

The library's own memory starts a thread every ten milliseconds while anybody calls, which was a tenth of
what a request cost, and it has a clock of its own.
"""

from threading import Lock
from typing import Final

from limits.storage import Storage

from multi_user_oauth.ports import Clock

MOST: Final = 100_000
"""Counters at once; beyond them the oldest are forgotten."""


class InstanceCounts(Storage):
    """Fixed windows, each of which begins with its first hit. Safe between threads."""

    STORAGE_SCHEME = None
    base_exceptions = ()

    def __init__(self, now: Clock, *, most: int = MOST) -> None:
        super().__init__()
        self._now = now
        self._most = most
        self._lock = Lock()
        self._counts: dict[str, tuple[int, float]] = {}

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count a hit and return how many there were in the window, which is `expiry` seconds long."""
        now = self._now().timestamp()
        with self._lock:
            count, ends = self._counts.get(key, (0, 0.0))
            # A clock that was set back must not lengthen a window.
            if not now < ends <= now + expiry:
                self._counts.pop(key, None)  # the new one goes to the end: the dict is by age
                count, ends = 0, now + expiry
            self._counts[key] = (count + amount, ends)
            if len(self._counts) > self._most:
                self._counts.pop(next(iter(self._counts)))
        return count + amount

    def get(self, key: str) -> int:
        """Return how many hits there were in the window."""
        with self._lock:
            count, ends = self._counts.get(key, (0, 0.0))
        return count if self._now().timestamp() < ends else 0

    def get_expiry(self, key: str) -> float:
        """Return when the window ends, in seconds since 1970."""
        with self._lock:
            return self._counts.get(key, (0, self._now().timestamp()))[1]

    def check(self) -> bool:
        """Return that it works: nothing can be out of reach."""
        return True

    def reset(self) -> int:
        """Forget all; return how many counters there were."""
        with self._lock:
            number = len(self._counts)
            self._counts.clear()
        return number

    def clear(self, key: str) -> None:
        """Forget one counter."""
        with self._lock:
            self._counts.pop(key, None)
