"""One connection that is due: refreshed, left to rest, or ended."""

import logging
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from multi_user_oauth.errors import (
    ConflictError,
    MultiUserOAuthError,
    NeedsSignInError,
    NotConnectedError,
    QuarantinedError,
    RefreshInProgressError,
    StoreUnavailableError,
    TamperedError,
)
from multi_user_oauth.model import Snapshot
from multi_user_oauth.model.upkeep import Need, Upkeep
from multi_user_oauth.pace import Pace
from multi_user_oauth.ports import Clock, DueConnections, Usage
from multi_user_oauth.refreshing import require_released

logger = logging.getLogger(__name__)


class Renewing(Protocol):
    """Refreshes a connection as it was read."""

    def renew(self, snapshot: Snapshot) -> None:
        """Raise as `Refresher` does."""


class Outcome(StrEnum):
    """What became of one due connection."""

    REFRESHED = "refreshed"
    RESTED = "rested"
    ENDED = "ended"
    BUSY = "busy"
    """Somebody else is at it, or was a moment ago."""
    REFUSED = "refused"
    FAILED = "failed"
    TAMPERED = "tampered"
    """Its own record is at fault, which says nothing of the others."""
    LEFT = "left"
    """Not begun: the time was over, or another had just failed."""


class Tend:
    """Does for a due connection what the upkeep says; what fails is logged and left for later."""

    def __init__(
        self,
        *,
        due: DueConnections,
        refresher: Renewing,
        usage: Usage,
        upkeep: Upkeep,
        end: Callable[[Snapshot], object],
        now: Clock,
    ) -> None:
        self._due = due
        self._refresher = refresher
        self._usage = usage
        self._upkeep = upkeep
        self._end = end
        self._now = now

    def tend(self, snapshot: Snapshot, *, pace: Pace, until: datetime) -> Outcome:
        """Return what became of it; providers are asked at this pace, and not after `until`."""
        if self._now() >= until:
            return Outcome.LEFT
        connection = snapshot.connection
        try:
            return self._tend(snapshot, pace, until)
        except (RefreshInProgressError, ConflictError, NotConnectedError, QuarantinedError):
            return Outcome.BUSY
        except NeedsSignInError:
            return Outcome.REFUSED
        except MultiUserOAuthError as failed:
            extra = {"connection": str(connection.key), "code": failed.code}
            logger.warning("a due connection was not refreshed", extra=extra)
            return Outcome.TAMPERED if isinstance(failed, TamperedError) else Outcome.FAILED

    def _tend(self, snapshot: Snapshot, pace: Pace, until: datetime) -> Outcome:
        connection = snapshot.connection
        require_released(connection)  # neither ended for want of use
        last_used_at = self._last_used_at(snapshot)
        need = self._upkeep.need(connection, last_used_at, self._now())
        if need is Need.REST:
            self._due.postpone(snapshot, self._upkeep.rests_until(connection, last_used_at))
            return Outcome.RESTED
        if need is Need.END:
            self._end(snapshot)
            return Outcome.ENDED
        if not pace.wait(until):
            return Outcome.LEFT
        self._refresher.renew(snapshot)
        return Outcome.REFRESHED

    def _last_used_at(self, snapshot: Snapshot) -> datetime | None:
        try:
            uses = self._usage.uses(snapshot.connection.key)
        except StoreUnavailableError:
            return self._now()  # rather refreshed once too often
        return uses[0].at if uses else None
