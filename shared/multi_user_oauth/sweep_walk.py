"""One connector type's due connections, page by page: carefully at first, then many at a time."""

import threading
from collections import Counter, deque
from collections.abc import Sequence
from concurrent.futures import Executor
from contextvars import copy_context
from datetime import datetime
from typing import Final

from multi_user_oauth.breakers import Breakers
from multi_user_oauth.errors import StoreUnavailableError
from multi_user_oauth.model import Snapshot
from multi_user_oauth.pace import Pace
from multi_user_oauth.ports import Clock, DueConnections
from multi_user_oauth.tending import Outcome, Tend

PAGE: Final = 256
ROUNDS: Final = 8
"""So many for each worker at a time: some take longer, and the others go on meanwhile."""

GIVES_UP_AFTER: Final = 5
"""Failures in a row. The provider's open its breaker sooner; these are also those of our own parts."""

ANSWERS: Final = frozenset({Outcome.REFRESHED, Outcome.REFUSED})
CALLS: Final = ANSWERS | {Outcome.FAILED}


class Walk:
    """
    It begins with one at a time and takes twice as many as they succeed; a failure takes it back to one.

    So a provider that is down, or that refuses the application, is asked a few times only before its
    breaker opens.
    """

    def __init__(
        self,
        *,
        connector_type: str,
        shards: Sequence[int],
        due: DueConnections,
        tend: Tend,
        breakers: Breakers,
        pool: Executor,
        workers: int,
        by: datetime,
        until: datetime,
        pace: Pace,
        most: int | None,
        now: Clock,
    ) -> None:
        self._connector_type = connector_type
        self._shards = shards
        self._due = due
        self._tend = tend
        self._breakers = breakers
        self._pool = pool
        self._widest = workers * ROUNDS
        self._by = by
        self._until = until
        self._pace = pace
        self._most = most
        self._now = now
        self._after: object = None
        self._at_once = 1
        self._failures = 0
        self._in_doubt = True
        self._permitted = False
        self.counts: Counter[Outcome] = Counter()
        self.more = False

    def step(self) -> bool:
        """Tend a page; return whether there is another, and reason to go on."""
        if self._now() >= self._until:
            self.more = True
            return False
        page = self._due.due(
            self._connector_type, self._shards, by=self._by, limit=PAGE, after=self._after
        )
        refreshed = self.counts[Outcome.REFRESHED]
        goes_on = self._tend_all(deque(page.snapshots))
        if refreshed < self.counts[Outcome.REFRESHED]:
            attempts = self.counts[Outcome.REFRESHED] - refreshed
            self._breakers.attempted(self._connector_type, attempts)
        self._after = page.next_after
        return goes_on and self._after is not None

    def _tend_all(self, waiting: deque[Snapshot]) -> bool:
        while waiting:
            if self._most is not None and self._answered >= self._most:
                return False
            if self._in_doubt and not self._may_ask():
                return False
            batch = [waiting.popleft() for _ in range(min(self._at_once, len(waiting)))]
            outcomes = self._outcomes(batch)
            left = [one for one, outcome in zip(batch, outcomes, strict=True) if _is_left(outcome)]
            waiting.extendleft(reversed(left))
            done = Counter(outcome for outcome in outcomes if not _is_left(outcome))
            self.counts += done
            self._judge(done)
            if left and not done[Outcome.FAILED]:
                self.more = True  # the time is over
                return False
            if self._failures >= GIVES_UP_AFTER:
                return False
        return True

    @property
    def _answered(self) -> int:
        # A failure is no answer yet: a few more, and its breaker opens for all instances.
        return sum(self.counts[outcome] for outcome in ANSWERS)

    def _may_ask(self) -> bool:
        """Return whether the provider may be asked: its breaker is closed, or this is the probe."""
        if not self._permitted:
            self._permitted = self._is_closed() or self._breakers.permit(self._connector_type)
        return self._permitted

    def _is_closed(self) -> bool:
        try:
            return self._breakers.look(self._connector_type).trouble is None
        except StoreUnavailableError:
            # Refreshing goes on: a few failures end it, and no refusal is believed uncounted.
            return True

    def _outcomes(self, batch: list[Snapshot]) -> list[Outcome]:
        failed = threading.Event()

        def tend(snapshot: Snapshot) -> Outcome:
            if failed.is_set():
                return Outcome.LEFT
            outcome = self._tend.tend(snapshot, pace=self._pace, until=self._until)
            if outcome is Outcome.FAILED:
                failed.set()
            return outcome

        # Each in the context of the request: its lines carry the request's id and trace.
        futures = [self._pool.submit(copy_context().run, tend, snapshot) for snapshot in batch]
        return [future.result() for future in futures]

    def _judge(self, done: Counter[Outcome]) -> None:
        if CALLS & done.keys():
            self._permitted = False
        if done[Outcome.FAILED]:
            self._failures += done[Outcome.FAILED]
            self._at_once, self._in_doubt = 1, True
        elif done[Outcome.REFRESHED]:
            self._failures = 0
            # After the first, which may have been a probe: it closed the breaker, or it did not.
            self._in_doubt = self._at_once == 1
            self._at_once = min(2 * self._at_once, self._widest)


def _is_left(outcome: Outcome) -> bool:
    return outcome is Outcome.LEFT
