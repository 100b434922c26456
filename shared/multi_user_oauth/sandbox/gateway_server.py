"""The gateway's server: this machine only, under both of localhost's addresses."""

import errno
import socket
import threading
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any, Final, Self

from waitress.server import create_server

from .ending import end_waitress

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

THREADS: Final = 24
BUSY_SECONDS: Final = 0.5
"""So long a request may go on after `stop`."""
ADDRESSES: Final = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
NO_SUCH_ADDRESS: Final = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})
TRIES: Final = 8


class PortTakenError(Exception):
    """Another program listens on this port, under one of localhost's addresses or both."""


def listen(port: int = 0) -> list[socket.socket]:
    """
    Return sockets on 127.0.0.1 and, where this machine has it, on ::1; port 0 takes a free one.

    Raise `PortTakenError`, or `OSError` for a port that may not be had.
    """
    if port:
        return _both(port)
    for _ in range(TRIES):
        try:
            return _both(0)
        except PortTakenError:
            continue  # free on one address only
    raise PortTakenError


def is_free(port: int) -> bool:
    """Return whether `listen` would succeed now."""
    try:
        for bound in listen(port):
            bound.close()
    except (PortTakenError, OSError):
        return False
    return True


def _both(port: int) -> list[socket.socket]:
    with ExitStack() as undo:
        sockets: list[socket.socket] = []
        for family, host in ADDRESSES:
            bound = _bound(family, host, port)
            if bound is not None:
                undo.enter_context(closing(bound))
                sockets.append(bound)
                port = bound.getsockname()[1]
        undo.pop_all()
        return sockets


def _bound(family: socket.AddressFamily, host: str, port: int) -> socket.socket | None:
    if port and _answers(family, host, port):
        raise PortTakenError
    try:
        bound = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        _require_other(error, family)
        return None
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTakenError from None
        _require_other(error, family)
        return None
    return bound


def _require_other(error: OSError, family: socket.AddressFamily) -> None:
    """Return if this machine does without the address; else raise the error."""
    if family != socket.AF_INET6 or error.errno not in NO_SUCH_ADDRESS:
        raise error


def _answers(family: socket.AddressFamily, host: str, port: int) -> bool:
    # On some systems one may bind beside a program that listens on all addresses.
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.settimeout(0.5)
            return probe.connect_ex((host, port)) == 0
    except OSError:
        return False


class GatewayServer:
    """Serves in threads of its own until `stop`."""

    def __init__(self, application: "WSGIApplication", sockets: list[socket.socket]) -> None:
        self._map: dict[int, Any] = {}
        self._server = create_server(
            application,
            map=self._map,
            sockets=sockets,
            threads=THREADS,
            ident=None,
            asyncore_use_poll=True,  # select() knows no file above the 1,024th
        )
        self._thread = threading.Thread(target=self._server.run, name="gateway", daemon=True)

    def start(self) -> Self:
        """Answer requests from now on."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Answer no more; doing so twice is harmless."""
        end_waitress(self._map, self._thread, patience=BUSY_SECONDS)
