"""The Firestore relay: before the emulator, which admits everybody, it says who may do what.

No credential travels to an emulator, so each caller has a port of its own, as in the local cloud. A
request is read and passed on as it is; the answer is passed back unread.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Literal, Self

import grpc
from google.protobuf.message import DecodeError

from .calls import Call, CallLog
from .refusals import RefusedError
from .relay_methods import METHODS, SERVICE, Method

Right = Literal["none", "read", "write"]
"""`write` includes `read`."""

_DATABASE: Final = re.compile(r"(projects/[^/]+/databases/([^/]+))(/.*)?", re.DOTALL)
_OWNER: Final = (("authorization", "Bearer owner"),)
"""The emulator's word for whoever is not held to security rules, which are for browsers."""
_THREADS: Final = 16
_LONGEST: Final = 60.0  # seconds of one call whose caller named no deadline
_CLOSING_SECONDS: Final = 1.0
_HOST: Final = "127.0.0.1"
_LARGEST: Final = 16 * 1024 * 1024
_OPTIONS: Final = (
    ("grpc.so_reuseport", 0),  # else a second relay would share the first one's ports
    ("grpc.max_receive_message_length", _LARGEST),
)


class FirestoreRelay:
    """
    `rights` maps each caller to what it may do in each database, by the database's id.

    `calls` tells who asked what of which database, and with what result. As a context manager it is
    started and stopped.
    """

    def __init__(self, emulator: str, rights: Mapping[str, Mapping[str, Right]]) -> None:
        self.calls = CallLog()
        self._rights = {caller: dict(databases) for caller, databases in rights.items()}
        self._emulator = emulator
        self._channel: Any = None
        self._ports: dict[str, int] = {}
        self._servers: list[grpc.Server] = []

    def start(self) -> Self:
        """Serve in threads, each caller on a free port."""
        self._channel = grpc.insecure_channel(self._emulator, options=_OPTIONS)
        for caller in self._rights:
            server = grpc.server(ThreadPoolExecutor(_THREADS), options=_OPTIONS)
            server.add_generic_rpc_handlers([_Front(self, caller)])
            self._ports[caller] = server.add_insecure_port(f"{_HOST}:0")
            server.start()
            self._servers.append(server)
        return self

    def address(self, caller: str) -> str:
        """Give `host:port`, this caller's FIRESTORE_EMULATOR_HOST."""
        return f"{_HOST}:{self._ports[caller]}"

    def stop(self) -> None:
        """Close every port; doing so twice is harmless."""
        for stopping in [server.stop(_CLOSING_SECONDS) for server in self._servers]:
            stopping.wait()
        self._servers.clear()
        if self._channel is not None:
            self._channel.close()
            self._channel = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def ask(self, method: Method, path: str, request: bytes, context: Any) -> Any:  # noqa: ANN401  # reason: grpc has no types
        """Pass a call on; give the call to the emulator."""
        kind = self._channel.unary_stream if method.streams else self._channel.unary_unary
        callable_ = kind(path)
        timeout = min(context.time_remaining() or _LONGEST, _LONGEST)
        start = callable_ if method.streams else callable_.future
        call = start(request, timeout=timeout, metadata=_OWNER)
        context.add_callback(call.cancel)
        return call

    def admit(self, caller: str, method: Method, request: bytes) -> str:
        """Give the name of the one database that the request is about; raise `RefusedError`."""
        try:
            message = method.parse(request)
        except DecodeError:
            raise RefusedError(grpc.StatusCode.INVALID_ARGUMENT, "not a request") from None
        found = [_DATABASE.fullmatch(name) for name in method.names(message)]
        databases = {match[1]: match[2] for match in found if match is not None}
        if None in found or len(databases) != 1:
            raise RefusedError(grpc.StatusCode.PERMISSION_DENIED, "one database at a time")
        (path, database), *_ = databases.items()
        right = self._rights[caller].get(database, "none")
        if right == "none" or (right == "read" and method.writes(message)):
            text = f"{caller} may not do this in {database}"
            raise RefusedError(grpc.StatusCode.PERMISSION_DENIED, text)
        return path


class _Front(grpc.GenericRpcHandler):
    """One caller's port."""

    def __init__(self, relay: FirestoreRelay, caller: str) -> None:
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
                answering.database = self._relay.admit(self._caller, method, request)
                answer: bytes = self._relay.ask(method, path, request, context).result()
                answering.log(grpc.StatusCode.OK)
            return answer

        return serve

    def _streamed(
        self, name: str, path: str, method: Method
    ) -> Callable[[bytes, Any], Iterator[bytes]]:
        def serve(request: bytes, context: Any) -> Iterator[bytes]:  # noqa: ANN401  # reason: grpc has no types
            with _Answering(self._relay.calls, self._caller, name, context) as answering:
                answering.database = self._relay.admit(self._caller, method, request)
                for part in self._relay.ask(method, path, request, context):
                    answering.log(grpc.StatusCode.OK)  # many a caller wants the first part only
                    yield part
                answering.log(grpc.StatusCode.OK)

        return serve


class _Answering:
    """Ends a call with the status of what goes wrong in its block; logs it before the caller knows."""

    def __init__(self, calls: CallLog, caller: str, name: str, context: Any) -> None:  # noqa: ANN401  # reason: grpc has no types
        self.database = ""
        self._calls = calls
        self._caller = caller
        self._name = name
        self._context = context
        self._logged = False

    def log(self, status: grpc.StatusCode) -> None:
        """Log the call with this status, if it is not yet."""
        if not self._logged:
            self._logged = True
            self._calls.add(
                Call(
                    caller=self._caller,
                    method=self._name,
                    resource=self.database,
                    status=status.name,
                )
            )

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
        self.log(status)
        self._context.abort(status, text)
