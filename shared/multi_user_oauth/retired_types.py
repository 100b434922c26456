"""Connections of a retired connector type are ended, for what nobody uses can only be stolen."""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from multi_user_oauth.errors import MultiUserOAuthError
from multi_user_oauth.model import Connection, ConnectionStatus, ConnectorTypes, Snapshot
from multi_user_oauth.ports import Clock, ConnectionDirectory, ConnectionReader

logger = logging.getLogger(__name__)

PAGE: Final = 100
LIVE: Final = (ConnectionStatus.ACTIVE, ConnectionStatus.NEEDS_SIGN_IN)


class EndRetired:
    """Ends what is left of each retired type; where none is retired it reads nothing."""

    def __init__(
        self,
        *,
        directory: ConnectionDirectory,
        connections: ConnectionReader,
        connector_types: ConnectorTypes,
        end: Callable[[Snapshot], object],
        now: Clock,
    ) -> None:
        self._directory = directory
        self._connections = connections
        self._retired = sorted(name for name, each in connector_types.items() if each.retired)
        self._end = end
        self._now = now

    def run(self, until: datetime) -> int:
        """Return how many were ended, until about then; raise `StoreUnavailableError`."""
        ended = 0
        for connection in self._all():
            if self._now() >= until:
                break
            snapshot = self._connections.read(connection.key)
            if snapshot is None or snapshot.connection.status is ConnectionStatus.REVOKED:
                continue
            if snapshot.connection.quarantined_at is not None:
                continue  # what a backup brought back tells no provider anything yet
            try:
                self._end(snapshot)
            except MultiUserOAuthError as later:
                extra = {"connection": str(connection.key), "code": later.code}
                logger.warning("a retired connection was not ended", extra=extra)
            else:
                ended += 1
        return ended

    def _all(self) -> Iterator[Connection]:
        for connector_type in self._retired:
            for status in LIVE:
                after = None
                while True:
                    page = self._directory.page(
                        connector_type=connector_type, status=status, after=after, limit=PAGE
                    )
                    yield from page.connections
                    after = page.next_after
                    if after is None:
                        break
