"""One breaker for each connector type: whether its provider may be asked, and whether it is believed.

The record is shared by all instances and read only after trouble: while all is well it costs nothing.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from multi_user_oauth.errors import (
    ConflictError,
    ProviderMisconfiguredError,
    ProviderUnavailableError,
    RetryableError,
    StoreUnavailableError,
)
from multi_user_oauth.log import Alarm, raise_alarm
from multi_user_oauth.model.breaker import Breaker, Trouble
from multi_user_oauth.ports import Clock
from multi_user_oauth.ports.breakers import BreakerStore
from multi_user_oauth.ports.events import Event, EventType, Publish, untold

logger = logging.getLogger(__name__)

TRIES: Final = 5
"""At writing a record that others write too."""

Step = Callable[[Breaker], Breaker]


class Breakers:
    """One for each process; what it saw of each connector type it remembers."""

    def __init__(self, *, store: BreakerStore, now: Clock, publish: Publish = untold) -> None:
        self._store = store
        self._now = now
        self._publish = publish
        self._troubled: set[str] = set()

    def look(self, connector_type: str) -> Breaker:
        """Return the breaker as it stands; raise `StoreUnavailableError`."""
        return self._seen(self._store.breaker(connector_type).breaker)

    def require(self, connector_type: str) -> None:
        """
        Return if a caller's wish may be asked of the provider, as the probe it may be.

        In a storm it may: a success is served, a refusal not believed. Raise
        `ProviderUnavailableError`, `ProviderMisconfiguredError` or `StoreUnavailableError`.
        """
        if connector_type not in self._troubled:
            return
        breaker = self.look(connector_type)
        if breaker.trouble in (None, Trouble.STORM) or self.permit(connector_type):
            return
        wait = breaker.next_probe_at - self._now() if breaker.next_probe_at else timedelta(0)
        message = f"{connector_type}: the provider is not asked, after {breaker.trouble}"
        after = max(1, int(wait.total_seconds()) + 1)
        if breaker.trouble is Trouble.MISCONFIGURED:
            raise ProviderMisconfiguredError(message, retry_after=after)
        raise ProviderUnavailableError(message, retry_after=after)

    def permit(self, connector_type: str) -> bool:
        """Return whether this caller may send the one probe that is due, of all instances."""
        kept = self._store.breaker(connector_type)
        now = self._now()
        if kept.breaker.trouble is None:
            return True
        if not kept.breaker.is_due(now):
            return False
        try:
            self._store.keep_breaker(kept, kept.breaker.probing(now))
        except ConflictError:
            return False
        return True

    def succeeded(
        self,
        connector_type: str,
        *,
        refused_before: bool = False,
        asked_at: datetime | None = None,
    ) -> None:
        """Take note of a refresh; `refused_before`: of a grant that had been called dead."""
        if connector_type not in self._troubled and not refused_before:
            return
        now = self._now()

        def step(breaker: Breaker) -> Breaker:
            return breaker.succeeded(now, refused_before=refused_before, asked_at=asked_at)

        self._noted(connector_type, step)

    def failed(self, connector_type: str, error: RetryableError) -> None:
        """Take note of an answer that was none, or that blames the application."""
        blamed = isinstance(error, ProviderMisconfiguredError)
        trouble = Trouble.MISCONFIGURED if blamed else Trouble.OUTAGE
        now, wait = self._now(), timedelta(seconds=error.retry_after)
        self._troubled.add(connector_type)
        self._noted(connector_type, lambda it: it.failed(trouble, now, wait=wait))

    def refused(self, connector_type: str) -> bool:
        """
        Count a grant that the provider calls dead; return whether to believe it.

        Where it can not be counted it is not believed.
        """
        now = self._now()

        def step(breaker: Breaker) -> Breaker:
            after = breaker.counted(now, attempts=1, refusals=1)
            if after.trouble is not None or not after.is_storm(now):
                return after
            return after.opened(Trouble.STORM, now)

        after = self._noted(connector_type, step)
        return after is not None and after.trouble is None

    def attempted(self, connector_type: str, attempts: int) -> None:
        """Count attempts, for a share to be taken of; they are reported many at a time."""
        now = self._now()
        self._noted(connector_type, lambda it: it.counted(now, attempts=attempts))

    def _noted(self, connector_type: str, step: Step) -> Breaker | None:
        """Return the record after the step, or None if it could not be written."""
        try:
            for _ in range(TRIES):
                kept = self._store.breaker(connector_type)
                after = step(kept.breaker)
                try:
                    if after != kept.breaker:
                        self._store.keep_breaker(kept, after)
                except ConflictError:
                    continue
                self._tell(kept.breaker, after)
                return self._seen(after)
        except StoreUnavailableError:
            pass  # said below
        logger.warning("a breaker was not written", extra={"connector_type": connector_type})
        return None

    def _seen(self, breaker: Breaker) -> Breaker:
        if breaker.is_quiet:
            self._troubled.discard(breaker.connector_type)
        else:
            self._troubled.add(breaker.connector_type)
        return breaker

    def _tell(self, before: Breaker, after: Breaker) -> None:
        if before.trouble is after.trouble:
            return
        trouble, opened = after.trouble or before.trouble, after.trouble is not None
        assert trouble is not None  # noqa: S101  # reason: for the type checker, they differ
        moment = (after.opened_at if opened else after.closed_at) or self._now()
        name = after.connector_type
        if opened:
            raise_alarm(
                Alarm.BREAKER_OPENED, "a breaker opened", connector_type=name, reason=trouble.value
            )
        else:
            extra = {"connector_type": name, "reason": trouble.value}
            logger.warning("a breaker closed", extra=extra)
        self._publish(
            Event(
                id=f"{name}-{int(moment.timestamp() * 1000)}-{'opened' if opened else 'closed'}",
                type=EventType.BREAKER_OPENED if opened else EventType.BREAKER_CLOSED,
                subject=name,
                at=moment,
                data={"reason": trouble.value},
            )
        )
