"""An adapter of `requests` that connects to the very address that was looked at, and only if public."""

import socket
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError
from urllib3.util.connection import create_connection

from multi_user_oauth.net.hosts import Resolve, UnlistedAddressError, public, resolved

Admit = Callable[[Iterable[str]], Sequence[str]]
"""From a name's addresses to those that may be connected to; raises `UnlistedAddressError`."""


class PinnedAdapter(HTTPAdapter):
    """
    Sends once, over https alone, verified by the name's certificate. Nothing of the environment counts.

    A name is resolved once for each connection, and what is connected to is what was looked at: an
    answer that changes between the look and the connection (DNS rebinding) changes nothing.
    """

    def __init__(
        self, *, pool_maxsize: int, resolve: Resolve = resolved, admit: Admit = public
    ) -> None:
        self._pool_class = _pool(resolve, admit)
        super().__init__(max_retries=0, pool_maxsize=pool_maxsize)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401  # reason: requests' own options
        """Make the connections; there are none without TLS."""
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {"https": self._pool_class}


def _pool(resolve: Resolve, admit: Admit) -> type[HTTPSConnectionPool]:
    class Connection(HTTPSConnection):
        """Connects to an address that was admitted."""

        def _new_conn(self) -> socket.socket:
            try:
                addresses = admit(resolve(self.host, self.port))
            except (OSError, UnlistedAddressError, ValueError) as refused:
                raise NewConnectionError(self, type(refused).__name__) from None
            return self._connected(addresses)

        def _connected(self, addresses: Sequence[str]) -> socket.socket:
            for address in addresses:
                try:
                    return create_connection(
                        (address, self.port), self.timeout, socket_options=self.socket_options
                    )
                except OSError:
                    continue
            raise NewConnectionError(self, "no address answers")

    class Pool(HTTPSConnectionPool):
        """The connections to one host."""

        ConnectionCls = Connection

    return Pool
