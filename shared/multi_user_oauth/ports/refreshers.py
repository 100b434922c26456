"""Asking `refresh`, here or over HTTP. No token travels: the asker reads the record again."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from multi_user_oauth.model import ConnectionKey, RevocationResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Anew:
    """
    A wish for another token than the one of this generation, which an API refused.

    `claims` is the API's claims challenge, as JSON (OpenID Connect Core 5.5; Microsoft's "continuous
    access evaluation").
    """

    generation: int
    claims: str | None = None


class Refresher(Protocol):
    """Has a connection refreshed."""

    def refresh(self, key: ConnectionKey, *, min_ttl: timedelta, anew: Anew | None = None) -> None:
        """
        Return once the stored access token is good for `min_ttl`, and is not the one refused.

        Raise `NotConnectedError`, `NeedsSignInError` or a `RetryableError`.
        """


class Finisher(Protocol):
    """Has a disconnect finished at the provider."""

    def finish(self, key: ConnectionKey, epoch: int) -> RevocationResult:
        """Return what became of it; `PENDING` if that could not be found out now."""
