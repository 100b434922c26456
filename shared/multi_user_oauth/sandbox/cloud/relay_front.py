"""One caller's port of the Firestore relay: each call judged, passed on, priced and logged."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Self

import grpc

from .calls import Call, CallLog
from .faults import Fault
from .refusals import RefusedError, on_demand
from .relay_bills import NOTHING, PRICES, Bill
from .relay_methods import METHODS, SERVICE, Method

if TYPE_CHECKING:
    from .relay import FirestoreRelay


class Front(grpc.GenericRpcHandler):
    """A gRPC server's handler of every call."""

    def __init__(self, relay: "FirestoreRelay", caller: str) -> None:
        self._relay = relay
        self._caller = caller

    def service(self, details: Any) -> Any:  # noqa: ANN401  # reason: grpc has no types
        """Give what answers this call: there is an answer to every one."""
        path = str(details.method)
        service, _, name = path.removeprefix("/").partition("/")
        method = METHODS.get(name) if service == SERVICE else None
        if method is None:
            return grpc.stream_stream_rpc_method_handler(self._refused(name))
        if method.streams:
            return grpc.unary_stream_rpc_method_handler(self._streamed(name, path, method))
        return grpc.unary_unary_rpc_method_handler(self._single(name, path, method))

    def _refused(self, name: str) -> Callable[[Any, Any], None]:
        def serve(_: Any, context: Any) -> None:  # noqa: ANN401  # reason: grpc has no types
            with _Answering(self._relay.calls, self._caller, name, context):
                raise RefusedError(grpc.StatusCode.PERMISSION_DENIED, f"{name} is not relayed")

        return serve

    def _single(self, name: str, path: str, method: Method) -> Callable[[bytes, Any], bytes]:
        def serve(request: bytes, context: Any) -> bytes:  # noqa: ANN401  # reason: grpc has no types
            with _Answering(self._relay.calls, self._caller, name, context) as answering:
                fault = self._admit(answering, name, method, request)
                answer: bytes = self._relay.ask(method, path, request, context).result()
                answering.done([], fault)
            return answer

        return serve

    def _streamed(
        self, name: str, path: str, method: Method
    ) -> Callable[[bytes, Any], Iterator[bytes]]:
        def serve(request: bytes, context: Any) -> Iterator[bytes]:  # noqa: ANN401  # reason: grpc has no types
            with _Answering(self._relay.calls, self._caller, name, context) as answering:
                fault = self._admit(answering, name, method, request)
                parts = self._relay.ask(method, path, request, context)
                if name in PRICES and PRICES[name].needs_answer:
                    parts = list(parts)
                    answering.done(parts, fault)
                for part in parts:
                    answering.done([], fault)  # many a caller wants the first part only
                    yield part
                answering.done([], fault)

        return serve

    def _admit(
        self, answering: "_Answering", name: str, method: Method, request: bytes
    ) -> Fault | None:
        """Give the fault that the answer is to be lost by, if any; raise `RefusedError`."""
        admitted = self._relay.admit(self._caller, method, request)
        answering.database, answering.message = admitted.database, admitted.message
        fault = self._relay.faults.take(name, self._caller, admitted.database)
        if fault is None:
            return None
        if fault.delay:
            self._relay.sleep(fault.delay)
        if fault.status is not None and not fault.lost:
            raise on_demand(fault.status)
        return fault


class _Answering:
    """Ends a call with the status of what goes wrong in its block; logs it before the caller knows."""

    def __init__(self, calls: CallLog, caller: str, name: str, context: Any) -> None:  # noqa: ANN401  # reason: grpc has no types
        self.database = ""
        self.message: Any = None
        self._calls = calls
        self._caller = caller
        self._name = name
        self._context = context
        self._logged = False

    def done(self, parts: list[bytes], fault: Fault | None) -> None:
        """Log the call, with its price, if it is not yet; raise `RefusedError` if that gets lost."""
        if self._logged:
            return
        price = PRICES.get(self._name)
        self._log(grpc.StatusCode.OK, price.of(self.message, parts) if price else NOTHING)
        if fault is not None and fault.status is not None:
            raise on_demand(fault.status)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        match error:
            case RefusedError():
                self._abort(error.code, error.text)
            case grpc.FutureCancelledError():
                self._abort(grpc.StatusCode.CANCELLED, "the caller went away")
            case grpc.RpcError():
                self._context.set_trailing_metadata(error.trailing_metadata() or ())
                self._abort(error.code(), error.details())

    def _abort(self, status: grpc.StatusCode, text: str) -> None:
        if not self._logged:
            self._log(status, NOTHING)
        self._context.abort(status, text)

    def _log(self, status: grpc.StatusCode, bill: Bill) -> None:
        self._logged = True
        self._calls.add(
            Call(
                caller=self._caller,
                method=self._name,
                resource=self.database,
                status=status.name,
                reads=bill.reads,
                writes=bill.writes,
            )
        )
