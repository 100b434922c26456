"""What a connection is found by, and which part of all connections it belongs to."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from urllib.parse import quote

SHARDS: Final = 16
"""
So many parts of all connections, found by the time of their next refresh.

An index in the order of time takes some 500 writes a second wherever they all fall on "about now".
With the shard before the time each shard is a range of its own, and takes as many. Of 16 shards one
Firestore query (`in`, at most 30 values) still reaches all.
"""


@dataclass(frozen=True, slots=True, order=True)
class ConnectionKey:
    """What a connection is found by; `user_email` is normalised."""

    connector_type: str
    user_email: str

    @property
    def document_id(self) -> str:
        """The key as one path segment, escaped so that no e-mail can name another document."""
        return f"{self.connector_type}:{quote(self.user_email, safe='@')}"

    @property
    def shard(self) -> int:
        """Which of the `SHARDS` parts it belongs to: the same on every machine, always."""
        return self._digest % SHARDS

    @property
    def spread(self) -> float:
        """A number from 0 to 1 of its own: what would befall all at once comes to each at its time."""
        return (self._digest >> 128) / 2**128

    @property
    def _digest(self) -> int:
        return int.from_bytes(sha256(self.document_id.encode()).digest())

    def __str__(self) -> str:
        return f"{self.connector_type}/{self.user_email}"
