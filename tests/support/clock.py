"""A clock that moves only when told to, one that moves by itself too, and pauses nobody waits for."""

import threading
import time
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


class RunningClock(ManualClock):
    """The same, but real seconds pass too, and its `sleep` takes as long as it says."""

    def __init__(self, start: datetime = START) -> None:
        super().__init__(start)
        self._begun = time.monotonic()

    def __call__(self) -> datetime:
        """Return the time."""
        return super().__call__() + timedelta(seconds=time.monotonic() - self._begun)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)  # noqa: TID251  # reason: what is measured is how long callers really wait


class SkippedPauses:
    """A `Sleep` that is over at once, and the real monotonic time as if it had been waited for."""

    def __init__(self) -> None:
        self._skipped = 0.0

    def sleep(self, seconds: float) -> None:
        """Go on at once."""
        self._skipped += seconds

    def monotonic(self) -> float:
        """Return the seconds that passed, and those that were skipped."""
        return time.monotonic() + self._skipped
