"""A walk over everything sealed, step after step, and what it shows: versions that nothing needs."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from multi_user_oauth.errors import RetryableError
from multi_user_oauth.model import Kind
from multi_user_oauth.ports import Clock, KeyVersionNotes, RewrapStep, RewrapSteps, Sleep

STEP: Final = timedelta(seconds=10)
MOST_FAILURES: Final = 3
_UNNEEDED: Final = "unneeded-"
"""Before a version's name: noted when a whole walk found no record of it, if the one before had."""


@dataclass(slots=True)
class Total:
    """The sums of the steps so far; `after` says where the next one goes on."""

    versions: Mapping[Kind, Counter[str]] = field(
        default_factory=lambda: {kind: Counter() for kind in Kind}
    )
    newest: Mapping[Kind, str] = field(default_factory=dict)
    rewrapped: int = 0
    skipped: int = 0
    tampered: int = 0
    after: str | None = None

    def add(self, step: RewrapStep) -> None:
        """Add a step."""
        for kind, counts in step.versions.items():
            self.versions[kind].update(counts)
        self.newest = step.newest
        self.rewrapped += step.rewrapped
        self.skipped += step.skipped
        self.tampered += step.tampered
        self.after = step.next_after


Told = Callable[[Total], None]
"""Hears how far a walk is, after each step."""


def unheard(total: Total) -> None:
    """Be told, and say nothing."""


class WholeWalk:
    """Goes on until nothing is left."""

    def __init__(
        self, *, steps: RewrapSteps, notes: KeyVersionNotes, now: Clock, sleep: Sleep
    ) -> None:
        self._steps = steps
        self._notes = notes
        self._now = now
        self._sleep = sleep

    def run(self, *, count_only: bool, after: str | None = None, told: Told = unheard) -> Total:
        """
        Re-wrap, or count, everything (that follows `after`).

        A step that fails is tried again; its `RetryableError` is raised once three in a row did nothing.
        """
        total = Total(after=after)
        failures = 0
        while True:
            failed: RetryableError | None
            try:
                step = self._steps.step(
                    after=total.after, until=self._now() + STEP, count_only=count_only
                )
            except RetryableError as nothing_done:
                failed, failures = nothing_done, failures + 1
            else:
                total.add(step)
                failed, failures = step.stopped, 0
                told(total)
            if failed is None and total.after is None:
                return total
            if failed is not None:
                if failures >= MOST_FAILURES:
                    raise failed
                self._sleep(failed.retry_after)

    def conclude(self, total: Total, versions: Mapping[Kind, Collection[str]]) -> None:
        """Note which of these versions nothing needs, after a walk from the start to the end."""
        for kind, known in versions.items():
            notes = self._notes.key_versions(kind)
            for version in known:
                # A record that can not be read may need any of them.
                needed = (
                    total.tampered or total.versions[kind][version] or version == total.newest[kind]
                )
                if not needed and unneeded_since(version, notes) is None:
                    self._notes.saw_key_versions(kind, [_UNNEEDED + version], self._now())


def unneeded_since(version: str, notes: Mapping[str, datetime]) -> datetime | None:
    """Return when a whole walk first found that nothing needs the version; None while anything does."""
    since, seen = notes.get(_UNNEEDED + version), notes.get(version)
    return since if since and (seen is None or seen <= since) else None
