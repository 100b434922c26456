"""Faults on demand: what the next calls of a wrapped port meet."""

from collections import defaultdict, deque
from collections.abc import Callable
from typing import TypeVar

from multi_user_oauth.errors import StoreUnavailableError

T = TypeVar("T")


class Faults:
    """
    What goes wrong, scripted: each operation (a port's method name) has a queue, each call takes one.

    A call for which nothing is scripted goes through. `calls` lists the operations in their order.
    """

    def __init__(self) -> None:
        self.calls: list[str] = []
        self._script: defaultdict[str, deque[Callable[[Callable[[], object]], None]]]
        self._script = defaultdict(deque)

    def fail_before(
        self, operation: str, error: Exception | None = None, *, times: int = 1
    ) -> None:
        """Let the next `times` calls raise (a `StoreUnavailableError`) with nothing done."""

        def fault(_call: Callable[[], object]) -> None:
            raise error or StoreUnavailableError("scripted: before")

        self._script[operation].extend([fault] * times)

    def fail_after(self, operation: str, error: Exception | None = None, *, times: int = 1) -> None:
        """Let the next `times` calls do their work and then raise: the answer was lost."""

        def fault(call: Callable[[], object]) -> None:
            call()
            raise error or StoreUnavailableError("scripted: after")

        self._script[operation].extend([fault] * times)

    def meanwhile(self, operation: str, hook: Callable[[], object]) -> None:
        """Let the hook happen before the next call goes through: somebody was faster."""

        def fault(_call: Callable[[], object]) -> None:
            hook()

        self._script[operation].append(fault)

    def through(self, operation: str, call: Callable[[], T]) -> T:
        """Make the call, with what the script has for it."""
        self.calls.append(operation)
        if self._script[operation]:
            self._script[operation].popleft()(call)
        return call()
