"""What may succeed later, without anyone asking differently."""

from multi_user_oauth.errors.base import MultiUserOAuthError


class RetryableError(MultiUserOAuthError):
    """The same call may succeed later; `retry_after` is in whole seconds (RFC 9110, 10.2.3)."""

    code, status = "store_unavailable", 503

    def __init__(self, message: str, *, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ProviderUnavailableError(RetryableError):
    """The provider timed out, throttled us, answered 5xx or nothing that can be read."""

    code = "provider_unavailable"


class ProviderMisconfiguredError(RetryableError):
    """The provider refuses the application, not the person: an operator must act."""

    code = "provider_misconfigured"


class RefreshInProgressError(RetryableError):
    """Another worker was refreshing for as long as we were willing to wait."""

    code = "refresh_in_progress"


class StoreUnavailableError(RetryableError):
    """The database did not answer, or did not take the write."""

    code = "store_unavailable"


class KeysUnavailableError(RetryableError):
    """The key service or the client secrets can not be reached, or refuse us."""

    code = "keys_unavailable"


class QuarantinedError(RetryableError):
    """A backup brought this connection back, and no operator has released it yet."""

    code = "quarantined"


class RevocationPendingError(RetryableError):
    """The disconnect is written down and will finish; its record is busy."""

    code = "revocation_pending"


class ConflictError(RetryableError):
    """The record moved on since it was read; nothing was written."""

    code, status = "conflict", 409


class TooManyRequestsError(RetryableError):
    """The caller, the address or the person's connection had its share for now (RFC 6585, 4)."""

    code, status = "too_many_requests", 429
