"""Unwrapped data keys, kept a few minutes, so that a warm token read costs no key service call."""

from collections import OrderedDict
from datetime import datetime, timedelta
from hashlib import sha256
from threading import Lock
from typing import Final

from multi_user_oauth.ports import Clock

DEFAULT_LIFETIME: Final = timedelta(seconds=300)
DEFAULT_ENTRIES: Final = 10_000


class DataKeyCache:
    """
    At most `entries` data keys, the least recently used dropped first, none for over `lifetime`.

    A key is found only by its wrapped form together with the AAD that it was unwrapped for: a hit
    means that the key service has said yes to exactly this, a moment ago. Safe between threads.
    """

    def __init__(
        self,
        *,
        now: Clock,
        lifetime: timedelta = DEFAULT_LIFETIME,
        entries: int = DEFAULT_ENTRIES,
    ) -> None:
        self._now = now
        self._lifetime = lifetime
        self._most = entries
        self._by_use: OrderedDict[bytes, bytes] = OrderedDict()
        self._since: OrderedDict[bytes, datetime] = OrderedDict()  # the same names, oldest first
        self._lock = Lock()

    def get(self, wrapped: bytes, outer: bytes) -> bytes | None:
        """Return the data key if it was put here less than a lifetime ago."""
        name = _name(wrapped, outer)
        with self._lock:
            now = self._now()
            self._forget_old(now)
            if name not in self._by_use or not self._is_young(name, now):
                return None
            self._by_use.move_to_end(name)
            return self._by_use[name]

    def put(self, wrapped: bytes, outer: bytes, plaintext: bytes) -> None:
        """Keep what the key service has just unwrapped for this AAD."""
        name = _name(wrapped, outer)
        with self._lock:
            now = self._now()
            self._forget_old(now)
            self._by_use[name], self._since[name] = plaintext, now
            self._by_use.move_to_end(name)
            self._since.move_to_end(name)
            if len(self._by_use) > self._most:
                self._forget(next(iter(self._by_use)))

    def clear(self) -> None:
        """Forget all of them, as at the end of the process."""
        with self._lock:
            self._by_use.clear()
            self._since.clear()

    def __len__(self) -> int:
        """Return how many data keys are held in memory."""
        with self._lock:
            return len(self._by_use)

    def _forget_old(self, now: datetime) -> None:
        # Also those that nobody asks for again: the lifetime is a promise about memory.
        while self._since and not self._is_young(oldest := next(iter(self._since)), now):
            self._forget(oldest)

    def _forget(self, name: bytes) -> None:
        del self._by_use[name], self._since[name]

    def _is_young(self, name: bytes, now: datetime) -> bool:
        # A clock that was set back must not lengthen a life.
        return self._since[name] <= now < self._since[name] + self._lifetime


def _name(wrapped: bytes, outer: bytes) -> bytes:
    return sha256(len(outer).to_bytes(8, "big") + outer + wrapped).digest()
