"""Contract of `DueConnections`."""

from collections.abc import Callable
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
from multi_user_oauth.ports import DueConnections
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
    return ConnectionKey("google_workspace", f"{name}@example.org")


def due_at(name: str, at: datetime | None) -> Connection:
    """Return somebody's connection that is due then."""
    return replace(connection(key_of(name)), refresh_due_at=at)


def names(found: tuple[Snapshot, ...]) -> list[str]:
    """Return whose connections these are."""
    return [each.connection.key.user_email.partition("@")[0] for each in found]


def due_names(store: DueConnections, by: datetime = AT, limit: int = 50) -> list[str]:
    """Return who is due by then, in all shards."""
    return names(store.due(ALL, by=by, limit=limit))


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
        assert names(store.due([shard], by=AT, limit=50)) == expected
    half = [shard for shard in ALL if shard % 2]
    found = names(store.due(half, by=AT, limit=50))
    assert found == [name for name in people if connection_shard(name) % 2]


def test_no_shards_have_nothing_due(store: MainStore) -> None:
    """Nobody was asked about."""
    put(store, due_at("anna", AT))
    assert store.due([], by=AT, limit=50) == ()


def test_what_is_found_is_what_is_read(store: MainStore) -> None:
    """The whole snapshot, with the lease, its age and the version: it can be claimed at once."""
    before = put(store, due_at("anna", AT))
    claimed = store.claim(before, "lease-1")
    (found,) = store.due(ALL, by=AT, limit=50)
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
    (found,) = store.due(ALL, by=max(AT, next_try), limit=50)
    assert found.connection == replace(
        claimed.connection, lease=None, failure=failure, refresh_due_at=max(AT, next_try)
    )
    assert due_names(store, max(AT, next_try) - timedelta(microseconds=1)) == []


def test_a_release_without_a_failure_moves_nothing(store: MainStore) -> None:
    """What could not even be tried is due as before."""
    store.release(store.claim(put(store, replace(connection(), refresh_due_at=AT)), "lease"), None)
    assert get(store).connection.refresh_due_at == AT
    assert [each.connection.key for each in store.due(ALL, by=AT, limit=50)] == [KEY]


def test_what_can_not_be_read_holds_up_nobody(
    store: MainStore, damage: Damage, caplog: pytest.LogCaptureFixture
) -> None:
    """It is the first that is due, and always will be: it is named in the log, the others are found."""
    put(store, due_at("anna", AT - timedelta(days=1)))
    bert = put(store, due_at("bert", AT))
    damage(key_of("anna"))
    caplog.clear()
    assert store.due(ALL, by=AT, limit=50) == (bert,)
    (line,) = (each for each in caplog.records if each.levelname == "ERROR")
    assert vars(line)["connection"] == key_of("anna").document_id
