"""The audit chain: each change of a connection carries a record bound to the one before."""

import json
import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Final

from multi_user_oauth.model import AuditHead, AuditRecord, Change, Connection, Snapshot

logger = logging.getLogger(__name__)

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


def broken_at(records: Iterable[AuditRecord]) -> int | None:
    """Return the sequence of the first record that is altered, missing or out of order, or None."""
    head = GENESIS
    for record in records:
        expected = head.sequence + 1
        honest = (
            record.sequence == expected
            and record.previous == head.hash
            and record.hash == record_hash(record)
        )
        if not honest:
            return expected
        head = AuditHead(sequence=record.sequence, hash=record.hash)
    return None
