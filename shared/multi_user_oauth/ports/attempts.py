"""What was sent under which `Idempotency-Key`; in the activity database."""

from dataclasses import dataclass
from typing import Protocol

from multi_user_oauth.model.attempt import Attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAttempt:
    """An attempt as it was read or written; `version` is the precondition of the next write."""

    attempt: Attempt
    version: object


class Attempts(Protocol):
    """One record for each caller, connection and key; a TTL on `until` cleans it away."""

    def attempt(self, attempt_id: str) -> KeptAttempt | None:
        """Return it as it stands, None where there is none; one past its `until` may still be there."""

    def keep_attempt(self, kept: KeptAttempt | None, after: Attempt) -> KeptAttempt:
        """
        Write it and return what is kept now.

        Raise `ConflictError` if anybody wrote since it was read, or created it where `kept` is None.
        """
