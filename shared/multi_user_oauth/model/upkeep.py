"""How often a connection is refreshed: ahead of expiry while it is used, else just to keep it alive."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from multi_user_oauth.model.connection import Connection


class Need(StrEnum):
    """What a due connection needs."""

    REFRESH = "refresh"
    REST = "rest"
    """Nobody used it lately: it is left until it must be kept alive."""
    END = "end"
    """Nobody used it for so long that it is not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """
    The policy of refreshing.

    A weekend does not make a connection idle, or every Monday's first read would wait: so 72 hours.
    Microsoft's refresh tokens die after 90 days without use, Google's after 6 months; 30 days leave
    time for two months of outage. `idle_limit`: after so long without use a connection is ended, for
    what nobody needs can only be stolen; None: never.
    """

    used_within: timedelta = timedelta(hours=72)
    keep_alive: timedelta = timedelta(days=30)
    idle_limit: timedelta | None = None

    def need(self, connection: Connection, last_used_at: datetime | None, now: datetime) -> Need:
        """Return what this connection, which is due, needs."""
        used_at = _latest(connection.connected_at, last_used_at)
        if self.idle_limit is not None and now - used_at >= self.idle_limit:
            return Need.END
        if now - used_at < self.used_within or now >= self._dies(connection):
            return Need.REFRESH
        return Need.REST

    def rests_until(self, connection: Connection, last_used_at: datetime | None) -> datetime:
        """Return when a connection that needs rest is due again."""
        until = self._dies(connection)
        if self.idle_limit is None:
            return until
        return min(until, _latest(connection.connected_at, last_used_at) + self.idle_limit)

    def _dies(self, connection: Connection) -> datetime:
        return (connection.refreshed_at or connection.connected_at) + self.keep_alive


def _latest(first: datetime, other: datetime | None) -> datetime:
    return first if other is None else max(first, other)
