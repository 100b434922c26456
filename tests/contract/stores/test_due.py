"""Contract of `DueConnections`: what is due, and putting it off."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from multi_user_oauth.model import (
    SHARDS,
    Batch,
    Connection,
    ConnectionKey,
    ConnectionStatus,
    Failure,
    Snapshot,
)
from multi_user_oauth.ports import DueConnections, DuePage
from tests.contract.stores.backends import Backend, FirestoreBackend, SqliteBackend
from tests.contract.stores.lines import connect
from tests.contract.stores.samples import (
    AT,
    KEY,
    change,
    connection,
    get,
    put,
    refreshed,
    tombstone,
)
from tests.contract.stores.sql import sql
from tests.support.stores import MainStore

ALL = range(SHARDS)
TYPE = "google_workspace"

Damage = Callable[[ConnectionKey], None]


@pytest.fixture
def damage(backend: Backend) -> Damage:
    """Makes a connection's document one that nobody can read, behind the store's back."""

    def in_sqlite(key: ConnectionKey) -> None:
        assert isinstance(backend, SqliteBackend)
        path = backend.directory / "main.sqlite3"
        sql(path, "UPDATE connections SET body = ? WHERE id = ?", b"no document", key.document_id)

    def in_firestore(key: ConnectionKey) -> None:
        assert isinstance(backend, FirestoreBackend)
        client = connect(backend.address, backend.project, "main")
        client.collection("connections").document(key.document_id).update({"epoch": "none"})

    return in_sqlite if isinstance(backend, SqliteBackend) else in_firestore


def key_of(name: str) -> ConnectionKey:
    """Return the key of somebody's connection."""
    return ConnectionKey(TYPE, f"{name}@example.org")


def due_at(name: str, at: datetime | None) -> Connection:
    """Return somebody's connection that is due then."""
    return replace(connection(key_of(name)), refresh_due_at=at)


def due(
    store: DueConnections, by: datetime = AT, *, shards: Sequence[int] = ALL, limit: int = 50
) -> tuple[Snapshot, ...]:
    """Return the first of what is due by then."""
    return store.due(TYPE, shards, by=by, limit=limit).snapshots


def names(found: tuple[Snapshot, ...]) -> list[str]:
    """Return whose connections these are."""
    return [each.connection.key.user_email.partition("@")[0] for each in found]


def due_names(store: DueConnections, by: datetime = AT, limit: int = 50) -> list[str]:
    """Return who is due by then, in all shards."""
    return names(due(store, by, limit=limit))


def pages(
    store: DueConnections, limit: int, shards: Sequence[int] = ALL
) -> Iterator[tuple[Snapshot, ...]]:
    """Yield the pages of what is due, to the last."""
    after: object = None
    for _ in range(50):
        page = store.due(TYPE, shards, by=AT, limit=limit, after=after)
        yield page.snapshots
        if (after := page.next_after) is None:
            return
    pytest.fail("it has no end")


def test_what_is_due_is_found_earliest_first(store: MainStore) -> None:
    """Also what is due at that very moment; of one moment by the document ids; the rest is not."""
    moment = timedelta(microseconds=1)
    for name, at in (
        ("late", AT + moment),
        ("now", AT),
        ("bert", AT - moment),
        ("anna", AT - moment),
        ("never", None),
        ("long", AT - timedelta(days=900)),
    ):
        put(store, due_at(name, at))
    assert due_names(store) == ["long", "anna", "bert", "now"]
    assert due_names(store, AT - timedelta(days=901)) == []


def test_a_time_of_another_zone_is_that_time(store: MainStore) -> None:
    """Whatever it looks like."""
    put(store, due_at("anna", AT))
    zone = timezone(timedelta(hours=-5))
    assert due_names(store, AT.astimezone(zone)) == ["anna"]
    assert due_names(store, (AT - timedelta(hours=1)).astimezone(zone)) == []


def test_the_limit_takes_the_earliest(store: MainStore) -> None:
    """Of all shards together, not of each."""
    people = [f"person{number:02}" for number in range(12)]
    for minutes, name in enumerate(people):
        put(store, due_at(name, AT - timedelta(minutes=99 - minutes)))
    assert len({connection_shard(name) for name in people}) > 1
    assert due_names(store, limit=5) == people[:5]


