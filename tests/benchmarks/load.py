"""A load generator that costs little: some kept-alive connections, each with one request under way."""

import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import cycle
from typing import Final

CONNECTIONS: Final = 8
_CHUNK: Final = 65_536
_HEAD_ENDS: Final = b"\r\n\r\n"
_PATIENCE: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What was sent to one server, and how long it took all in all."""

    requests: int
    seconds: float

    @property
    def per_second(self) -> float:
        """Requests answered in a second."""
        return self.requests / self.seconds


def request(path: str, host: str, **headers: str) -> bytes:
    """Return a GET, ready to be sent."""
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}"]
    return "\r\n".join([*lines, *(f"{k}: {v}" for k, v in headers.items()), "", ""]).encode()


def send(port: int, requests: Sequence[bytes], number: int, *, marker: bytes) -> Load:
    """
    Send so many of these requests, in their order and from the first again; return what it took.

    Raise `ValueError` for an answer that is not a 200 with `marker` in its body: a server that refuses
    is fast.
    """
    with ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        sockets = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port), _PATIENCE))
            for _ in range(min(CONNECTIONS, number))
        ]
        ours, left = cycle(requests), number - len(sockets)
        waiting: dict[socket.socket, Iterator[None]] = {}
        began = time.perf_counter()
        for each in sockets:
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            each.sendall(next(ours))
            waiting[each] = _answer(each, marker)
            selector.register(each, selectors.EVENT_READ)
        while waiting:
            for key, _ in selector.select(_PATIENCE):
                ready = key.fileobj
                assert isinstance(ready, socket.socket)
                if next(waiting[ready], True) is None:
                    continue  # more is to come
                if left > 0:
                    left -= 1
                    ready.sendall(next(ours))
                    waiting[ready] = _answer(ready, marker)
                else:
                    selector.unregister(ready)
                    del waiting[ready]
        return Load(requests=number, seconds=time.perf_counter() - began)


def _answer(connection: socket.socket, marker: bytes) -> Iterator[None]:
    """Take one answer, in as many steps as it comes in; the last step ends the iteration."""
    received = connection.recv(_CHUNK)
    while _HEAD_ENDS not in received:
        yield
        received += _more(connection)
    head, _, body = received.partition(_HEAD_ENDS)
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n", 1)[0])
    while len(body) < length:
        yield
        body += _more(connection)
    if head.split(b" ", 2)[1] != b"200" or marker not in body:
        raise ValueError(head.split(b"\r\n", 1)[0].decode() + " " + body[:300].decode())


def _more(connection: socket.socket) -> bytes:
    received = connection.recv(_CHUNK)
    if not received:
        message = "the server closed the connection"
        raise ValueError(message)
    return received
