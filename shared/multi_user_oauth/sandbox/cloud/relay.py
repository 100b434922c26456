"""The Firestore relay: before the emulator, which admits everybody, it says who may do what.

No credential travels to an emulator, so each caller has a port of its own, as in the local cloud. A
request is read and passed on as it is; the answer is passed back as it came.
"""

import re
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, Literal, Self

import grpc
from google.protobuf.message import DecodeError

from ..records import Sleep
from .calls import CallLog
from .faults import Faults
from .refusals import RefusedError
from .relay_front import Front
from .relay_methods import Method

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A request that may be passed on: the path of its one database, and what it says."""

    database: str
    message: Any


class FirestoreRelay:
    """
    `rights` maps each caller to what it may do in each database, by the database's id.

    `calls` tells who asked what of which database, with what result and at what price; `faults` may be
    added at any time. As a context manager it is started and stopped.
    """

    def __init__(
        self,
        emulator: str,
        rights: Mapping[str, Mapping[str, Right]],
        *,
        sleep: Sleep = time.sleep,
    ) -> None:
        self.calls = CallLog()
        self.faults = Faults()
        self.sleep = sleep
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
            server.add_generic_rpc_handlers([Front(self, caller)])
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

    def admit(self, caller: str, method: Method, request: bytes) -> Admitted:
        """Give what may be passed on; raise `RefusedError` for all else."""
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
        return Admitted(database=path, message=message)
