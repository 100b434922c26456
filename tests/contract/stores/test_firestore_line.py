"""What goes over the line to Firestore: on which conditions, with which deadlines, at what price."""

import pytest

from multi_user_oauth.stores.firestore import FirestoreMainStore
from multi_user_oauth.stores.firestore_activity import FirestoreActivityStore
from tests.contract.stores.everything import Noted, World, open_both, use_everything

LONGEST = 5.0
"""Seconds that one call may take."""


@pytest.fixture
def world(firestore_emulator: str, firestore_project: str) -> World:
    """Empty databases."""
    return open_both(firestore_emulator, firestore_project)


def test_everything_is_used(world: World) -> None:
    """A method that a port gets is called here too: else nothing of what follows is known of it."""
    use_everything(world)
    for store, kind in ((world.main, FirestoreMainStore), (world.activity, FirestoreActivityStore)):
        assert isinstance(store, Noted)
        assert store.used == {name for name in dir(kind) if not name.startswith("_")}


def test_no_transaction_is_ever_opened(world: World) -> None:
    """One whose process dies would block every writer: reads, queries, counts and commits, no more."""
    use_everything(world)
    both = {"BatchGetDocuments", "RunQuery", "Commit"}
    assert world.main_line.methods == both | {"RunAggregationQuery"}
    assert world.activity_line.methods == both
    for line in (world.main_line, world.activity_line):
        assert line.transactions == {b""}


def test_every_call_has_a_deadline(world: World) -> None:
    """A short one: a function that waits for its database is a caller that waits for the function."""
    use_everything(world)
    timeouts = world.main_line.timeouts | world.activity_line.timeouts
    assert all(timeout is not None and 0 < timeout <= LONGEST for timeout in timeouts)


def test_nothing_is_written_without_a_condition(world: World) -> None:
    """But the end of what is written once only, rescues and kept reads: nobody writes one again."""
    use_everything(world)
    free = [
        write
        for line in (world.main_line, world.activity_line)
        for write in line.written
        if write.current_document.WhichOneof("condition_type") is None
    ]
    assert [write.delete.split("/")[-2] for write in free] == ["rescue", "rescue", "reads"]


def test_what_stands_in_connections_is_written_as_it_was_read(world: World) -> None:
    """Each write but the first on the condition of a time; none replaces what it does not know."""
    use_everything(world)
    names = ("/connections/", "/revocations/")
    written = [
        write
        for write in world.main_line.written
        if any(name in (write.update.name or write.delete) for name in names)
    ]
    assert len(written) == 13
    for write in written:
        new = write.current_document.WhichOneof("condition_type") == "exists"
        assert not (new and write.current_document.exists)
        assert new or write.delete or write.HasField("update_mask")


def test_the_meter_counts_what_is_billed(world: World) -> None:
    """Each document looked up, each written; a query at least once; what was refused, not at all."""
    use_everything(world)
    assert world.meter.counts() == {
        "main.read": world.main_line.reads,
        "main.write": len(world.main_line.written),
        "activity.read": world.activity_line.reads,
        "activity.write": len(world.activity_line.written),
    }


def test_nothing_is_asked_before_the_first_use(world: World) -> None:
    """Building the stores makes no call."""
    assert world.main_line.methods | world.activity_line.methods == set()
