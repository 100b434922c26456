"""The audit chain: each change of a connection carries a record bound to the one before."""

import json
import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final

from multi_user_oauth.model import AuditHead, AuditRecord, Change, Connection, Snapshot

logger = logging.getLogger(__name__)

BEGINS: Final = frozenset({"connected", "imported"})
"""The first records of a person's own connection; what is before was another's, or nothing."""

RESTORED: Final = "restored"
"""A backup brought the connection back, as it was when that was taken."""

RELEASED: Final = "released"
"""An operator ended its quarantine."""

GENESIS: Final = AuditHead(sequence=0, hash="")


def audited(
    before: Snapshot | None,
    after: Connection,
    *,
    action: str,
    actor: str,
    at: datetime,
    reason: str = "",
) -> Change:
    """Return the change together with the record of who made it and why."""
    head = before.connection.audit if before else GENESIS
    record = AuditRecord(
        key=after.key,
        sequence=head.sequence + 1,
        previous=head.hash,
        hash="",
        at=at,
        action=action,
        actor=actor,
        outcome=after.status,
        epoch=after.epoch,
        generation=after.generation,
        reason=reason,
    )
    record = replace(record, hash=record_hash(record))
    return Change(
        before=before,
        after=replace(after, audit=AuditHead(sequence=record.sequence, hash=record.hash)),
        audit=record,
    )


def record_hash(record: AuditRecord) -> str:
    """Return the SHA-256, in hex, over all that the record says, the hash before it included."""
    said = (
        record.key.connector_type, record.key.user_email, record.sequence, record.previous,
        record.at.isoformat(), record.action, record.actor, record.outcome, record.epoch,
        record.generation, record.reason,
    )  # fmt: skip
    return sha256(json.dumps(said, separators=(",", ":")).encode()).hexdigest()


def log_anchors(changes: Iterable[Change]) -> None:
    """Log each new head: a chain that is rewritten in the database no longer meets its anchors."""
    for change in changes:
        logger.info(
            "audit anchor",
            extra={
                "connection": str(change.audit.key),
                "sequence": change.audit.sequence,
                "anchor": change.audit.hash,
                "action": change.audit.action,
                "actor": change.audit.actor,
                "outcome": change.audit.outcome,
                "reason": change.audit.reason,
            },
        )


class Trouble(StrEnum):
    """What is wrong with a chain, or with what stands beside it."""

    ALTERED = "altered"
    MISSING = "missing"
    OUT_OF_ORDER = "out_of_order"
    UNLINKED = "unlinked"
    UNREADABLE = "unreadable"
    CUT = "cut"
    NOT_THE_HEAD = "not_the_head"
    NO_CONNECTION = "no_connection"
    ANCHOR_NOT_MET = "anchor_not_met"
    GONE = "gone"
    RESTORED_TO_BEFORE = "restored_to_before"

    @property
    def meaning(self) -> str:
        """The same as a sentence about the record."""
        return _MEANINGS[self]


_MEANINGS: Final = {
    Trouble.ALTERED: "is not what was written: its hash does not fit",
    Trouble.MISSING: "is missing, and there are later ones",
    Trouble.OUT_OF_ORDER: "does not stand where its number says",
    Trouble.UNLINKED: "does not follow the one before it: one of the two was rewritten",
    Trouble.UNREADABLE: "can not be read, or lies under another one's name",
    Trouble.CUT: "is missing: the connection says that it is the newest one",
    Trouble.NOT_THE_HEAD: "is the last one, and not the one that the connection says is",
    Trouble.NO_CONNECTION: "is the last one of a connection that is not there",
    Trouble.ANCHOR_NOT_MET: "is not there with the hash that the log says it was written with",
    Trouble.RESTORED_TO_BEFORE: (
        "stands in the log and is gone: the chain says that a backup from before it was restored"
    ),
    Trouble.GONE: "stands in the log, of a connection that is gone; no log says that it was erased",
}


class Chain:
    """
    One connection's records, followed one by one; `head` is the last of them.

    From the first, or from the one that follows `after`: then nobody asks what that one is linked to.
    """

    def __init__(self, *, after: int = 0) -> None:
        self.head = AuditHead(sequence=after, hash="") if after else GENESIS
        self._known = not after

    def follow(self, record: AuditRecord) -> tuple[tuple[int, Trouble], ...]:
        """Take the next record; return what is wrong, each with the sequence that it is about."""
        expected = self.head.sequence + 1
        found = []
        if record.sequence > expected:
            found.append((expected, Trouble.MISSING))
        elif record.sequence < expected:
            found.append((expected, Trouble.OUT_OF_ORDER))
        if record.hash != record_hash(record):
            found.append((record.sequence, Trouble.ALTERED))
        elif not found and self._known and record.previous != self.head.hash:
            found.append((record.sequence, Trouble.UNLINKED))
        self.head = AuditHead(sequence=record.sequence, hash=record.hash)
        self._known = True
        return tuple(found)

    def skip(self, sequence: int) -> tuple[tuple[int, Trouble], ...]:
        """Take a record of which nothing but its place is known."""
        gap = sequence > self.head.sequence + 1
        found = ((self.head.sequence + 1, Trouble.MISSING),) if gap else ()
        self.head, self._known = AuditHead(sequence=sequence, hash=""), False
        return (*found, (sequence, Trouble.UNREADABLE))

    def ends_at(self, head: AuditHead) -> bool:
        """Return whether this is the newest record, as far as the last one can be read."""
        return head == self.head if self._known else head.sequence == self.head.sequence

    def trouble_at_the_end(self, head: AuditHead | None) -> tuple[int, Trouble] | None:
        """Return what is wrong if the connection says this of its newest record; None: there is none."""
        last = self.head.sequence
        if head is None:
            return (last, Trouble.NO_CONNECTION) if last else None
        if head.sequence > last or not last:
            return max(1, head.sequence), Trouble.CUT
        return None if self.ends_at(head) else (last, Trouble.NOT_THE_HEAD)


def broken_at(records: Iterable[AuditRecord]) -> int | None:
    """Return the sequence of the first record that is altered, missing or out of order, or None."""
    chain = Chain()
    found = (sequence for record in records for sequence, _ in chain.follow(record))
    return next(found, None)
