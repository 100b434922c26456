"""What was asked of the local cloud, by whom, and with what result; never what was in it."""

from collections import deque
from dataclasses import dataclass
from typing import Final

CALLS_KEPT: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """
    One call: the RPC's name, the resource named in it, the status that it was answered with.

    At Firestore also how many documents it read and wrote, as they are billed.
    """

    caller: str
    method: str
    resource: str
    status: str
    reads: int = 0
    writes: int = 0


class CallLog:
    """The last calls, oldest first."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=CALLS_KEPT)

    def add(self, call: Call) -> None:
        """Remember one."""
        self._calls.append(call)

    def as_list(self) -> list[Call]:
        """Give all of them."""
        return list(self._calls)

    def clear(self) -> None:
        """Forget all of them."""
        self._calls.clear()
