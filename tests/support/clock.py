"""A clock that moves only when a test says so."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


class ManualClock:
    """
    A `Clock`; its `sleep` is a `Sleep` that passes the time at once.

    `meanwhile` is called in every sleep, after the time has passed: what others do while we wait.
    `slept` lists how long each sleep was, in seconds.
    """

    def __init__(self, start: datetime = START) -> None:
        self.meanwhile: Callable[[], None] | None = None
        self.slept: list[float] = []
        self._now = start
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        """Return the time; it stands still."""
        with self._lock:
            return self._now

    def advance(self, seconds: float) -> None:
        """Let this much time pass; a negative number sets the clock back."""
        with self._lock:
            self._now += timedelta(seconds=seconds)

    def sleep(self, seconds: float) -> None:
        """Pass the time without waiting, then let `meanwhile` happen."""
        self.slept.append(seconds)
        self.advance(seconds)
        if self.meanwhile is not None:
            self.meanwhile()
