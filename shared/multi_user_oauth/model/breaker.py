"""The breaker of a connector type: one small record, and the pure steps that it takes."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Self

WINDOW: Final = timedelta(minutes=10)
"""So far back attempts and refusals are counted."""

FEWEST_REFUSALS: Final = 5
LARGEST_SHARE: Final = 0.05
"""Dead grants are no storm up to so many, or so large a share of all attempts in the window."""

FIRST_PROBE: Final = timedelta(seconds=30)
LONGEST_PROBE: Final = timedelta(minutes=5)


class Trouble(StrEnum):
    """Why nothing, or little, is asked of a provider."""

    OUTAGE = "outage"
    """It does not answer, or throttles us."""
    MISCONFIGURED = "misconfigured"
    """It refuses the application: an operator must act."""
    STORM = "storm"
    """It calls an unlikely share of grants dead: nobody is told to sign in on its word."""


OPENS_AFTER: Final = {Trouble.OUTAGE: 5, Trouble.MISCONFIGURED: 3}
"""Failures in a row, whoever they befell. A single one may be about one connection only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Minute:
    """What was counted in the minute that began at `start`."""

    start: datetime
    attempts: int = 0
    refusals: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """
    What is known of a connector type's provider, over all instances; closed without a `trouble`.

    `in_a_row` failures were of the kind `row_of`; `failed_probes` were sent since it opened. Of attempts
    only those reported are counted: a share may look larger than it is, never smaller.
    """

    connector_type: str
    trouble: Trouble | None = None
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    next_probe_at: datetime | None = None
    failed_probes: int = 0
    in_a_row: int = 0
    row_of: Trouble | None = None
    minutes: tuple[Minute, ...] = ()

    @property
    def is_quiet(self) -> bool:
        """Whether a success has nothing to change."""
        return self.trouble is None and self.in_a_row == 0

    def is_due(self, now: datetime) -> bool:
        """Return whether one probe may be sent."""
        return self.next_probe_at is None or self.next_probe_at <= now

    def is_storm(self, now: datetime) -> bool:
        """Return whether more grants were called dead lately than people end theirs."""
        counted = self._since(now)
        attempts = sum(minute.attempts for minute in counted)
        refusals = sum(minute.refusals for minute in counted)
        return refusals > max(FEWEST_REFUSALS, LARGEST_SHARE * attempts)

    def counted(self, now: datetime, *, attempts: int, refusals: int = 0) -> Self:
        """Return the breaker with these in the count, and what is older than the window out of it."""
        start = now.replace(second=0, microsecond=0)
        minutes = {minute.start: minute for minute in self._since(now)}
        minute = minutes.get(start, Minute(start=start))
        minutes[start] = Minute(
            start=start,
            attempts=minute.attempts + attempts,
            refusals=minute.refusals + refusals,
        )
        return replace(self, minutes=tuple(minutes.values()))

    def failed(self, trouble: Trouble, now: datetime, *, wait: timedelta = timedelta(0)) -> Self:
        """Return it after a failure; `wait` is what the provider asked for."""
        in_a_row = self.in_a_row + 1 if self.row_of is trouble else 1
        after = replace(self, in_a_row=in_a_row, row_of=trouble)
        if self.trouble is not trouble and in_a_row >= OPENS_AFTER[trouble]:
            return after.opened(trouble, now, wait=wait)
        if self.next_probe_at is None:
            return after
        asked = min(now + wait, self.next_probe_at + LONGEST_PROBE)
        return replace(after, next_probe_at=max(self.next_probe_at, asked))

    def opened(self, trouble: Trouble, now: datetime, *, wait: timedelta = timedelta(0)) -> Self:
        """Return it open, with the first probe after a while."""
        return replace(
            self,
            trouble=trouble,
            opened_at=now,
            closed_at=None,
            next_probe_at=now + max(FIRST_PROBE, min(wait, LONGEST_PROBE)),
            failed_probes=0,
        )

    def probing(self, now: datetime) -> Self:
        """Return it with one probe sent now, and the next put off: a success takes that back."""
        failed_probes = self.failed_probes + 1
        pause = min(FIRST_PROBE * 2 ** min(failed_probes, 8), LONGEST_PROBE)
        return replace(self, failed_probes=failed_probes, next_probe_at=now + pause)

    def succeeded(
        self, now: datetime, *, refused_before: bool = False, asked_at: datetime | None = None
    ) -> Self:
        """
        Return it after a success, closed if that proves that the trouble is over.

        Of a storm only the success of a grant that was refused before proves it, or a window without
        one. What was asked before it opened, and answered late, proves nothing.
        """
        if asked_at is not None and self.opened_at is not None and asked_at <= self.opened_at:
            return self
        quiet = replace(self, in_a_row=0, row_of=None)
        if self.trouble is None:
            return quiet
        if self.trouble is Trouble.STORM and not refused_before and self.is_storm(now):
            return quiet
        return replace(
            quiet,
            trouble=None,
            opened_at=None,
            closed_at=now,
            next_probe_at=None,
            failed_probes=0,
            # What a provider takes back was no refusal.
            minutes=() if refused_before else self.minutes,
        )

    def _since(self, now: datetime) -> tuple[Minute, ...]:
        return tuple(minute for minute in self.minutes if now - minute.start < WINDOW)
