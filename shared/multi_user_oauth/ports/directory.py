"""Finding connections in the main database without knowing their keys, and counting them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from multi_user_oauth.model import Connection, ConnectionStatus, Page

EndingPlace = tuple[datetime, str]
"""Where a connection stands among those whose grant ends: the end of the grant, the document id."""


class ConnectionDirectory(Protocol):
    """Lists connections by their document ids."""

    def page(
        self,
        *,
        connector_type: str | None,
        status: ConnectionStatus | None,
        after: str | None,
        limit: int,
    ) -> Page:
        """Return at most `limit` connections whose document id is greater than `after`."""

    def beginning(
        self, begins: str, *, status: ConnectionStatus | None, after: str | None, limit: int
    ) -> Page:
        """
        Return at most `limit` connections whose document id begins so and is greater than `after`.

        `begins` is the document id of a key, whose e-mail may be cut short anywhere. No other
        connection is read.
        """

    def types(self) -> tuple[str, ...]:
        """Return the types that have connections, configured or not, in the order of document ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndingPage:
    """Some connections, the earliest end first; `next_after` is None at the end."""

    connections: tuple[Connection, ...]
    next_after: EndingPlace | None = None


class EndingConnections(Protocol):
    """Finds active connections whose grant ends by itself, by the time that the provider named."""

    def ending(
        self,
        *,
        connector_type: str | None,
        by: datetime,
        after: EndingPlace | None,
        limit: int,
    ) -> EndingPage:
        """Return at most `limit` whose `refresh_token_expires_at` is not after `by`."""


class ConnectionCounts(Protocol):
    """Counts connections, and reads none."""

    def count(self, connector_type: str, status: ConnectionStatus) -> int:
        """Return how many of this type stand so."""

    def count_ending(self, connector_type: str, by: datetime) -> int:
        """Return how many of this type `ending` would find."""
