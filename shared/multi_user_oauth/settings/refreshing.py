"""Settings of how often connections are refreshed, and how many at a time."""

import re
from functools import cached_property

from multi_user_oauth.settings.values import Values, malformed


class RefreshSettings(Values):
    """The part of the mapping that is about the sweep."""

    @cached_property
    def sweep_threads(self) -> int:
        """`SWEEP_THREADS`: how many connections one instance refreshes at a time; by default 16."""
        return self._count("SWEEP_THREADS", "16")

    @cached_property
    def sweep_rate(self) -> int:
        """`SWEEP_RATE`: refreshes a second of a whole sweep, over all its shards; by default 500."""
        return self._count("SWEEP_RATE", "500")

    @cached_property
    def used_within_hours(self) -> int:
        """`USED_WITHIN_HOURS`: whoever was used so lately is refreshed ahead of expiry; by default 72.

        Others are refreshed when somebody asks for them, and often enough to stay alive.
        """
        return self._count("USED_WITHIN_HOURS", "72")

    @cached_property
    def keep_alive_days(self) -> int:
        """`KEEP_ALIVE_DAYS`: so often an unused connection is refreshed, lest it die; by default 30."""
        return self._count("KEEP_ALIVE_DAYS", "30")

    @cached_property
    def idle_limit_days(self) -> int | None:
        """`IDLE_LIMIT_DAYS`: a connection that nobody used for so long is ended; by default never."""
        return self._count("IDLE_LIMIT_DAYS", "") if self._values.get("IDLE_LIMIT_DAYS") else None

    def _count(self, name: str, default: str) -> int:
        text = self._values.get(name) or default
        if not re.fullmatch(r"[1-9][0-9]{0,5}", text):
            raise malformed(name, "a whole number, at least 1")
        return int(text)