def connection_shard(name: str) -> int:
    """Return the shard of this person's connection."""
    return due_at(name, AT).key.shard


def test_a_shard_s_connections_are_found_in_it_alone(store: MainStore) -> None:
    """Any set of shards; together each connection exactly once."""
    people = [f"person{number:02}" for number in range(20)]
    for name in people:
        put(store, due_at(name, AT))
    for shard in ALL:
        expected = [name for name in people if connection_shard(name) == shard]
        assert names(due(store, shards=[shard])) == expected
    half = [shard for shard in ALL if shard % 2]
    found = names(due(store, shards=half))
    assert found == [name for name in people if connection_shard(name) % 2]


def test_no_shards_have_nothing_due(store: MainStore) -> None:
    """Nobody was asked about."""
    put(store, due_at("anna", AT))
    assert store.due(TYPE, [], by=AT, limit=50) == DuePage(snapshots=())


def test_each_connector_type_is_asked_for_by_itself(store: MainStore) -> None:
    """What is due of another does not stand in its way."""
    others = ConnectionKey("microsoft_teams", "anna@example.org")
    early = AT - timedelta(days=1)
    theirs = put(store, replace(connection(others), refresh_due_at=early))
    mine = put(store, due_at("anna", AT))
    assert due(store, limit=1) == (mine,)
    assert store.due("microsoft_teams", ALL, by=AT, limit=50).snapshots == (theirs,)
    assert store.due("another", ALL, by=AT, limit=50) == DuePage(snapshots=())


