"""Firestore out of order: our errors, in time, with no value in them; a lost answer is read back."""

import signal
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from time import monotonic
from typing import Any

import grpc
import pytest
from google.cloud.firestore import Transaction, transactional

from multi_user_oauth.commit import Committer
from multi_user_oauth.errors import ConflictError, FlowAlreadyUsedError, StoreUnavailableError
from multi_user_oauth.model import (
    Batch,
    ConnectionKey,
    ConnectionStatus,
    Lease,
    Limits,
    Snapshot,
)
from multi_user_oauth.stores.firestore import FirestoreMainStore
from multi_user_oauth.stores.firestore_activity import FirestoreActivityStore
from multi_user_oauth.stores.meter import NoMeter, OperationMeter
from tests.contract.stores.breaking import LOST, REFUSED, Breaking
from tests.contract.stores.lines import Line, connect
from tests.contract.stores.samples import (
    ANNA,
    AT,
    FAILURE,
    KEY,
    attempt,
    change,
    connection,
    get,
    ledger_entry,
    mark,
    put,
    refreshed,
    rescue,
    tombstone,
)
from tests.support.clock import ManualClock
from tests.support.processes import PATIENCE, free_ports

LONGEST = 6.0
"""Seconds, real ones, in which a call has ended."""


@pytest.fixture
def line() -> Breaking:
    """The line of `store` and `activity`."""
    return Breaking()


@pytest.fixture
def store(
    firestore_emulator: str, firestore_project: str, line: Breaking, meter: OperationMeter
) -> FirestoreMainStore:
    """The main database."""
    return FirestoreMainStore(
        connect(firestore_emulator, firestore_project, "main", line), meter=meter
    )


@pytest.fixture
def activity(
    firestore_emulator: str, firestore_project: str, line: Breaking
) -> FirestoreActivityStore:
    """The activity database."""
    client = connect(firestore_emulator, firestore_project, "activity", line)
    return FirestoreActivityStore(client, now=ManualClock(), meter=NoMeter())


def step_of(store: FirestoreMainStore) -> Batch:
    """A refresh of the connection, which is made first."""
    before = put(store, connection())
    return Batch(changes=(change(before, refreshed(before)),))


@pytest.mark.parametrize("code", LOST + REFUSED, ids=lambda code: code.name)
def test_a_commit_that_fails_before_it_arrives_is_unavailable(
    store: FirestoreMainStore, line: Breaking, code: grpc.StatusCode
) -> None:
    """It is sent once, and nothing is written; the next one is."""
    batch = step_of(store)
    line.calls.clear()
    line.before("Commit", code)
    with pytest.raises(StoreUnavailableError):
        store.commit(batch)
    assert line.calls["Commit"] == 1
    assert get(store).connection == connection()
    store.commit(batch)
    assert get(store).connection == batch.changes[0].after


@pytest.mark.parametrize("code", LOST, ids=lambda code: code.name)
def test_a_commit_whose_answer_is_lost_is_unavailable_and_written(
    store: FirestoreMainStore, line: Breaking, code: grpc.StatusCode
) -> None:
    """It is not sent again: a conflict with oneself would pass for somebody else's step."""
    batch = step_of(store)
    line.calls.clear()
    line.after("Commit", code)
    with pytest.raises(StoreUnavailableError):
        store.commit(batch)
    assert line.calls["Commit"] == 1
    assert get(store).connection.commit_id == batch.changes[0].after.commit_id
    assert len(store.audit(KEY)) == 2


@pytest.mark.parametrize("code", LOST, ids=lambda code: code.name)
def test_a_claim_whose_answer_is_lost_is_a_claim(
    store: FirestoreMainStore, line: Breaking, code: grpc.StatusCode
) -> None:
    """It is read back: nobody has to wait until a lease that has no holder runs out."""
    before = put(store, connection())
    line.calls.clear()
    line.after("Commit", code)
    claimed = store.claim(before, "lease")
    assert line.calls["Commit"] == 1
    assert claimed.connection == get(store).connection
    assert claimed.connection.lease == Lease("lease")
    store.commit(Batch(changes=(change(claimed, refreshed(claimed)),)))


