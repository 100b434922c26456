"""What the log says of the audit chain, to be held against the database."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """The hash that a connection's record had when it was written; `connection` as logs name it."""

    connection: str
    sequence: int
    hash: str
    at: datetime
    """When the log says it."""
    erased: bool = False
    """Whether the log says later that this chain was erased: then no record need meet it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasing:
    """A connection's chain was erased then; this was its last record."""

    connection: str
    sequence: int
    hash: str
    at: datetime


class AnchorShelf(Protocol):
    """Any number of anchors, sorted; they are too many to be held in memory."""

    def put(self, said: Iterable[Anchor | Erasing]) -> int:
        """Keep these, and return how many anchors are there now; the same one twice is one."""

    def of(self, connection: str) -> Iterator[Anchor]:
        """Yield this connection's, by their sequence."""

    def forget(self, connection: str) -> None:
        """Drop this connection's."""

    def rest(self) -> Iterator[Anchor]:
        """Yield what was not forgotten."""
