"""The token of a push subscription: Pub/Sub's emulator sends none, so its pushes pass through here.

They are passed on as they came, with a token of the subscription's service account, as Pub/Sub signs
them (cloud.google.com, "Authentication for push subscriptions"); the answer's status goes back.
"""

import threading
from collections.abc import Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, Self

from ..scheduler import Token, bearing, post
from .admin import is_asked_here

_HOST: Final = "127.0.0.1"
_LARGEST: Final = 10_485_760
"""Bytes: Pub/Sub's own limit of a message, more or less."""
_HEADERS: Final = {"Content-Type": "application/json", "User-Agent": "APIs-Google"}


class PushRelay:
    """
    As a context manager it is started and stopped; `url` is the subscription's push endpoint.

    `token` may be spoilt on demand: by the sandbox's faults for `identity`, a push without one is
    `no_token`.
    """

    def __init__(self, target: str, token: Token) -> None:
        self.target = target
        self.token = token
        self._statuses: list[int] = []
        self._server = _Server(self)
        self.url = f"http://{_HOST}:{self._server.server_port}/push"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="push relay", daemon=True
        )

    @property
    def statuses(self) -> Sequence[int]:
        """How each push was answered, oldest first."""
        return tuple(self._statuses)

    def pushed(self, body: bytes) -> int:
        """Pass one push on and give the status of the answer; 503 if there is none."""
        status = post(self.target, {**_HEADERS, **bearing(self.token())}, body)
        known = HTTPStatus.SERVICE_UNAVAILABLE.value if status is None else status
        self._statuses.append(known)
        return known

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a push may wait for a provider

    def __init__(self, relay: PushRelay) -> None:
        self.relay = relay
        super().__init__((_HOST, 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        if not is_asked_here(self.headers.get("Host", ""), self.headers.get("Origin")):
            return self._answer(HTTPStatus.FORBIDDEN)
        length = int(self.headers.get("Content-Length") or 0)
        if length > _LARGEST:
            return self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return self._answer(self.server.relay.pushed(self.rfile.read(length)))

    def log_message(self, *_: object) -> None:
        """Stay quiet."""

    def _answer(self, status: int) -> None:
        self.close_connection = True
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()