def test_a_claim_that_did_not_land_is_none(store: FirestoreMainStore, line: Breaking) -> None:
    """Nor is one of which nobody can say, nor one that another's lease was faster than."""
    before = put(store, connection())
    line.before("Commit", grpc.StatusCode.UNAVAILABLE)
    with pytest.raises(StoreUnavailableError):
        store.claim(before, "lease")
    assert get(store) == before
    line.after("Commit", grpc.StatusCode.UNAVAILABLE)
    line.before("BatchGetDocuments", grpc.StatusCode.PERMISSION_DENIED)
    with pytest.raises(StoreUnavailableError):
        store.claim(before, "lost")
    line.before("Commit", grpc.StatusCode.UNAVAILABLE)
    with pytest.raises(StoreUnavailableError):
        store.claim(before, "another")
    assert get(store).connection.lease == Lease("lost")


@pytest.mark.parametrize("lost", ["before", "after"])
@pytest.mark.parametrize("code", [*LOST, grpc.StatusCode.ABORTED], ids=lambda code: code.name)
def test_whoever_reads_the_commit_id_back_has_success_once(
    store: FirestoreMainStore, line: Breaking, code: grpc.StatusCode, lost: str
) -> None:
    """Whether or not the lost commit was written: one generation further, one audit record more."""
    before = put(store, connection())

    def step(snapshot: Snapshot | None) -> Batch:
        assert snapshot is not None
        assert snapshot.connection == before.connection
        return Batch(changes=(change(snapshot, refreshed(snapshot)),))

    (line.before if lost == "before" else line.after)("Commit", code)
    clock = ManualClock()
    committer = Committer(store=store, now=clock, sleep=clock.sleep, limits=Limits())
    assert committer.commit(KEY, refreshed(before).commit_id, before, step)
    assert get(store).connection == refreshed(before)
    assert len(store.audit(KEY)) == 2


def test_a_document_that_somebody_holds_is_a_conflict(
    store: FirestoreMainStore, line: Breaking, meter: OperationMeter
) -> None:
    """ABORTED: nothing was written, nothing is counted. A lease that is not dropped ends by itself."""
    batch = step_of(store)
    claimed = store.claim(get(store), "lease")
    meter.reset()
    line.before("Commit", *[grpc.StatusCode.ABORTED] * 3)
    with pytest.raises(ConflictError):
        store.commit(batch)
    with pytest.raises(ConflictError):
        store.claim(claimed, "another")
    store.release(claimed, FAILURE)
    assert meter.counts() == {}
    assert get(store).connection == claimed.connection
    assert get(store).version == claimed.version


