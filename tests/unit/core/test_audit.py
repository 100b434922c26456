"""The audit chain finds what was altered, removed or put elsewhere."""

from dataclasses import replace
from typing import Any

import pytest

from multi_user_oauth.audit import audited, broken_at, record_hash
from multi_user_oauth.model import AuditRecord
from tests.support.world import ADA, World


@pytest.fixture
def records(world: World) -> list[AuditRecord]:
    """Four honest records: connected, refreshed twice, disconnected."""
    world.connect()
    for _ in range(2):
        world.expire()
        world.refresh()
    world.disconnect()
    return list(world.peek().audit(ADA))


def test_an_honest_chain_is_whole(records: list[AuditRecord]) -> None:
    """Each record names the hash of the one before, from the first on."""
    assert [record.action for record in records] == [
        "connected",
        "refreshed",
        "refreshed",
        "disconnected",
    ]
    assert [record.sequence for record in records] == [1, 2, 3, 4]
    assert broken_at(records) is None


@pytest.mark.parametrize(
    "field", ["action", "actor", "outcome", "reason", "epoch", "generation", "at", "key"]
)
def test_an_altered_record_is_found(records: list[AuditRecord], field: str) -> None:
    """Whatever is changed in a record, its own hash no longer fits."""
    changed: dict[str, Any] = {
        "epoch": 7,
        "generation": 99,
        "at": records[0].at.replace(year=2020),
        "key": replace(ADA, user_email="eve@example.com"),
    }
    records[1] = replace(records[1], **{field: changed.get(field, "another")})

    assert broken_at(records) == 2


def test_a_record_hashed_anew_breaks_the_next(records: list[AuditRecord]) -> None:
    """Who alters a record and mends its hash must alter all that follow."""
    altered = replace(records[1], actor="person:nobody")
    records[1] = replace(altered, hash=record_hash(altered))

    assert broken_at(records) == 3


def test_a_record_of_another_sequence_is_found(records: list[AuditRecord]) -> None:
    """Numbered anew and its hash mended, so that a gap before it would not show."""
    last = replace(records[3], sequence=3)
    records[3] = replace(last, hash=record_hash(last))

    assert broken_at(records) == 4


def test_a_missing_record_is_found(records: list[AuditRecord]) -> None:
    """A gap is named by the sequence that should stand there."""
    del records[2]

    assert broken_at(records) == 3


def test_records_out_of_order_are_found(records: list[AuditRecord]) -> None:
    """Two records that changed places are no chain."""
    records[1], records[2] = records[2], records[1]

    assert broken_at(records) == 2


def test_a_first_record_that_is_none_is_found(records: list[AuditRecord]) -> None:
    """The beginning can not be cut off: the first record follows nothing."""
    first = replace(records[0], previous="0" * 64)
    records[0] = replace(first, hash=record_hash(first))

    assert broken_at(records) == 1


def test_each_commit_logs_the_head_that_it_wrote(world: World, records: list[AuditRecord]) -> None:
    """The anchors in the log are the hashes of the chain, one for each record."""
    anchors = [r.__dict__["anchor"] for r in world.log if r.getMessage() == "audit anchor"]

    assert anchors == [record.hash for record in records]


def test_a_change_follows_the_head_that_was_read(world: World) -> None:
    """The record, the head in the connection and the head before fit each other."""
    world.connect()
    snapshot = world.peek().read(ADA)
    assert snapshot is not None

    change = audited(
        snapshot, snapshot.connection, action="seen", actor="system:test", at=world.clock()
    )

    assert change.before is snapshot
    assert change.audit.previous == snapshot.connection.audit.hash
    assert change.after.audit.hash == change.audit.hash == record_hash(change.audit)
