"""Verifying the audit: every record, every connection's newest one, and every anchor of the log."""

from collections.abc import Generator, Iterator
from itertools import groupby
from operator import attrgetter
from typing import Final, Protocol

from multi_user_oauth.audit import Trouble
from multi_user_oauth.auditing.followed import Finding, Followed
from multi_user_oauth.auditing.part import Part, place_of
from multi_user_oauth.auditing.walk import Heads, pages
from multi_user_oauth.model import AuditHead, AuditRecord, audit_id
from multi_user_oauth.ports import AnchorShelf, AuditWalk, ConnectionReader, Walked

LOOKS: Final = 3
"""So often a connection is read again that has moved on since: others work while we verify."""


class AuditedStore(AuditWalk, ConnectionReader, Protocol):
    """What is read."""


class VerifyAudit:
    """
    Walks over all of it once, in the order of the ids; what it holds meanwhile is a page of each.

    `records` and `connections` count what was seen, `erased` the connections with a chain of which the
    log says that it was erased. It may run while the vault is in use: what seems to lack its end is
    read again.
    """

    def __init__(
        self, *, store: AuditedStore, part: Part, anchors: AnchorShelf | None = None
    ) -> None:
        self._store = store
        self._part = part
        self._anchors = anchors
        self.records = 0
        self.connections = 0
        self.erased = 0

    def findings(self) -> Iterator[Finding]:
        """Yield what is wrong; nothing, where all is whole. Raise `StoreUnavailableError`."""
        part = self._part
        heads = Heads(pages(self._store.all_heads, part.begins, part.has_connection))
        # More than one only where an e-mail ends in what looks like the name of another's record: then
        # that one's records stand between these.
        under_way: list[Followed] = []
        for each in self._walk(part):
            while under_way and not each.name.startswith(f"{under_way[-1].name}-"):
                yield from self._end(under_way.pop())
            name, sequence = place_of(each.name)
            if not sequence:
                yield Finding(connection=each.name, sequence=0, trouble=Trouble.UNREADABLE)
                continue
            if not under_way or under_way[-1].name != name:
                yield from self._without_records(heads.before(name))
                under_way.append(self._begin(name, heads.take(name)))
            yield from under_way[-1].follow(each)
        while under_way:
            yield from self._end(under_way.pop())
        yield from self._without_records(heads.before(None))
        yield from self._of_nobody()

    def _begin(self, name: str, head: Walked[AuditHead] | None) -> Followed:
        self.connections += head is not None
        return Followed(name, head, self._anchors)

    def _without_records(self, heads: Iterator[Walked[AuditHead]]) -> Iterator[Finding]:
        for head in heads:
            yield from self._end(self._begin(head.name, head))

    def _of_nobody(self) -> Iterator[Finding]:
        # Of connections of which nothing at all is left.
        rest = self._anchors.rest() if self._anchors else ()
        for connection, anchors in groupby(rest, attrgetter("connection")):
            erased = False
            for anchor in anchors:
                erased |= anchor.erased
                if not anchor.erased:
                    gone = Trouble.GONE
                    yield Finding(connection=connection, sequence=anchor.sequence, trouble=gone)
            self.erased += erased

    def _end(self, chain: Followed) -> Iterator[Finding]:
        walked = chain.head
        if walked is not None and walked.value is None:
            yield chain.found(0, Trouble.UNREADABLE)
        else:
            head = walked.value if walked else None
            if head is None or not chain.ends_at(head):
                head = yield from self._look_again(chain)
            trouble = chain.trouble_at_the_end(head)
            if trouble is not None:
                yield chain.found(*trouble)
        yield from chain.anchors_left()
        self.erased += chain.erased

    def _look_again(self, chain: Followed) -> Generator[Finding, None, AuditHead | None]:
        part = Part(connector_type=chain.key.connector_type, user_email=chain.key.user_email)
        head = None
        for _ in range(LOOKS):
            snapshot = self._store.read(chain.key)
            head = snapshot.connection.audit if snapshot else None
            # Read after the connection: whatever that one says is the newest record is there by now.
            after = audit_id(chain.key, chain.sequence)
            for each in self._walk(part, after):
                yield from chain.follow(each)
            if head is None or head.sequence >= chain.sequence:
                break
        return head

    def _walk(self, part: Part, after: str | None = None) -> Iterator[Walked[AuditRecord]]:
        for each in pages(self._store.all_audit, part.begins, part.has_record, after=after):
            self.records += 1
            yield each