WRITES: dict[str, Callable[[FirestoreMainStore, FirestoreActivityStore], object]] = {
    "release": lambda store, _: store.release(get(store), FAILURE),
    "rescue": lambda store, _: store.rescue(rescue(connection())),
    "spend": lambda _, activity: activity.spend(mark("a")),
    "note": lambda _, activity: activity.note(mark("a")),
    "enter": lambda _, activity: activity.enter(ledger_entry()),
    "keep_attempt": lambda _, activity: activity.keep_attempt(None, attempt()),
    "sign_out": lambda _, activity: activity.sign_out(ANNA, "s1", AT),
    "sign_out_everywhere": lambda _, activity: activity.sign_out_everywhere(ANNA, AT),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_write_that_did_not_land_is_not_passed_over(
    store: FirestoreMainStore,
    activity: FirestoreActivityStore,
    line: Breaking,
    write: Callable[[FirestoreMainStore, FirestoreActivityStore], object],
) -> None:
    """A rescue, a spent state, a sign-out: whoever asked for it must hear that it is not there."""
    put(store, connection())
    line.calls.clear()
    line.before("Commit", grpc.StatusCode.UNAVAILABLE)
    with pytest.raises(StoreUnavailableError):
        write(store, activity)
    assert line.calls["Commit"] == 1


@pytest.mark.parametrize("code", [grpc.StatusCode.ABORTED, grpc.StatusCode.NOT_FOUND])
def test_a_rescue_that_was_refused_is_not_taken_for_one_that_is_there(
    store: FirestoreMainStore,
    activity: FirestoreActivityStore,
    line: Breaking,
    code: grpc.StatusCode,
) -> None:
    """Nor a state that could not be spent for one that was: only ALREADY_EXISTS says so."""
    line.before("Commit", code, code)
    with pytest.raises(StoreUnavailableError):
        store.rescue(rescue(connection()))
    with pytest.raises(StoreUnavailableError):
        activity.spend(mark("a"))


def test_a_state_whose_answer_was_lost_is_spent(
    activity: FirestoreActivityStore, line: Breaking
) -> None:
    """Nobody knows, so the flow ends; and begins anew, with another state."""
    line.after("Commit", grpc.StatusCode.UNAVAILABLE)
    with pytest.raises(StoreUnavailableError):
        activity.spend(mark("a"))
    with pytest.raises(FlowAlreadyUsedError):
        activity.spend(mark("a"))


def test_two_who_write_a_person_at_once_both_count(
    activity: FirestoreActivityStore, line: Breaking
) -> None:
    """Neither found the document, one made it: the other one's sign-out is added to it."""
    activity.sign_out(ANNA, "s1", AT)
    line.before("Commit", grpc.StatusCode.NOT_FOUND)
    activity.sign_out(ANNA, "s2", AT)
    assert activity.sign_outs(ANNA).sessions == {"s1", "s2"}
    line.before("Commit", grpc.StatusCode.NOT_FOUND, None, grpc.StatusCode.NOT_FOUND)
    with pytest.raises(StoreUnavailableError):
        activity.sign_out(ANNA, "s3", AT)


@pytest.mark.parametrize("code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL])
def test_a_read_is_tried_again(
    store: FirestoreMainStore, line: Breaking, code: grpc.StatusCode, meter: OperationMeter
) -> None:
    """A moment without an answer is nobody's business; one read is counted."""
    before = put(store, connection())
    meter.reset()
    line.calls.clear()
    line.before("BatchGetDocuments", code, code)
    assert get(store) == before
    assert line.calls["BatchGetDocuments"] == 3
    assert meter.counts() == {"main.read": 1}


def test_a_count_that_breaks_off_begins_anew(
    store: FirestoreMainStore, line: Breaking, meter: OperationMeter
) -> None:
    """As a read does; a number is all of it or none, and one read is counted."""
    put(store, connection())
    meter.reset()
    line.after("RunAggregationQuery", grpc.StatusCode.UNAVAILABLE)
    assert store.count(KEY.connector_type, ConnectionStatus.ACTIVE) == 1
    assert line.calls["RunAggregationQuery"] == 2
    assert meter.counts() == {"main.read": 1}


@pytest.mark.parametrize("code", REFUSED, ids=lambda code: code.name)
def test_a_read_that_is_refused_is_not_tried_again(
    store: FirestoreMainStore, line: Breaking, code: grpc.StatusCode
) -> None:
    """It would be refused again; the error says its name, and nothing of what the server said."""
    for method, read in (
        ("BatchGetDocuments", lambda: store.read(KEY)),
        ("RunQuery", lambda: store.by_identity(ANNA)),
        ("RunAggregationQuery", lambda: store.count("a", ConnectionStatus.ACTIVE)),
    ):
        line.before(method, code)
        with pytest.raises(StoreUnavailableError, match=r"^main did not answer: \w+$") as caught:
            read()
        assert line.calls[method] == 1
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__


class Mumbling(Line):
    """Lets the server answer that it neither found the document nor missed it."""

    def received(self, method: str, answer: Any) -> None:  # noqa: ANN401  # reason: any answer
        """Empty the answer."""
        answer.ClearField("result")


def test_an_answer_that_says_nothing_is_none(
    firestore_emulator: str, firestore_project: str
) -> None:
    """A connection is missing only if the server says so."""
    client = connect(firestore_emulator, firestore_project, "main", Mumbling())
    with pytest.raises(StoreUnavailableError):
        FirestoreMainStore(client, meter=NoMeter()).read(KEY)


def test_a_query_that_breaks_off_begins_anew(store: FirestoreMainStore, line: Breaking) -> None:
    """In the middle: the second time it comes whole, nothing missing and nothing twice."""
    names = [ConnectionKey("google_workspace", f"{name}@example.org") for name in "abc"]
    for key in names:
        put(store, connection(key))
    line.after("RunQuery", None, grpc.StatusCode.UNAVAILABLE)
    assert [each.connection.key for each in store.by_identity(ANNA)] == names
    assert line.calls["RunQuery"] == 2


def test_a_query_that_always_breaks_off_ends(store: FirestoreMainStore, line: Breaking) -> None:
    """In time, though each answer brings something."""
    for name in "ab":
        put(store, connection(ConnectionKey("google_workspace", f"{name}@example.org")))
    line.after("RunQuery", *[None, grpc.StatusCode.UNAVAILABLE] * 1000)
    begun = monotonic()
    with pytest.raises(StoreUnavailableError, match="ServiceUnavailable"):
        store.by_identity(ANNA)
    assert monotonic() - begun < LONGEST


@pytest.fixture(params=["nobody listens", "nobody answers"])
def silent(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a server that is none, or of one that takes every call and never says a word."""
    (port,) = free_ports(1)
    with socket.socket() as listener:
        if request.param == "nobody answers":
            listener.bind(("127.0.0.1", port))
            listener.listen()
        yield f"127.0.0.1:{port}"


def test_a_database_that_can_not_be_reached_is_unavailable_in_time(silent: str) -> None:
    """Reads, queries and writes, of both databases: never a hang."""
    meter = NoMeter()
    main = FirestoreMainStore(connect(silent, "test", "main"), meter=meter)
    activity = FirestoreActivityStore(
        connect(silent, "test", "activity"), now=ManualClock(), meter=meter
    )
    batch = Batch(changes=(change(None, connection()),))
    calls: list[Callable[[], object]] = [
        lambda: main.read(KEY),
        lambda: main.by_identity(ANNA),
        lambda: main.commit(batch),
        lambda: activity.spend(mark("a")),
        lambda: activity.sign_out(ANNA, "s1", AT),
    ]

    def timed(call: Callable[[], object]) -> float:
        begun = monotonic()
        with pytest.raises(StoreUnavailableError):
            call()
        return monotonic() - begun

    with ThreadPoolExecutor(len(calls)) as pool:
        assert max(pool.map(timed, calls)) < LONGEST


def hold(address: str, project: str, held: Event) -> None:
    """Read the connection in a transaction, as no code of ours would, and stay there."""
    client = connect(address, project, "main")
    document = client.collection("connections").document(KEY.document_id)

    @transactional
    def read(transaction: Transaction) -> None:
        document.get(transaction=transaction)
        held.set()
        signal.pause()

    read(client.transaction())


def test_a_transaction_of_somebody_killed_holds_up_writers_only(
    store: FirestoreMainStore, firestore_emulator: str, firestore_project: str
) -> None:
    """
    For a minute no write of that connection lands, and each says so in time.

    It is read meanwhile, the credential can be rescued, and everybody else's are written.
    """
    before = put(store, connection())
    context = get_context("spawn")
    held = context.Event()
    holder = context.Process(target=hold, args=(firestore_emulator, firestore_project, held))
    holder.start()
    try:
        assert held.wait(PATIENCE)
    finally:
        holder.kill()
        holder.join(PATIENCE)
    writes: list[Callable[[], object]] = [
        lambda: store.claim(before, "lease"),
        lambda: store.commit(Batch(changes=(change(before, tombstone(before)),))),
    ]
    for write in writes:
        begun = monotonic()
        with pytest.raises((ConflictError, StoreUnavailableError)):
            write()
        assert monotonic() - begun < LONGEST
    assert get(store) == before
    kept = rescue(before.connection)
    store.rescue(kept)
    assert store.rescued(KEY, kept.connection.epoch, kept.used_generation) == kept
    put(store, connection(ConnectionKey("google_workspace", "bert@example.org")))
