"""How a flow ended, for a frontend that asks by its handle."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from multi_user_oauth.errors import RequestError
from multi_user_oauth.ports import Clock, FlowMarks

CONNECTED: Final = "connected"
SIGNED_IN: Final = "signed_in"
_SUCCESSES: Final = frozenset({CONNECTED, SIGNED_IN})


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowStatus:
    """`pending`, `connected`, `failed` (with the code) or `expired`."""

    status: str
    code: str | None = None


class AskFlow:
    """Answers from the spent states; what is unknown or unfinished is pending until its time is up."""

    def __init__(self, *, marks: FlowMarks, now: Clock) -> None:
        self._marks = marks
        self._now = now

    def status(self, handle: str) -> FlowStatus:
        """Return how it ended; raise `RequestError` for what never was a handle."""
        expires_at = _expiry(handle)
        outcomes = [mark.outcome for mark in self._marks.by_handle(handle) if mark.outcome]
        if _SUCCESSES & set(outcomes):
            return FlowStatus(status="connected")
        if outcomes:
            return FlowStatus(status="failed", code=outcomes[-1])
        return FlowStatus(status="pending" if self._now() < expires_at else "expired")


def _expiry(handle: str) -> datetime:
    _, _, ends = handle.partition("-")
    try:
        return datetime.fromtimestamp(int(ends, 16), UTC)
    except (ValueError, OverflowError, OSError):
        raise RequestError("not a flow's handle", field="handle") from None
