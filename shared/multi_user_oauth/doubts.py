"""Those whom a provider's word alone marked: tried again after a storm, and told of after a while."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from multi_user_oauth.breakers import Breakers
from multi_user_oauth.errors import MultiUserOAuthError, RetryableError
from multi_user_oauth.model import ConnectionStatus, Snapshot
from multi_user_oauth.model.breaker import WINDOW, Breaker, Trouble
from multi_user_oauth.ports import Clock, ConnectionReader
from multi_user_oauth.ports.breakers import Suspect, Suspects
from multi_user_oauth.ports.events import Publish
from multi_user_oauth.telling import needs_sign_in
from multi_user_oauth.tending import Renewing

logger = logging.getLogger(__name__)

PAGE: Final = 100
MARKED_WITHIN: Final = timedelta(minutes=1)
"""A suspect is written first, then the mark; that takes the few seconds of a commit at most."""

TOLD_AFTER: Final = WINDOW
"""A person is told to sign in again only when so long passed without a storm."""


class Doubts:
    """
    Tries again those whom a provider's word alone marked, and tells of those who stay marked.

    In a storm one of them is the probe: should it be accepted after all, so are the others tried.
    """

    def __init__(
        self,
        *,
        suspects: Suspects,
        connections: ConnectionReader,
        refresher: Renewing,
        breakers: Breakers,
        connector_types: Iterable[str],
        publish: Publish,
        now: Clock,
    ) -> None:
        self._suspects = suspects
        self._connections = connections
        self._refresher = refresher
        self._breakers = breakers
        self._connector_types = tuple(connector_types)
        self._publish = publish
        self._now = now

    def run(self, until: datetime) -> None:
        """Go through all of them; raise `StoreUnavailableError`."""
        for connector_type in self._connector_types:
            for suspect in self._all(connector_type):
                if self._now() >= until:
                    return
                self._one(suspect)

    def _all(self, connector_type: str) -> Iterator[Suspect]:
        after = None
        while found := self._suspects.suspects(connector_type, after=after, limit=PAGE):
            yield from found
            after = found[-1].key.document_id

    def _one(self, suspect: Suspect) -> None:
        snapshot = self._connections.read(suspect.key)
        if snapshot is None or not _is_marked(suspect, snapshot):
            if not _may_be_marked(suspect, snapshot, self._now()):
                self._suspects.clear_suspect(suspect)
            return
        breaker = self._breakers.look(suspect.key.connector_type)
        if self._is_to_be_tried(suspect, breaker):
            self._try(suspect, snapshot)
        elif breaker.trouble is None and self._now() - suspect.at >= TOLD_AFTER:
            self._publish(needs_sign_in(snapshot.connection, at=suspect.at))
            self._suspects.clear_suspect(suspect)

    def _is_to_be_tried(self, suspect: Suspect, breaker: Breaker) -> bool:
        if breaker.trouble is Trouble.STORM:
            # In turn with a connection that was not refused: of dead grants alone no storm would end.
            turn = breaker.failed_probes % 2 == 0
            return turn and self._breakers.permit(suspect.key.connector_type)
        return breaker.closed_at is not None and suspect.at < breaker.closed_at

    def _try(self, suspect: Suspect, snapshot: Snapshot) -> None:
        name = str(suspect.key)
        try:
            self._refresher.renew(snapshot)
        except RetryableError as later:
            logger.info("still in doubt", extra={"connection": name, "code": later.code})
        except MultiUserOAuthError as failed:
            logger.info("still refused", extra={"connection": name, "code": failed.code})
            # From now on anew: only what no storm has touched for so long is told.
            self._suspects.suspect(replace(suspect, at=self._now()))
        else:
            self._suspects.clear_suspect(suspect)


def _is_marked(suspect: Suspect, snapshot: Snapshot) -> bool:
    current = snapshot.connection
    return current.status is ConnectionStatus.NEEDS_SIGN_IN and current.epoch == suspect.epoch


def _may_be_marked(suspect: Suspect, snapshot: Snapshot | None, now: datetime) -> bool:
    """Return whether the refusal may be about to be written."""
    current = snapshot.connection if snapshot else None
    return (
        current is not None
        and current.status is ConnectionStatus.ACTIVE
        and (current.epoch, current.generation) == (suspect.epoch, suspect.generation)
        and now - suspect.at < MARKED_WITHIN
    )
