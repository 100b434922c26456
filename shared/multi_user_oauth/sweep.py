"""Which connections are due, and tending them: by shard, some at a time, until the time is over."""

import logging
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from multi_user_oauth.breakers import Breakers
from multi_user_oauth.model import SHARDS
from multi_user_oauth.pace import Pace
from multi_user_oauth.ports import Clock, DueConnections, Sleep
from multi_user_oauth.sweep_walk import Walk
from multi_user_oauth.tending import Outcome, Tend

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """How many came to what; `more`: it ended before it had seen everything."""

    counts: Counter[Outcome]
    more: bool


class Sweep:
    """Tends what is due. Any number may go on at the same time: each connection is claimed first."""

    def __init__(
        self,
        *,
        due: DueConnections,
        tend: Tend,
        breakers: Breakers,
        connector_types: Iterable[str],
        workers: int,
        per_second: int,
        now: Clock,
        sleep: Sleep,
    ) -> None:
        self._due = due
        self._tend = tend
        self._breakers = breakers
        self._connector_types = tuple(connector_types)
        self._workers = workers
        self._per_second = per_second
        self._now = now
        self._sleep = sleep

    def run(self, shards: Sequence[int], until: datetime, *, most: int | None = None) -> Swept:
        """
        Go on until nothing of these shards is due, or about `until`, or each type has `most` answers.

        Raise `StoreUnavailableError` if what is due can not be found.
        """
        counts: Counter[Outcome] = Counter()
        more, by = False, self._now()
        # Each shard has its part of the rate, wherever it is swept.
        rate = self._per_second * len(shards) / SHARDS
        pace = Pace(rate, now=self._now, sleep=self._sleep)
        with ThreadPoolExecutor(self._workers, thread_name_prefix="sweep") as pool:
            walks = deque(
                Walk(
                    connector_type=connector_type,
                    shards=shards,
                    due=self._due,
                    tend=self._tend,
                    breakers=self._breakers,
                    pool=pool,
                    workers=self._workers,
                    by=by,
                    until=until,
                    pace=pace,
                    most=most,
                    now=self._now,
                )
                for connector_type in self._connector_types
            )
            while walks:  # a page of each in turn: none keeps the others waiting
                walk = walks.popleft()
                if walk.step():
                    walks.append(walk)
                else:
                    counts += walk.counts
                    more |= walk.more
        told = ", ".join(f"{outcome}: {number}" for outcome, number in counts.items())
        logger.info("swept", extra={"outcome": told or "nothing was due"})
        return Swept(counts=counts, more=more)
