"""Asking `refresh`, here or over HTTP. No token travels: the asker reads the record again."""

from datetime import timedelta
from typing import Protocol

from multi_user_oauth.model import ConnectionKey, RevocationResult


class Refresher(Protocol):
    """Has a connection refreshed."""

    def refresh(self, key: ConnectionKey, *, min_ttl: timedelta) -> None:
        """
        Return once the stored access token is good for `min_ttl`.

        Raise `NotConnectedError`, `NeedsSignInError` or a `RetryableError`.
        """


class Finisher(Protocol):
    """Has a disconnect finished at the provider."""

    def finish(self, key: ConnectionKey, epoch: int) -> RevocationResult:
        """Return what became of it; `PENDING` if that could not be found out now."""
