"""What an operator needs to verify the audit."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from multi_user_oauth.auditing.part import Part, key_named
from multi_user_oauth.auditing.verify import VerifyAudit
from multi_user_oauth.ports import Anchor, Erasing
from multi_user_oauth.wiring.parts import Parts


@contextmanager
def verifying(
    parts: Parts, part: Part, said: Iterable[Anchor | Erasing]
) -> Iterator[tuple[VerifyAudit, int]]:
    """Give the use case, and how many anchors there are for this part; they lie in a file meanwhile."""
    from multi_user_oauth.stores.sqlite_anchors import SqliteAnchors

    with SqliteAnchors() as shelf:
        count = shelf.put(each for each in said if part.includes(key_named(each.connection)))
        yield VerifyAudit(store=parts.main, part=part, anchors=shelf), count
