"""Faults that are still to come: first added, first taken, each as often as it says."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Lock
from typing import Final, Generic, TypeVar

FOR_EVER: Final = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What happens so often."""

    times: int = 1
    """How often; -1 is for ever."""


F = TypeVar("F", bound=Counted)


class FaultQueue(Generic[F]):
    """For any number of threads."""

    def __init__(self) -> None:
        self._waiting: list[F] = []
        self._lock = Lock()

    def add(self, fault: F) -> None:
        """Let it happen from now on."""
        with self._lock:
            self._waiting.append(fault)

    def clear(self) -> None:
        """Let nothing more fail."""
        with self._lock:
            self._waiting.clear()

    def as_list(self) -> list[F]:
        """Give what is still to come."""
        with self._lock:
            return list(self._waiting)

    def take_first(self, is_due: Callable[[F], bool]) -> F | None:
        """Give the first fault that is due, and count it down."""
        with self._lock:
            for index, fault in enumerate(self._waiting):
                if is_due(fault):
                    self._count_down(index)
                    return fault
        return None

    def _count_down(self, index: int) -> None:
        fault = self._waiting[index]
        if fault.times == FOR_EVER:
            return
        if fault.times > 1:
            self._waiting[index] = replace(fault, times=fault.times - 1)
        else:
            del self._waiting[index]
