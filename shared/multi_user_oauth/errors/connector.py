"""What goes wrong when somebody acts as a person at a provider's API."""

from multi_user_oauth.errors.base import MultiUserOAuthError
from multi_user_oauth.errors.request import RequestError
from multi_user_oauth.errors.retryable import RetryableError


class OutcomeUnknownError(MultiUserOAuthError):
    """The provider may or may not have done it, and can not be asked; nothing is sent again."""

    code, status = "outcome_unknown", 409


class SendInProgressError(RetryableError):
    """Another call with this Idempotency-Key is at work, or died doing so less than a minute ago."""

    code, status = "send_in_progress", 409


class IdempotencyKeyReusedError(RequestError):
    """This Idempotency-Key was used for something else within 24 hours."""

    code, status = "idempotency_key_reused", 409


class NotSupportedError(RequestError):
    """This connector type, or these scopes, have no such service."""

    code = "not_supported"


class RangeRequiredError(RequestError):
    """The file is larger than one answer carries: read it by ranges."""

    code = "range_required"


class RangeNotSatisfiableError(RequestError):
    """The range lies outside the file (RFC 9110, 15.5.17), or the chunk is not the next one."""

    code, status = "range_not_satisfiable", 416


class ItemNotFoundError(MultiUserOAuthError):
    """The person has no such mail, file, event, chat or upload at the provider."""

    code, status = "item_not_found", 404


class ItemExistsError(MultiUserOAuthError):
    """There is a file of that name already."""

    code, status = "item_exists", 409


class ProviderRejectedError(MultiUserOAuthError):
    """The provider refuses this call as it stands; `reason` is its own code for why."""

    code, status = "provider_rejected", 422

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class ProviderThrottledError(RetryableError):
    """The provider asks to be left alone for a while; waiting a little did not help."""

    code, status = "provider_throttled", 429


class ProviderAnswerRefusedError(MultiUserOAuthError):
    """The provider's answer is too large, leads elsewhere, or is not what it documents; not followed."""

    code, status = "provider_answer_refused", 502


class BusyError(RetryableError):
    """This instance has too much of large requests in work; a small one would have been served."""

    code = "busy"
