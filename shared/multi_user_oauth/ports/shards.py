"""Handing shards of a sweep on to other instances."""

from collections.abc import Sequence
from typing import Protocol


class ShardQueue(Protocol):
    """Brings each shard to an instance that has time for it, at least once."""

    def enqueue(self, shards: Sequence[int]) -> None:
        """Return once all of them are taken; raise `StoreUnavailableError`: some may be, or none."""
