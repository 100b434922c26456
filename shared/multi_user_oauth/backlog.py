"""Working off everything that a provider is still to be told, within some time."""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from multi_user_oauth.errors import RetryableError, StoreUnavailableError, TamperedError
from multi_user_oauth.finishing import FinishRevocation
from multi_user_oauth.model import ConnectionKey, Revocation, RevocationResult
from multi_user_oauth.ports import Clock, UnfinishedRevocations

logger = logging.getLogger(__name__)

PAGE: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What became of one revocation; `PENDING` ones are tried again by a later run."""

    key: ConnectionKey
    epoch: int
    result: RevocationResult


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedRun:
    """What one run came to; `more`: it ended before it had seen everything."""

    done: tuple[Finished, ...]
    more: bool


class FinishRevocations:
    """
    Works off all that is pending, also what no tombstone points to any more.

    Each is tried once a run, and by nobody else until its lease has run out. Any number of runs may go
    on at the same time.
    """

    def __init__(
        self, *, finisher: FinishRevocation, waiting: UnfinishedRevocations, now: Clock
    ) -> None:
        self._finisher = finisher
        self._waiting = waiting
        self._now = now

    def run(self, until: datetime) -> FinishedRun:
        """
        Go on until nothing is left that was not tried, or about this time.

        Raise `StoreUnavailableError` if not even the first ones can be found.
        """
        done: list[Finished] = []
        after: str | None = None
        while True:
            try:
                page = self._waiting.unfinished(after=after, limit=PAGE)
            except StoreUnavailableError:
                if not done:
                    raise
                return FinishedRun(done=tuple(done), more=True)
            for revocation in page.revocations:
                if self._now() >= until:
                    return FinishedRun(done=tuple(done), more=True)
                result = self._result(revocation)
                done.append(Finished(key=revocation.key, epoch=revocation.epoch, result=result))
            after = page.next_after
            if after is None:
                return FinishedRun(done=tuple(done), more=False)

    def _result(self, revocation: Revocation) -> RevocationResult:
        # One that can not be worked on, whatever is wrong with it, must not hold up the others.
        try:
            return self._finisher.take(revocation)
        except (RetryableError, TamperedError) as failed:
            extra = {"connection": str(revocation.key), "code": failed.code}
            logger.warning("revocation is pending", extra=extra)
            return RevocationResult.PENDING
