"""One stretch of the walk that re-wraps records, or only counts them, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from multi_user_oauth.errors import RetryableError
from multi_user_oauth.model import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class RewrapStep:
    """
    What was looked at, as it stands now: records per version of each key.

    `skipped` could not be re-wrapped now and will be the next time; `tampered` do not open at all.
    `next_after` says where to go on, None that the walk is over; `stopped` what ended the stretch early.
    """

    versions: Mapping[Kind, Mapping[str, int]]
    newest: Mapping[Kind, str]
    rewrapped: int = 0
    skipped: int = 0
    tampered: int = 0
    next_after: str | None = None
    stopped: RetryableError | None = None


class RewrapSteps(Protocol):
    """Walks over everything sealed."""

    def step(self, *, after: str | None, until: datetime, count_only: bool) -> RewrapStep:
        """
        Go on `after` where a step ended (None: from the start) until about this time.

        Raise `RequestError` for an `after` that no step gave, a `RetryableError` where nothing at all
        could be done.
        """
