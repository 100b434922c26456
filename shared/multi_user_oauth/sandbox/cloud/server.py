"""The local cloud as servers: two ports for each caller, gRPC and REST, since no credential travels."""

import secrets
import socket
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, Self

import grpc

from ..gateway_server import GatewayServer
from ..records import Draw, Sleep
from .admin import AdminServer
from .desk import Desk
from .methods import Method
from .refusals import RefusedError
from .rest import RestFront

_THREADS: Final = 8
_CLOSING_SECONDS: Final = 1.0
_HOST: Final = "127.0.0.1"
# Without this a second cloud would share the first one's ports and answer every other call.
_OPTIONS: Final = (("grpc.so_reuseport", 0),)


class LocalCloud:
    """
    Cloud KMS and Secret Manager; `policy`, `faults` and `calls` may be used at any time.

    `callers` maps each identity to the port on which it, and nobody else, is spoken to; 0 takes a
    free one, see `address`. With a `file`, keys and secrets outlive the process. As a context
    manager it is started and stopped.
    """

    def __init__(
        self,
        callers: Mapping[str, int],
        *,
        file: Path | None = None,
        sleep: Sleep = time.sleep,
        draw: Draw = secrets.token_bytes,
    ) -> None:
        self._desk = Desk(file, sleep=sleep, draw=draw)
        self.policy, self.faults, self.calls = (
            self._desk.policy,
            self._desk.faults,
            self._desk.calls,
        )
        self._callers = dict(callers)
        self._ports: dict[str, int] = {}
        self._servers: list[grpc.Server] = []
        self._rest: dict[str, int] = {}
        self._rest_server: GatewayServer | None = None
        self._admin: AdminServer | None = None

    def start(self, *, admin_port: int = 0) -> Self:
        """Serve in threads; raise `RuntimeError` if a port is taken."""
        for caller, port in self._callers.items():
            server = grpc.server(ThreadPoolExecutor(_THREADS), options=_OPTIONS)
            server.add_generic_rpc_handlers(self._handlers(caller))
            self._ports[caller] = server.add_insecure_port(f"{_HOST}:{port}")
            server.start()
            self._servers.append(server)
        self._start_rest()
        self._admin = AdminServer(self._desk, dict(self._ports), _HOST, admin_port)
        return self

    def address(self, caller: str) -> str:
        """Give `host:port` for this caller's channel."""
        return f"{_HOST}:{self._ports[caller]}"

    def rest_url(self, caller: str) -> str:
        """Give `http://host:port` for this caller's requests; always a free port."""
        return f"http://{_HOST}:{self._rest[caller]}"

    @property
    def admin_url(self) -> str:
        """Where faults are set and calls are read; see `admin.py`."""
        return self._admin.url if self._admin else ""

    def stop(self) -> None:
        """Close every port; doing so twice is harmless."""
        for stopping in [server.stop(_CLOSING_SECONDS) for server in self._servers]:
            stopping.wait()
        self._servers.clear()
        if self._rest_server is not None:
            self._rest_server.stop()
            self._rest_server = None
        if self._admin is not None:
            self._admin.stop()
            self._admin = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start_rest(self) -> None:
        sockets = {caller: socket.create_server((_HOST, 0)) for caller in self._callers}
        self._rest = {caller: bound.getsockname()[1] for caller, bound in sockets.items()}
        front = RestFront(self._desk, {str(port): caller for caller, port in self._rest.items()})
        if sockets:
            self._rest_server = GatewayServer(front, list(sockets.values())).start()

    def _handlers(self, caller: str) -> list[Any]:
        return [
            grpc.method_handlers_generic_handler(
                service, {method.name: self._handler(caller, method) for method in methods}
            )
            for service, methods in self._desk.services.items()
        ]

    def _handler(self, caller: str, method: Method) -> Any:  # noqa: ANN401  # reason: grpc has no types
        def serve(request: Any, context: Any) -> Any:  # noqa: ANN401  # reason: grpc has no types
            try:
                return self._desk.answer(caller, method, request)
            except RefusedError as refused:
                context.abort(refused.code, refused.text)

        return grpc.unary_unary_rpc_method_handler(
            serve,
            request_deserializer=method.request.deserialize,
            response_serializer=lambda answer: type(answer).serialize(answer),
        )
