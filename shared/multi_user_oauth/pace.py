"""No more than so many a second, over all threads of a process."""

import threading
from datetime import datetime, timedelta

from multi_user_oauth.ports import Clock, Sleep


class Pace:
    """Gives each who asks a moment of its own."""

    def __init__(self, per_second: float, *, now: Clock, sleep: Sleep) -> None:
        self._apart = timedelta(seconds=1 / per_second)
        self._now = now
        self._sleep = sleep
        self._lock = threading.Lock()
        self._next: datetime | None = None

    def wait(self, until: datetime) -> bool:
        """Return True when the moment has come, or False at once if it would be after `until`."""
        with self._lock:
            now = self._now()
            moment = now if self._next is None else max(now, self._next)
            if moment >= until:
                return False
            self._next = moment + self._apart
        if moment > now:
            self._sleep((moment - now).total_seconds())
        return True
