"""`RewrapSteps` by HTTP: the function `refresh` has both rights, an operator has neither."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from multi_user_oauth.errors import RetryableError, StoreUnavailableError
from multi_user_oauth.model import Kind
from multi_user_oauth.ports import RewrapStep
from multi_user_oauth.refreshers.remote import PASSING, RemoteRefresher

# Longer than the platform lets the function work.
_TIMEOUT: Final = (3.0, 65.0)


class _Answer(msgspec.Struct, kw_only=True):
    versions: dict[Kind, dict[str, int]]
    newest: dict[Kind, str]
    rewrapped: int
    skipped: int
    tampered: int
    next: str | None = None
    stopped: str | None = None


class RemoteRewrapping:
    """Asks `/refresh/rewrap` for one step at a time."""

    def __init__(self, remote: RemoteRefresher) -> None:
        self._remote = remote

    def step(self, *, after: str | None, until: datetime, count_only: bool) -> RewrapStep:
        """Have a step done, for as long as the function takes; raise a `RetryableError`."""
        asked: Mapping[str, object] = {
            "count_only": count_only,
            **({"after": after} if after else {}),
        }
        body = self._remote.post("/refresh/rewrap", asked, _TIMEOUT)
        try:
            answer = msgspec.convert(body, _Answer)
        except msgspec.ValidationError:
            raise StoreUnavailableError("refresh answered something else", retry_after=5) from None
        return RewrapStep(
            versions=answer.versions,
            newest=answer.newest,
            rewrapped=answer.rewrapped,
            skipped=answer.skipped,
            tampered=answer.tampered,
            next_after=answer.next,
            stopped=_error(answer.stopped) if answer.stopped else None,
        )


def _error(code: str) -> RetryableError:
    return PASSING.get(code, StoreUnavailableError)(code, retry_after=5)
