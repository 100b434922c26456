"""What is true of the Firestore stores beyond the contract: what lies there, and whose time counts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import monotonic

import pytest
from google.cloud.firestore import Client, GeoPoint
from google.cloud.firestore_v1.vector import Vector

from multi_user_oauth.errors import ConflictError, StoreUnavailableError, TamperedError
from multi_user_oauth.model import Batch, ConnectionKey, Page
from multi_user_oauth.ports import SignOuts
from multi_user_oauth.stores.document import to_document
from multi_user_oauth.stores.firestore import FirestoreMainStore
from multi_user_oauth.stores.firestore_activity import DAYS_FORGOTTEN
from multi_user_oauth.stores.firestore_database import AT_ONCE
from multi_user_oauth.stores.meter import NoMeter, OperationMeter
from tests.contract.stores.backends import FirestoreBackend
from tests.contract.stores.lines import ServerClock, connect
from tests.contract.stores.samples import (
    ANNA,
    AT,
    FAILURE,
    KEY,
    attempt,
    change,
    connection,
    get,
    mark,
    put,
    record,
    refreshed,
    revocation,
    tombstone,
)
from tests.support.clock import ManualClock
from tests.support.stores import ActivityStore


@pytest.fixture
def backend(firestore_emulator: str, firestore_project: str) -> FirestoreBackend:
    """Firestore alone."""
    return FirestoreBackend(firestore_emulator, firestore_project)


@pytest.fixture
def main(firestore_emulator: str, firestore_project: str) -> Client:
    """The main database behind the store's back; the server goes by its own clock."""
    return connect(firestore_emulator, firestore_project, "main")


@pytest.fixture
def behind(firestore_emulator: str, firestore_project: str) -> Client:
    """The activity database behind the store's back."""
    return connect(firestore_emulator, firestore_project, "activity")


@pytest.fixture
def store(main: Client) -> FirestoreMainStore:
    """The main database, by the server's own clock."""
    return FirestoreMainStore(main, meter=NoMeter())


def test_a_lease_is_timed_by_the_server_alone(store: FirestoreMainStore) -> None:
    """Its age is the time that really passed, though the test's clocks have stood still for long."""
    before = put(store, connection())
    begun = monotonic()
    claimed = store.claim(before, "lease-1")
    written = monotonic()
    age = get(store).lease_age
    read = monotonic()
    assert claimed.lease_age == timedelta(0)
    assert age is not None
    assert timedelta(0) <= age <= timedelta(seconds=read - begun)
    while (later := get(store).lease_age) == age:
        assert monotonic() - written < 60
    assert later is not None
    assert later > age


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_server_s_clock_that_is_not_ours_changes_nothing(
    main: Client, firestore_emulator: str, firestore_project: str, hours: int
) -> None:
    """Ours may be an hour slow or fast: a new lease is new, and one of a minute is a minute old."""
    ours = ManualClock()

    def theirs() -> datetime:
        return ours() + timedelta(hours=hours)

    line = ServerClock(theirs)
    store = FirestoreMainStore(
        connect(firestore_emulator, firestore_project, "main", line), meter=NoMeter()
    )
    store.claim(put(store, connection()), "lease-1")
    assert get(store).lease_age == timedelta(0)
    ours.advance(60)
    assert get(store).lease_age == timedelta(minutes=1)
    written = main.collection("connections").document(KEY.document_id).get()
    assert written.get("lease_at") == theirs() - timedelta(minutes=1)


def test_two_databases_of_one_project_are_apart(
    main: Client, behind: Client, activity: ActivityStore, store: FirestoreMainStore
) -> None:
    """What is written to one is not in the other."""
    put(store, connection())
    activity.spend(mark("a"))
    written = {"connections": main, "audit": main, "flow_marks": behind}
    for name, its_own in written.items():
        for database in (main, behind):
            assert len(database.collection(name).get()) == (database is its_own)


def test_a_newer_program_s_fields_survive_every_write(
    store: FirestoreMainStore, main: Client
) -> None:
    """N98: claim, release and commit write the fields that they know and leave the others."""
    before = put(store, connection())
    pending = revocation(before.connection)
    store.commit(Batch(changes=(change(before, refreshed(before)),), opens=pending))
    documents = [
        main.collection("connections").document(KEY.document_id),
        main.collection("revocations").document(pending.document_id),
    ]
    for document in documents:
        document.update({"favourites": ["kept"]})
    store.release(store.claim(get(store), "lease"), FAILURE)
    store.commit(Batch(changes=(change(get(store), tombstone(get(store))),)))
    found = store.revocation(KEY, pending.epoch)
    assert found is not None
    store.claim_revocation(found, "lease")
    assert [document.get().get("favourites") for document in documents] == [["kept"]] * 2


def test_a_newer_program_s_fields_may_be_anything(store: FirestoreMainStore, main: Client) -> None:
    """Whatever Firestore can hold: the connection is read as if they were not there."""
    before = put(store, connection())
    document = main.collection("connections").document(KEY.document_id)
    document.update(
        {
            "favourites": [{"until": AT, "agents": ["a", None], "limits": {}}, 1.5, True],
            "place": GeoPoint(1, 2),
            "other": document,
            "likeness": Vector([1.0, 2.0]),
            "number": 2**62,
        }
    )
    assert get(store).connection == before.connection
    assert [each.connection for each in store.by_identity(ANNA)] == [before.connection]


