"""What goes over the line to Firestore: on which conditions, with which deadlines, at what price."""

from dataclasses import dataclass
from typing import Any

import pytest

from multi_user_oauth.errors import ConflictError, FlowAlreadyUsedError
from multi_user_oauth.model import Batch
from multi_user_oauth.stores.firestore import FirestoreMainStore
from multi_user_oauth.stores.firestore_activity import FirestoreActivityStore
from multi_user_oauth.stores.meter import OperationMeter
from tests.contract.stores.lines import Line, connect
from tests.contract.stores.samples import (
    ANNA,
    AT,
    BERT,
    FAILURE,
    KEY,
    change,
    connection,
    get,
    ledger_entry,
    mark,
    put,
    refreshed,
    rescue,
    revocation,
    tombstone,
)
from tests.support.clock import ManualClock

LONGEST = 5.0
"""Seconds that one call may take."""


class Recorder(Line):
    """Remembers what was called, how long it may take, what was written, and what it will cost."""

    def __init__(self) -> None:
        self.methods: set[str] = set()
        self.timeouts: set[float | None] = set()
        self.transactions: set[bytes] = set()
        self.written: list[Any] = []
        self.reads = 0
        self._writes: list[Any] = []
        self._found = 0

    def sent(self, method: str, request: Any, timeout: float | None) -> None:  # noqa: ANN401  # reason: any request
        """Note a request."""
        self.methods.add(method)
        self.timeouts.add(timeout)
        self.transactions.add(request.transaction)
        self._writes = list(request.writes) if method == "Commit" else []
        self._found = 0
        self.reads += method == "RunQuery"  # which costs one also where nothing is found

    def received(self, method: str, answer: Any) -> None:  # noqa: ANN401  # reason: any answer
        """Note what was found, or has landed."""
        if method == "Commit":
            self.written += self._writes
        elif method == "BatchGetDocuments":
            self.reads += 1
        elif answer.HasField("document"):
            self._found += 1
            self.reads += self._found > 1


@dataclass
class World:
    """Both databases, each with its recorder and its meter."""

    main: FirestoreMainStore
    activity: FirestoreActivityStore
    main_line: Recorder
    activity_line: Recorder
    meter: OperationMeter


@pytest.fixture
def world(firestore_emulator: str, firestore_project: str) -> World:
    """Empty databases."""
    lines, meter = (Recorder(), Recorder()), OperationMeter()
    main, activity = (
        connect(firestore_emulator, firestore_project, name, line)
        for name, line in zip(("main", "activity"), lines, strict=True)
    )
    return World(
        FirestoreMainStore(main, meter=meter),
        FirestoreActivityStore(activity, now=ManualClock(), meter=meter),
        *lines,
        meter,
    )


def use_everything(world: World) -> None:
    """Call each method of each port, those that are refused too."""
    claim_and_ask(world.main)
    change_and_revoke(world.main)
    activity = world.activity
    activity.spend(mark("a"))
    with pytest.raises(FlowAlreadyUsedError):
        activity.spend(mark("a"))
    activity.note(mark("a", outcome="connected"))
    activity.note(mark("b", outcome="connected"))
    activity.by_handle("handle")
    activity.by_handle("unknown")
    for _ in range(2):
        activity.enter(ledger_entry())
        activity.sign_out(ANNA, "s1", AT)
        activity.sign_out_everywhere(BERT, AT)
    activity.entries()
    activity.sign_outs(ANNA)


def claim_and_ask(store: FirestoreMainStore) -> None:
    """Make a connection, claim and release it, and list it."""
    store.read(KEY)
    before = put(store, connection())
    claimed = store.claim(before, "lease")
    with pytest.raises(ConflictError):
        store.claim(before, "another")
    store.release(before, FAILURE)
    store.release(claimed, FAILURE)
    store.by_identity(ANNA)
    store.by_identity(BERT)
    store.page(connector_type=None, status=None, after=None, limit=5)


def change_and_revoke(store: FirestoreMainStore) -> None:
    """Adopt a rescued credential, disconnect, connect again, and read the audit."""
    before = get(store)
    kept = rescue(before.connection)
    store.rescue(kept)
    store.rescue(kept)
    store.rescued(KEY, kept.connection.epoch, kept.used_generation)
    step = change(before, refreshed(before))
    store.commit(Batch(changes=(step,), adopted_rescue=kept.document_id))
    before = get(store)
    opens = revocation(before.connection)
    store.commit(Batch(changes=(change(before, tombstone(before)),), opens=opens))
    found = store.revocation(KEY, before.connection.epoch)
    assert found is not None
    claimed_revocation = store.claim_revocation(found, "lease")
    again = change(get(store), connection(step=9))
    store.commit(Batch(changes=(again,), cancels=claimed_revocation))
    store.audit(KEY)


def test_no_transaction_is_ever_opened(world: World) -> None:
    """One whose process dies would block every writer: there are reads, queries and commits alone."""
    use_everything(world)
    for line in (world.main_line, world.activity_line):
        assert line.methods == {"BatchGetDocuments", "RunQuery", "Commit"}
        assert line.transactions == {b""}


def test_every_call_has_a_deadline(world: World) -> None:
    """A short one: a function that waits for its database is a caller that waits for the function."""
    use_everything(world)
    timeouts = world.main_line.timeouts | world.activity_line.timeouts
    assert all(timeout is not None and 0 < timeout <= LONGEST for timeout in timeouts)


def test_nothing_is_written_without_a_condition(world: World) -> None:
    """But the end of a rescue record: nobody writes one again, and nobody else adopts it."""
    use_everything(world)
    free = [
        write
        for line in (world.main_line, world.activity_line)
        for write in line.written
        if write.current_document.WhichOneof("condition_type") is None
    ]
    assert [write.delete.split("/")[-2] for write in free] == ["rescue"]


def test_what_stands_in_connections_is_written_as_it_was_read(world: World) -> None:
    """Each write but the first on the condition of a time; none replaces what it does not know."""
    use_everything(world)
    names = ("/connections/", "/revocations/")
    written = [
        write
        for write in world.main_line.written
        if any(name in (write.update.name or write.delete) for name in names)
    ]
    assert len(written) == 9
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
