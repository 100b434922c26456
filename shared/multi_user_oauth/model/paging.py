"""One page of a list, and how to go on."""

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paged(Generic[T]):
    """
    Some items; `cursor` is the provider's own word for the next page, None after the last.

    A cursor can be an address at the provider: it is sealed before it leaves us, and checked once more
    when it comes back.
    """

    items: tuple[T, ...]
    cursor: str | None = None
