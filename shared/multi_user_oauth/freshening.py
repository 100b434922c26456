"""Waiting for a token that is good enough: another worker's, or one that is asked for."""

from collections.abc import Callable
from datetime import timedelta

from multi_user_oauth.errors import ConflictError, RefreshInProgressError
from multi_user_oauth.model import ConnectionKey, Limits, Snapshot
from multi_user_oauth.ports import Anew, Clock, Draw, Refresher, Sleep
from multi_user_oauth.refreshing import is_leased, satisfies

SHORTEST_LOOK = 0.1
"""Seconds between two looks at a record that another worker is refreshing, at least; at most thrice."""


class Freshen:
    """Looks at a record again and again, and has it refreshed where nobody is at it."""

    def __init__(
        self, *, refresher: Refresher, now: Clock, sleep: Sleep, draw: Draw, limits: Limits
    ) -> None:
        self._refresher = refresher
        self._now = now
        self._sleep = sleep
        self._draw = draw
        self._limits = limits

    def fresh(
        self,
        key: ConnectionKey,
        read: Callable[[], Snapshot],
        *,
        min_ttl: timedelta,
        forced: bool,
        claims: str | None,
    ) -> Snapshot:
        """
        Return the record with a token good for `min_ttl`; if `forced`, another one than at first.

        Raise `RefreshInProgressError` after `wait_for_refresh`, and what `read` and the refresher raise.
        """
        started = self._now()
        snapshot = read()
        # Not the token that this caller was refused, then: any that somebody got after this look.
        generation = snapshot.connection.generation
        anew = Anew(generation=generation, claims=claims) if forced else None
        while not satisfies(snapshot.connection, min_ttl, anew, self._limits, self._now()):
            if self._now() - started >= self._limits.wait_for_refresh:
                raise RefreshInProgressError(str(key))
            if is_leased(snapshot, self._limits):
                self._pause()
            else:
                self._ask(key, min_ttl, anew)
            snapshot = read()
        return snapshot

    def _ask(self, key: ConnectionKey, min_ttl: timedelta, anew: Anew | None) -> None:
        try:
            self._refresher.refresh(key, min_ttl=min_ttl, anew=anew)
        except (RefreshInProgressError, ConflictError):
            self._pause()  # somebody wrote: what they wrote is looked at

    def _pause(self) -> None:
        # Spread by chance, so that many waiters do not look in step.
        self._sleep(SHORTEST_LOOK * (1 + 2 * self._draw(1)[0] / 255))
