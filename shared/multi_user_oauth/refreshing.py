"""What the asker and the refresher both ask of a snapshot, and when to try again."""

import logging
from datetime import datetime, timedelta
from typing import Final

from multi_user_oauth.errors import (
    GrantRefusedError,
    MultiUserOAuthError,
    NeedsSignInError,
    NotConnectedError,
    ProviderUnavailableError,
    QuarantinedError,
    StoreUnavailableError,
    TamperedError,
)
from multi_user_oauth.model import (
    Connection,
    ConnectionKey,
    ConnectionStatus,
    Failure,
    FailureKind,
    Limits,
    Revocation,
    Snapshot,
)
from multi_user_oauth.ports import Anew, Draw

logger = logging.getLogger(__name__)


ASK_AGAIN: Final = 60
"""Seconds: an operator looks before anything is released."""


def require_live(key: ConnectionKey, snapshot: Snapshot | None) -> Snapshot:
    """
    Return the snapshot if it can serve.

    Raise `NotConnectedError`, `QuarantinedError` (nobody is sent to sign in meanwhile) or
    `NeedsSignInError`.
    """
    if snapshot is None or snapshot.connection.status is ConnectionStatus.REVOKED:
        raise NotConnectedError(str(key))
    connection = snapshot.connection
    require_released(connection)
    if connection.status is ConnectionStatus.NEEDS_SIGN_IN:
        raise NeedsSignInError(str(key), reason=connection.reason or "sign_in_required")
    return snapshot


def require_released(connection: Connection) -> None:
    """Return if the connection is in no quarantine; raise `QuarantinedError`."""
    if connection.quarantined_at is not None:
        raise QuarantinedError(str(connection.key), retry_after=ASK_AGAIN)


def serves(connection: Connection, min_ttl: timedelta, limits: Limits, now: datetime) -> bool:
    """
    Return whether the stored access token is the best answer to a caller who wants `min_ttl`.

    It is if it lives that long, and also if it was got within the last minute and lives at all: where
    a provider's tokens are shorter than the wish, asking again at once would only ask for ever.
    """
    expires_at = connection.access_token_expires_at
    if expires_at is None:
        return False
    return expires_at - now >= min_ttl or (
        was_just_got(connection, limits, now) and expires_at > now
    )


def was_just_got(connection: Connection, limits: Limits, now: datetime) -> bool:
    """Return whether the access token came within the last minute."""
    got_at = connection.refreshed_at or connection.connected_at
    return timedelta(0) <= now - got_at < limits.between_refreshes


def satisfies(
    connection: Connection, min_ttl: timedelta, anew: Anew | None, limits: Limits, now: datetime
) -> bool:
    """Return whether a caller is served already: one who was refused a token by an API, by another."""
    if anew is None or connection.generation > anew.generation:
        return serves(connection, min_ttl, limits, now)
    # The next would be as this one is, so soon after; unless the API wants something else in it.
    just_got = was_just_got(connection, limits, now)
    return anew.claims is None and just_got and serves(connection, min_ttl, limits, now)


def is_leased(found: Snapshot | Revocation, limits: Limits) -> bool:
    """Return whether somebody holds a lease that has not run out, by the store's clock."""
    # Of a clock that was set back the age may be negative: no lease lasts until it has caught up.
    return found.lease_age is not None and abs(found.lease_age) < limits.lease


def respect_back_off(connection: Connection, now: datetime) -> None:
    """Return if the provider may be asked again; raise `ProviderUnavailableError` until then."""
    failure = connection.failure
    if failure is None or failure.next_try_at <= now:
        return
    if failure.code == TamperedError.code:
        return  # no provider was asked: whoever wants this token is told the truth each time
    raise ProviderUnavailableError(
        f"{connection.key}: waiting after {failure.code}",
        retry_after=int((failure.next_try_at - now).total_seconds()) + 1,
    )


def next_failure(
    used: Connection, failed: MultiUserOAuthError, limits: Limits, now: datetime, draw: Draw
) -> Failure:
    """
    Return what to remember: the wait doubles with each failure and is never under Retry-After.

    By chance it is up to a half shorter: those that failed together do not come back together.
    """
    count = used.failure.count + 1 if used.failure else 1
    asked = timedelta(seconds=getattr(failed, "retry_after", 0))
    doubled = min(limits.first_back_off * 2 ** min(count - 1, 16), limits.longest_back_off)
    chance = int.from_bytes(draw(2)) / 2**16
    kind = _kind(failed)
    extra = {
        "connection": str(used.key), "code": failed.code, "reason": kind.value,
        "outcome": "retry_later",
    }  # fmt: skip
    logger.warning("refresh failed", extra=extra)
    wait = max(asked, doubled * (1 - chance / 2))
    return Failure(kind=kind, code=failed.code, count=count, at=now, next_try_at=now + wait)


def _kind(failed: MultiUserOAuthError) -> FailureKind:
    if isinstance(failed, GrantRefusedError):
        return FailureKind.REFUSED
    if isinstance(failed, ProviderUnavailableError | StoreUnavailableError):
        return FailureKind.TRANSIENT
    return FailureKind.OURS
