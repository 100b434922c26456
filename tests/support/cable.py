"""A cable between a client and a server on this machine, which can be cut, or hold everything up."""

import os
import socket
import threading
from contextlib import suppress
from typing import Final, Self

_HOST: Final = "127.0.0.1"
_CHUNK: Final = 65_536
_PORTS: Final = range(12_000, 32_000)
_EACH: Final = 100
"""Ports between the first ones of two processes."""
_first: Final = _PORTS.start + os.getpid() * _EACH % len(_PORTS)
_untried: Final = iter((*range(_first, _PORTS.stop), *range(_PORTS.start, _first)))
"""Each cable of this process has one of its own, whether it is cut or not."""
_JOIN_SECONDS: Final = 5.0


class Cable:
    """
    Whoever connects to `port` speaks to `target` (host, port), while it is whole.

    Cut, nobody listens and every connection is reset. Held, connections are taken and not a byte moves;
    released, what was held goes on its way, as after an outage of the network.
    """

    def __init__(self, target: str) -> None:
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self._free = threading.Event()
        self._free.set()
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener: socket.socket | None = None
        self.port = 0
        self.mend()

    def mend(self) -> None:
        """Listen, at the same port as before, and let everything through."""
        self._free.set()
        if self._listener is None:
            self._listener = self._listening()
            self.port = self._listener.getsockname()[1]
            threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _listening(self) -> socket.socket:
        if self.port:
            return socket.create_server((_HOST, self.port))
        # None that a system gives out by itself: somebody else would have it while the cable is cut.
        for port in _untried:
            with suppress(OSError):
                return socket.create_server((_HOST, port))
        raise OSError("no port is free")

    def hold(self) -> None:
        """Let nothing through, and say nothing about it."""
        self._free.clear()

    def cut(self) -> None:
        """Listen no more, and end every connection."""
        listener, self._listener = self._listener, None
        if listener is not None:
            with suppress(OSError):  # on some systems a listening socket can not be shut down
                listener.shutdown(socket.SHUT_RDWR)  # wakes who waits in accept
            listener.close()
        with self._lock:
            ended, self._open = self._open, set()
        for each in ended:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._free.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
                server = socket.create_connection(self._target)
            except OSError:
                return
            with self._lock:
                self._open |= {client, server}
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while content := source.recv(_CHUNK):
                self._free.wait(_JOIN_SECONDS * 12)
                sink.sendall(content)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._open -= {source, sink}
        source.close()
