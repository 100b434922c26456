"""What Cloud Scheduler asks for every minute, here or handed on shard by shard."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

from multi_user_oauth.errors import MultiUserOAuthError
from multi_user_oauth.model import SHARDS
from multi_user_oauth.ports import Clock
from multi_user_oauth.ports.shards import ShardQueue
from multi_user_oauth.sweep import Sweep, Swept

logger = logging.getLogger(__name__)

HOUSEKEEPING_SHARE: Final = 3
"""Of its time a round gives at most one part in so many to what is not refreshing."""

OLDEST_MESSAGE: Final = timedelta(minutes=10)
"""A later round has long done what it asked for."""


class Rounds:
    """With a queue other instances do the shards, and this one asks each provider once beforehand."""

    def __init__(
        self,
        *,
        sweep: Sweep,
        housekeeping: Iterable[Callable[[datetime], object]],
        queue: ShardQueue | None,
        now: Clock,
    ) -> None:
        self._sweep = sweep
        self._housekeeping = tuple(housekeeping)
        self._queue = queue
        self._now = now

    def round(self, until: datetime) -> Swept:
        """Do what there is time for until about then; raise `StoreUnavailableError`."""
        now = self._now()
        for work in self._housekeeping:
            try:
                work(now + (until - now) / HOUSEKEEPING_SHARE)
            except MultiUserOAuthError as failed:
                logger.warning("housekeeping is put off", extra={"code": failed.code})
        shards = range(SHARDS)
        if self._queue is None:
            return self._sweep.run(shards, until)
        # One call each: of an application that is refused no instance need learn by itself.
        first = self._sweep.run(shards, until, most=1)
        self._queue.enqueue(shards)
        return first

    def shard(self, shard: int, sent_at: datetime, until: datetime) -> Swept | None:
        """
        Do one shard's part, and hand on what is left of it; None of a message that is too old.

        Raise `StoreUnavailableError`.
        """
        if self._now() - sent_at > OLDEST_MESSAGE:
            return None
        swept = self._sweep.run((shard,), until)
        if swept.more and self._queue is not None:
            self._queue.enqueue((shard,))
        return swept
