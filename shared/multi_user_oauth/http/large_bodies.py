"""How much of large requests an instance has in its memory at once."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from multi_user_oauth.errors.connector import BusyError


class LargeBodies:
    """
    So many bytes at once, of what is larger than `small`; whoever comes too many is to come again.

    A large request takes several times its length while it is decoded and written anew. Nobody waits
    here: who waits keeps a thread from those whose requests are small.
    """

    def __init__(self, *, small: int, most: int) -> None:
        self._small = small
        self._most = most
        self._held = 0
        self._lock = threading.Lock()

    @contextmanager
    def held(self, length: int) -> Iterator[None]:
        """Count so many bytes as long as it lasts; raise `BusyError` if they are too many."""
        counted = length if length > self._small else 0
        with self._lock:
            if self._held + counted > self._most:
                raise BusyError("too much is in work at once", retry_after=5)
            self._held += counted
        try:
            yield
        finally:
            with self._lock:
                self._held -= counted