@pytest.mark.parametrize("shards", [ALL, [3], range(1, SHARDS, 2)], ids=["all", "one", "half"])
def test_page_by_page_each_comes_once(store: MainStore, shards: Sequence[int]) -> None:
    """In the order of time and, of one moment, of the ids, wherever a page ends; and then no more."""
    people = [f"person{number:02}" for number in range(24)]
    for number, name in enumerate(
        people
    ):  # whose id is greater is due earlier, but for six at a time
        put(store, due_at(name, AT - timedelta(minutes=number // 6)))
    in_order = [name for first in (18, 12, 6, 0) for name in people[first : first + 6]]
    wanted = [name for name in in_order if connection_shard(name) in shards]
    for limit in (1, 4, 50):
        found = list(pages(store, limit, shards))
        assert [name for page in found for name in names(page)] == wanted
        assert len(found) == len(wanted) // limit + 1
        assert all(len(page) == limit for page in found[:-1])


def test_what_is_done_while_it_is_walked_over_hides_nobody(store: MainStore) -> None:
    """The first page's connections are refreshed, or put off; the second follows where it ended."""
    people = [f"person{number}" for number in range(5)]
    for minutes, name in enumerate(people):
        put(store, due_at(name, AT - timedelta(minutes=9 - minutes)))
    walk = pages(store, 2)
    page = next(walk)
    for each in page:
        store.postpone(each, AT + timedelta(days=1))
    assert names(page) == people[:2]
    assert [names(each) for each in walk] == [people[2:4], people[4:]]


def test_what_is_found_is_what_is_read(store: MainStore) -> None:
    """The whole snapshot, with the lease, its age and the version: it can be claimed at once."""
    before = put(store, due_at("anna", AT))
    claimed = store.claim(before, "lease-1")
    (found,) = due(store)
    assert found == claimed == get(store, before.connection.key)
    store.claim(found, "lease-2")


def test_a_refresh_moves_the_time(store: MainStore) -> None:
    """It is due again when the new token is, and not before."""
    before = put(store, due_at("anna", AT))
    later = AT + timedelta(hours=1)
    store.commit(Batch(changes=(change(before, replace(refreshed(before), refresh_due_at=later)),)))
    assert due_names(store, later - timedelta(microseconds=1)) == []
    assert due_names(store, later) == ["anna"]


def test_what_ended_is_never_due(store: MainStore) -> None:
    """A tombstone, and a connection that waits for its person."""
    gone, waits = put(store, due_at("gone", AT)), put(store, due_at("waits", AT))
    store.commit(Batch(changes=(change(gone, tombstone(gone)),)))
    waiting = replace(refreshed(waits), status=ConnectionStatus.NEEDS_SIGN_IN, refresh_due_at=None)
    store.commit(Batch(changes=(change(waits, waiting),)))
    assert due_names(store, AT + timedelta(days=900)) == []


@pytest.mark.parametrize("seconds", [-1, 1], ids=["earlier", "later"])
def test_a_failure_puts_it_off_to_the_next_try(store: MainStore, seconds: int) -> None:
    """If that is later than it was due; a claim moves nothing."""
    claimed = store.claim(put(store, due_at("anna", AT)), "lease")
    assert due_names(store) == ["anna"]
    next_try = AT + timedelta(seconds=seconds)
    failure = Failure(code="provider_unavailable", count=1, at=AT, next_try_at=next_try)
    store.release(claimed, failure)
    (found,) = due(store, max(AT, next_try))
    assert found.connection == replace(
        claimed.connection, lease=None, failure=failure, refresh_due_at=max(AT, next_try)
    )
    assert due_names(store, max(AT, next_try) - timedelta(microseconds=1)) == []


def test_a_release_without_a_failure_moves_nothing(store: MainStore) -> None:
    """What could not even be tried is due as before."""
    store.release(store.claim(put(store, replace(connection(), refresh_due_at=AT)), "lease"), None)
    assert get(store).connection.refresh_due_at == AT
    assert [each.connection.key for each in due(store)] == [KEY]


def test_what_can_not_be_read_holds_up_nobody(
    store: MainStore, damage: Damage, caplog: pytest.LogCaptureFixture
) -> None:
    """It is the first that is due, and always will be: it is named in the log, the others are found."""
    put(store, due_at("anna", AT - timedelta(days=1)))
    bert = put(store, due_at("bert", AT))
    damage(key_of("anna"))
    caplog.clear()
    assert due(store) == (bert,)
    (line,) = (each for each in caplog.records if each.levelname == "ERROR")
    assert vars(line)["connection"] == key_of("anna").document_id


def test_a_page_that_can_not_be_read_is_not_the_end(store: MainStore, damage: Damage) -> None:
    """All of it is damaged: the next one is asked for, and found."""
    for minutes, name in enumerate(("anna", "bert", "cora")):
        put(store, due_at(name, AT - timedelta(minutes=9 - minutes)))
    for name in ("anna", "bert"):
        damage(key_of(name))
    assert [names(page) for page in pages(store, 2)] == [[], ["cora"]]


def test_what_is_put_off_is_due_then(store: MainStore) -> None:
    """In whatever zone it is said; nothing else is touched, and no audit record is written."""
    before = put(store, due_at("anna", AT))
    until = AT + timedelta(days=30)
    store.postpone(before, until.astimezone(timezone(timedelta(hours=5))))
    after = get(store, before.connection.key)
    assert after.connection == replace(before.connection, refresh_due_at=until)
    assert after.version != before.version
    assert due_names(store, until - timedelta(microseconds=1)) == []
    assert due_names(store, until) == ["anna"]
    assert len(store.audit(before.connection.key)) == 1


def test_who_wrote_since_is_not_put_off(store: MainStore) -> None:
    """A claim, a refresh, a disconnect that the reader did not see: nothing is written, nor raised."""
    before = put(store, due_at("anna", AT))
    claimed = store.claim(before, "lease")
    store.postpone(before, AT + timedelta(days=30))
    assert get(store, key_of("anna")) == claimed
    store.commit(Batch(changes=(change(claimed, tombstone(claimed)),)))
    store.postpone(claimed, AT + timedelta(days=30))
    assert get(store, key_of("anna")).connection.refresh_due_at is None


def test_what_is_gone_is_not_put_off(store: MainStore) -> None:
    """It was erased meanwhile: it does not come back."""
    gone = put(store, due_at("anna", AT))
    store.erase(gone)
    store.postpone(gone, AT + timedelta(days=30))
    assert store.read(key_of("anna")) is None
