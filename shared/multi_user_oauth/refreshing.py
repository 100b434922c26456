"""What the asker and the refresher both ask of a snapshot, and when to try again."""

import logging
from datetime import datetime, timedelta

from multi_user_oauth.errors import (
    NeedsSignInError,
    NotConnectedError,
    ProviderUnavailableError,
    RetryableError,
)
from multi_user_oauth.model import (
    Connection,
    ConnectionKey,
    ConnectionStatus,
    Failure,
    Limits,
    Revocation,
    Snapshot,
)

logger = logging.getLogger(__name__)


def require_live(key: ConnectionKey, snapshot: Snapshot | None) -> Snapshot:
    """Return the snapshot if it can serve; raise `NotConnectedError` or `NeedsSignInError`."""
    if snapshot is None or snapshot.connection.status is ConnectionStatus.REVOKED:
        raise NotConnectedError(str(key))
    connection = snapshot.connection
    if connection.status is ConnectionStatus.NEEDS_SIGN_IN:
        raise NeedsSignInError(str(key), reason=connection.reason or "sign_in_required")
    return snapshot


def serves(connection: Connection, min_ttl: timedelta, limits: Limits, now: datetime) -> bool:
    """
    Return whether the stored access token is the best answer to a caller who wants `min_ttl`.

    It is if it lives that long, and also if it was got within the last minute and lives at all: where
    a provider's tokens are shorter than the wish, asking again at once would only ask for ever.
    """
    expires_at = connection.access_token_expires_at
    if expires_at is None:
        return False
    got_at = connection.refreshed_at or connection.connected_at
    just_got = timedelta(0) <= now - got_at < limits.between_refreshes
    return expires_at - now >= min_ttl or (just_got and expires_at > now)


def is_leased(found: Snapshot | Revocation, limits: Limits) -> bool:
    """Return whether somebody holds a lease that has not run out, by the store's clock."""
    # Of a clock that was set back the age may be negative: no lease lasts until it has caught up.
    return found.lease_age is not None and abs(found.lease_age) < limits.lease


def respect_back_off(connection: Connection, now: datetime) -> None:
    """Return if the provider may be asked again; raise `ProviderUnavailableError` until then."""
    if connection.failure and connection.failure.next_try_at > now:
        wait = connection.failure.next_try_at - now
        raise ProviderUnavailableError(
            f"{connection.key}: waiting after {connection.failure.code}",
            retry_after=int(wait.total_seconds()) + 1,
        )


def next_failure(
    used: Connection, failed: RetryableError, limits: Limits, now: datetime
) -> Failure:
    """Return what to remember: the wait doubles with each failure and is never under Retry-After."""
    count = used.failure.count + 1 if used.failure else 1
    asked = timedelta(seconds=failed.retry_after)
    doubled = limits.first_back_off * 2 ** min(count - 1, 16)
    wait = max(asked, min(doubled, limits.longest_back_off))
    logger.warning(
        "refresh failed",
        extra={"connection": str(used.key), "code": failed.code, "outcome": "retry_later"},
    )
    return Failure(code=failed.code, count=count, at=now, next_try_at=now + wait)