def test_a_snapshot_without_a_version_changes_nothing(store: FirestoreMainStore) -> None:
    """Without one the server would write unconditionally."""
    before = put(store, connection())
    made_up = replace(before, version=None)
    with pytest.raises(ConflictError):
        store.claim(made_up, "lease")
    with pytest.raises(ConflictError):
        store.commit(Batch(changes=(change(made_up, refreshed(before)),)))
    store.release(made_up, FAILURE)
    opened = revocation(before.connection)
    store.commit(Batch(changes=(change(before, tombstone(before)),), opens=opened))
    with pytest.raises(ConflictError):
        store.finish_revocation(opened)
    assert get(store).connection == tombstone(before)
    assert store.revocation(KEY, opened.epoch) is not None


def test_documents_of_no_sense_are_unavailable(store: FirestoreMainStore, main: Client) -> None:
    """One of a newer schema, and one without a field that it must have, written behind our back."""
    put(store, connection())
    document = main.collection("connections").document(KEY.document_id)
    for damage in (to_document(connection()) | {"schema": 2}, {"schema": 1}):
        document.set(damage)
        with pytest.raises(StoreUnavailableError, match="document"):
            store.read(KEY)


def test_a_document_moved_to_another_s_place_is_not_served(
    store: FirestoreMainStore, main: Client
) -> None:
    """Bert's record under Anna's name, whole: refused, though every sealed value in it would open."""
    bert = put(store, connection(ConnectionKey(KEY.connector_type, "bert@example.org")))
    main.collection("connections").document(KEY.document_id).set(to_document(bert.connection))
    with pytest.raises(TamperedError, match="another one's name"):
        store.read(KEY)


@pytest.mark.parametrize("after", ["a/b", "/", "//", "ä", "google_workspace:a/", "\0", "a b"])
def test_a_page_may_begin_after_anything(store: FirestoreMainStore, after: str) -> None:
    """A page token is a caller's word: one that we never gave is no error of the database's."""
    put(store, connection())
    page = store.page(connector_type=None, status=None, after=after, limit=5)
    assert page in (Page(connections=(connection(),)), Page(connections=()))


def test_a_long_audit_is_read_in_parts(
    main: Client, store: FirestoreMainStore, meter: OperationMeter
) -> None:
    """Whole and in order; each record is one read."""
    records = [record(connection(step=step)) for step in range(1, AT_ONCE + 3)]
    batch = main.batch()
    for each in records:
        batch.create(main.collection("audit").document(each.document_id), to_document(each))
    batch.commit(timeout=60)
    store = FirestoreMainStore(main, meter=meter)
    assert store.audit(KEY) == tuple(records)
    assert meter.counts() == {"main.read": len(records)}


def test_a_mark_names_the_time_after_which_it_may_be_deleted(
    activity: ActivityStore, behind: Client
) -> None:
    """For Firestore's TTL: a day after the flow's end, when nobody asks for it any more."""
    activity.spend(mark("a"))
    activity.note(mark("a", outcome="connected"))
    activity.note(mark("b", outcome="connected"))  # of a mark that was not there
    for name in ("a", "b"):
        found = behind.collection("flow_marks").document(name).get()
        assert found.get("expire_at") == AT + timedelta(minutes=10, days=1)
    assert len(activity.by_handle("handle")) == 2


def test_an_attempt_names_the_time_after_which_it_may_be_deleted(
    activity: ActivityStore, behind: Client
) -> None:
    """A day after its end, also when its end is put off."""
    first = attempt()
    document = behind.collection("attempts").document(first.id)
    kept = activity.keep_attempt(None, first)
    assert document.get().get("expire_at") == first.until + timedelta(days=1)
    activity.keep_attempt(kept, replace(first, until=first.until + timedelta(hours=1)))
    assert document.get().get("expire_at") == first.until + timedelta(days=1, hours=1)


def test_old_sign_outs_are_cleaned_with_the_next_one(
    activity: ActivityStore, behind: Client, clock: ManualClock
) -> None:
    """A day after their end and later; what could still be asked for stays, and so does `valid_from`."""
    activity.sign_out_everywhere(ANNA, AT)
    for day in range(DAYS_FORGOTTEN + 1):
        activity.sign_out(ANNA, f"s-{day}", AT + timedelta(days=day))
    clock.advance(timedelta(days=DAYS_FORGOTTEN + 1).total_seconds())
    activity.sign_out(ANNA, "late", clock())
    expected = frozenset({"late", f"s-{DAYS_FORGOTTEN}"})
    assert activity.sign_outs(ANNA) == SignOuts(valid_from=AT, sessions=expected)
    person = behind.collection("people").document(str(ANNA)).get().to_dict()
    assert person is not None
    assert len(person["ended"]) == len(expected)


def test_the_time_of_signing_out_everywhere_is_exact(activity: ActivityStore) -> None:
    """To the microsecond, for any time."""
    for moment in (AT, datetime(9999, 12, 31, 23, 59, 59, 999999, UTC)):
        activity.sign_out_everywhere(ANNA, moment)
        assert activity.sign_outs(ANNA).valid_from == moment
