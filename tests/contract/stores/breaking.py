"""A line to Firestore on which calls fail, before they arrive or after they were done."""

from collections import Counter, defaultdict, deque
from typing import Any, NoReturn

import grpc

from tests.contract.stores.lines import Line

LOST = [
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.UNKNOWN,
]
REFUSED = [
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.UNIMPLEMENTED,
]


class Broken(grpc.RpcError, grpc.Call):  # type: ignore[misc]  # reason: grpc has no types
    """What gRPC raises when a call fails."""

    def __init__(self, code: grpc.StatusCode) -> None:
        super().__init__()
        self._code = code

    def code(self) -> grpc.StatusCode:
        """The status."""
        return self._code

    def details(self) -> str:
        """A text of the kind that no log of ours may repeat."""
        return "the value secret-thing"

    def trailing_metadata(self) -> tuple[()]:
        """None."""
        return ()

    def result(self) -> NoReturn:
        """Raise it: to the interceptor before this one it comes as if it were the call."""
        raise self


class Breaking(Line):
    """Breaks calls, scripted: each method has two queues, of requests and of answers."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self._before: defaultdict[str, deque[grpc.StatusCode | None]] = defaultdict(deque)
        self._after: defaultdict[str, deque[grpc.StatusCode | None]] = defaultdict(deque)

    def before(self, method: str, *codes: grpc.StatusCode | None) -> None:
        """Let the next calls fail before anything is done."""
        self._before[method].extend(codes)

    def after(self, method: str, *codes: grpc.StatusCode | None) -> None:
        """Let the next answers be lost, None: not that one."""
        self._after[method].extend(codes)

    def sent(self, method: str, request: Any, timeout: float | None) -> None:  # noqa: ANN401  # reason: any request
        """Count, and fail if it is so written."""
        self.calls[method] += 1
        self._fail(self._before[method])

    def received(self, method: str, answer: Any) -> None:  # noqa: ANN401  # reason: any answer
        """Lose it if it is so written."""
        self._fail(self._after[method])

    def _fail(self, codes: deque[grpc.StatusCode | None]) -> None:
        code = codes.popleft() if codes else None
        if code is not None:
            raise Broken(code)
