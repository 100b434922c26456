"""The knobs of the local cloud over HTTP, for whoever runs it in another process.

GET /faults, POST /faults (a `Fault` as JSON), DELETE /faults, GET /calls, DELETE /calls, GET /callers.
"""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from .desk import Desk
from .faults import Fault

_LONGEST: Final = 65_536
_NAMES: Final = frozenset({"localhost", "127.0.0.1"})
_View = Callable[[bytes], object]


def is_asked_here(host: str, origin: str | None) -> bool:
    """Return whether no page of another site, open in a browser on this machine, is asking."""
    return urlsplit(f"//{host}").hostname in _NAMES and origin is None


class AdminServer:
    """Listens on this machine only, until it is stopped."""

    def __init__(self, desk: Desk, ports: Mapping[str, int], host: str, port: int) -> None:
        views: Mapping[tuple[str, str], _View] = {
            ("GET", "/faults"): lambda _: [asdict(fault) for fault in desk.faults.as_list()],
            ("POST", "/faults"): lambda body: desk.faults.add(
                msgspec.json.decode(body, type=Fault)
            ),
            ("DELETE", "/faults"): lambda _: desk.faults.clear(),
            ("GET", "/calls"): lambda _: [asdict(call) for call in desk.calls.as_list()],
            ("DELETE", "/calls"): lambda _: desk.calls.clear(),
            ("GET", "/callers"): lambda _: dict(ports),
        }
        self._server = _Server((host, port), views)
        self.url = f"http://{host}:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="cloud admin", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Close the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], views: Mapping[tuple[str, str], _View]) -> None:
        self.views = views
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def log_message(self, *_: object) -> None:
        """Stay quiet."""

    def _serve(self) -> None:
        if not is_asked_here(self.headers.get("Host", ""), self.headers.get("Origin")):
            return self._send(HTTPStatus.FORBIDDEN, {"error": "loopback_only"})
        view = self.server.views.get((self.command, self.path))
        if view is None:
            return self._send(HTTPStatus.NOT_FOUND, {"error": "not_found"})
        length = min(int(self.headers.get("Content-Length") or 0), _LONGEST)
        try:
            return self._send(HTTPStatus.OK, view(self.rfile.read(length)))
        except (msgspec.DecodeError, ValueError) as error:
            return self._send(HTTPStatus.BAD_REQUEST, {"error": str(error)})

    def _send(self, status: HTTPStatus, answer: Any) -> None:  # noqa: ANN401  # reason: JSON
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
