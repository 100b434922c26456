"""One connection's chain while it is walked: its records so far, its head, and the log's anchors."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from multi_user_oauth.audit import RESTORED, Chain, Trouble
from multi_user_oauth.auditing.part import key_of_id, place_of
from multi_user_oauth.model import AuditHead, AuditRecord
from multi_user_oauth.ports import Anchor, AnchorShelf, Walked


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is wrong, and where: the connection as logs name it; `sequence` 0 is the connection itself."""

    connection: str
    sequence: int
    trouble: Trouble


class Followed:
    """
    `head` is the connection as it was walked over; None where there was none.

    `erased` says whether anchors were of an earlier chain, which was erased.
    """

    def __init__(
        self, name: str, head: Walked[AuditHead] | None, shelf: AnchorShelf | None
    ) -> None:
        self.name = name
        self.head = head
        self.key = key_of_id(name)
        self.erased = False
        self._chain = Chain()
        self._shelf = shelf
        self._anchors = shelf.of(str(self.key)) if shelf else iter(())
        self._anchor = next(self._anchors, None)
        self._restored_at: datetime | None = None

    @property
    def sequence(self) -> int:
        """The last record's; zero before the first."""
        return self._chain.head.sequence

    def ends_at(self, head: AuditHead) -> bool:
        """Return whether the last record is this one."""
        return self._chain.ends_at(head)

    def trouble_at_the_end(self, head: AuditHead | None) -> tuple[int, Trouble] | None:
        """Return what is wrong if this is what the connection says of its newest record."""
        return self._chain.trouble_at_the_end(head)

    def follow(self, each: Walked[AuditRecord]) -> Iterator[Finding]:
        """Take the next record and yield what is wrong with it, or with what the log says of it."""
        record, sequence = each.value, place_of(each.name)[1]
        troubles = self._chain.follow(record) if record else self._chain.skip(sequence)
        for place, trouble in troubles:
            yield self.found(place, trouble)
        if record is not None and record.action == RESTORED:
            self._restored_at = record.at
        while self._anchor is not None and self._anchor.sequence <= sequence:
            met = self._anchor.sequence == sequence and record and record.hash == self._anchor.hash
            if not met:
                yield from self._not_met(self._anchor)
            self._anchor = next(self._anchors, None)

    def anchors_left(self) -> Iterator[Finding]:
        """Yield the anchors beyond the last record, and forget all."""
        while self._anchor is not None:
            yield from self._not_met(self._anchor)
            self._anchor = next(self._anchors, None)
        if self._shelf is not None:
            self._shelf.forget(str(self.key))

    def found(self, sequence: int, trouble: Trouble) -> Finding:
        """Return what is wrong here."""
        return Finding(connection=str(self.key), sequence=sequence, trouble=trouble)

    def _not_met(self, anchor: Anchor) -> Iterator[Finding]:
        if anchor.erased:
            self.erased = True
        elif self._restored_at is not None and anchor.at <= self._restored_at:
            # Whoever can write the database can write such a record too: it explains, it does not excuse.
            yield self.found(anchor.sequence, Trouble.RESTORED_TO_BEFORE)
        else:
            yield self.found(anchor.sequence, Trouble.ANCHOR_NOT_MET)
