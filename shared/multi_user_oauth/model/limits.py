"""How long things take and live; one place, so that they stay in proportion."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """
    The defaults are measured against each other: a lease outlives five whole provider calls.

    Correctness never rests on the lease (the fence is epoch, generation and version); it only keeps
    two workers from asking the provider at once.
    """

    provider_call: timedelta = timedelta(seconds=8)
    lease: timedelta = timedelta(seconds=40)
    refresh_ahead: timedelta = timedelta(seconds=300)
    usable_at_least: timedelta = timedelta(seconds=60)
    between_refreshes: timedelta = timedelta(seconds=60)
    wait_for_refresh: timedelta = timedelta(seconds=10)
    ticket: timedelta = timedelta(seconds=600)
    flow: timedelta = timedelta(seconds=600)
    session: timedelta = timedelta(hours=8)
    session_idle: timedelta = timedelta(minutes=30)
    first_back_off: timedelta = timedelta(seconds=1)
    longest_back_off: timedelta = timedelta(minutes=5)
    commit_waits: tuple[float, ...] = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 2.4)
    """Seconds between tries to commit an answer; what does not land in their sum goes to the rescue."""
    commit_patience: timedelta = timedelta(seconds=6)
    """Longer than that sum: after it no try begins, however many are left and however long each took."""

    def refresh_due_at(
        self, *, expires_at: datetime, at: datetime, spread: float = 0.0
    ) -> datetime:
        """
        Return when an access token that came `at` this time should have a successor.

        Not before half its life is over, or short ones would be renewed all the time; by `spread` up to
        twice as early, or those that came together would be due together for ever.
        """
        ahead = self.refresh_ahead * (1 + spread)
        return max(at, expires_at - min(ahead, (expires_at - at) / 2))
