"""What a provider's refusal means for the call that it refuses, whichever provider it is."""

from dataclasses import dataclass
from enum import Enum, auto

from multi_user_oauth.connectors.call import Call
from multi_user_oauth.errors import (
    InsufficientScopeError,
    MultiUserOAuthError,
    ProviderUnavailableError,
)
from multi_user_oauth.errors.connector import (
    ItemExistsError,
    ItemNotFoundError,
    OutcomeUnknownError,
    ProviderRejectedError,
    ProviderThrottledError,
    RangeNotSatisfiableError,
)


class Kind(Enum):
    """What to do next."""

    TOKEN = auto()
    """The token is refused: another one, once."""
    SCOPE = auto()
    """The token lacks a scope: only the person can help."""
    THROTTLED = auto()
    """Nothing was done; again after a while."""
    NOT_FOUND = auto()
    EXISTS = auto()
    RANGE = auto()
    FAILED = auto()
    """The provider's own fault; it may have done it all the same."""
    REJECTED = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """`reason` is the provider's own code, if it is one word; `claims` what it wants in a token."""

    kind: Kind
    reason: str = ""
    retry_after: int = 1
    claims: str | None = None


def error_of(trouble: Trouble, call: Call) -> MultiUserOAuthError:
    """Return what the refusal of this call is, for whoever asked for it."""
    retry_after = trouble.retry_after
    if trouble.kind is Kind.FAILED and call.sends:
        return OutcomeUnknownError("the provider failed, and may have sent it")
    if trouble.kind is Kind.RANGE:
        return RangeNotSatisfiableError("outside the file, or not the next chunk", field="range")
    errors: dict[Kind, MultiUserOAuthError] = {
        Kind.TOKEN: ProviderRejectedError("a fresh token was refused", reason="token_refused"),
        Kind.SCOPE: InsufficientScopeError("another scope is wanted", scopes=call.needs),
        Kind.THROTTLED: ProviderThrottledError("throttled", retry_after=retry_after),
        Kind.NOT_FOUND: ItemNotFoundError("the provider has no such item"),
        Kind.EXISTS: ItemExistsError("there is one of that name"),
        Kind.FAILED: ProviderUnavailableError("the provider failed", retry_after=retry_after),
        Kind.REJECTED: ProviderRejectedError("refused as it stands", reason=trouble.reason),
    }
    return errors[trouble.kind]
