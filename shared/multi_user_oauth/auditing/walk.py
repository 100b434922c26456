"""Pages of a walk as one stream, and a stream that is taken as far as a name."""

from collections.abc import Callable, Iterator
from typing import Final, Protocol, TypeVar

from multi_user_oauth.model import AuditHead
from multi_user_oauth.ports import Walked

AT_ONCE: Final = 300

T = TypeVar("T")


class Ask(Protocol[T]):
    """A walk of a store."""

    def __call__(self, *, after: str | None, limit: int) -> tuple[Walked[T], ...]:
        """Return at most `limit` that follow `after`."""


def pages(
    ask: Ask[T], begins: str, holds: Callable[[str], bool], *, after: str | None = None
) -> Iterator[Walked[T]]:
    """
    Yield what is held, by the ids, from the one that follows `after`.

    No further than to the last whose id begins with `begins`.
    """
    # All that begin with this follow what lacks its last character.
    after = after or begins[:-1] or None
    while found := ask(after=after, limit=AT_ONCE):
        for each in found:
            if holds(each.name):
                yield each
            elif each.name > begins and not each.name.startswith(begins):
                return
        if len(found) < AT_ONCE:
            return
        after = found[-1].name


class Heads:
    """The connections of a walk, in step with their records."""

    def __init__(self, walked: Iterator[Walked[AuditHead]]) -> None:
        self._walked = walked
        self._next = next(walked, None)

    def before(self, name: str | None) -> Iterator[Walked[AuditHead]]:
        """Yield those before this connection, or all where it is None."""
        while self._next is not None and (name is None or self._next.name < name):
            head, self._next = self._next, next(self._walked, None)
            yield head

    def take(self, name: str) -> Walked[AuditHead] | None:
        """Return the one of this name, if it is the next."""
        if self._next is None or self._next.name != name:
            return None
        head, self._next = self._next, next(self._walked, None)
        return head
