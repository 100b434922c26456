"""What was put aside after an answer: adopted where nobody came for it, forgotten if too late."""

import logging
from datetime import datetime
from typing import Final, Protocol

from multi_user_oauth.errors import RetryableError
from multi_user_oauth.model import ConnectionStatus, Rescue, Snapshot
from multi_user_oauth.ports import Clock, ConnectionReader, RescueStore, SealedRecords
from multi_user_oauth.tending import Renewing

logger = logging.getLogger(__name__)

PAGE: Final = 100


class Adopting(Renewing, Protocol):
    """Also commits what was put aside."""

    def adopt(self, snapshot: Snapshot) -> bool:
        """Return whether there was anything; raise as `Refresher` does."""


class Rescues:
    """Adopts what nobody came for, and forgets what came too late."""

    def __init__(
        self,
        *,
        records: SealedRecords,
        rescues: RescueStore,
        connections: ConnectionReader,
        refresher: Adopting,
        now: Clock,
    ) -> None:
        self._records = records
        self._rescues = rescues
        self._connections = connections
        self._refresher = refresher
        self._now = now

    def run(self, until: datetime) -> int:
        """Return how many were seen; raise `StoreUnavailableError`."""
        seen, after = 0, None
        while found := self._records.rescues(after=after, limit=PAGE):
            for rescue in found:
                if self._now() >= until:
                    return seen
                self._one(rescue)
                seen += 1
            after = found[-1].document_id
        return seen

    def _one(self, rescue: Rescue) -> None:
        key = rescue.connection.key
        snapshot = self._connections.read(key)
        if snapshot is None or _is_stale(rescue, snapshot):
            logger.info("a rescue came too late", extra={"connection": str(key)})
            self._rescues.forget_rescue(rescue)
            return
        try:
            self._refresher.adopt(snapshot)
        except RetryableError as later:
            extra = {"connection": str(key), "code": later.code}
            logger.warning("a rescue was not adopted", extra=extra)


def _is_stale(rescue: Rescue, snapshot: Snapshot) -> bool:
    # Epochs and generations only grow: what is behind now stays behind.
    current = snapshot.connection
    return current.status is ConnectionStatus.REVOKED or (
        (current.epoch, current.generation) != (rescue.connection.epoch, rescue.used_generation)
    )
