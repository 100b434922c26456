"""Contract of `SealedRecords`."""

from dataclasses import replace
from datetime import timedelta

import pytest

from multi_user_oauth.errors import ConflictError
from multi_user_oauth.model import Batch, ConnectionKey, Lease, Rescue, Revocation, Snapshot
from tests.contract.stores.samples import (
    KEY,
    change,
    connection,
    get,
    put,
    refreshed,
    rescue,
    revocation,
    tombstone,
)
from tests.support.clock import ManualClock
from tests.support.stores import MainStore

PEOPLE = ("anna", "b/b", "cora", "dora", "éva")


def key(name: str) -> ConnectionKey:
    """Return somebody's key."""
    return ConnectionKey("google_workspace", f"{name}@example.org")


@pytest.fixture
def five(store: MainStore) -> MainStore:
    """Five connections, two of them revoked; each has left a revocation and a rescue."""
    for name in reversed(PEOPLE):
        new = connection(key(name))
        opens = replace(revocation(new), epoch=new.epoch - 1)
        store.commit(Batch(changes=(change(None, new),), opens=opens))
        store.rescue(rescue(new))
    for name in PEOPLE[:2]:
        before = get(store, key(name))
        store.commit(Batch(changes=(change(before, tombstone(before)),)))
    return store


@pytest.mark.parametrize("limit", [1, 2, 4, 5, 6])
def test_a_walk_sees_everything_once(five: MainStore, limit: int) -> None:
    """Whatever its steps, by the document ids; tombstones too; no step is too long."""
    connections: list[Snapshot] = []
    while part := five.snapshots(after=_last(connections), limit=limit):
        assert len(part) <= limit
        connections += part
    revocations: list[Revocation] = []
    while found := five.revocations(
        after=revocations[-1].document_id if revocations else None, limit=limit
    ):
        assert len(found) <= limit
        revocations += found
    rescues: list[Rescue] = []
    while kept := five.rescues(after=rescues[-1].document_id if rescues else None, limit=limit):
        assert len(kept) <= limit
        rescues += kept

    expected = sorted((key(name) for name in PEOPLE), key=lambda each: each.document_id)
    assert connections == [get(five, each) for each in expected]
    epoch = connection().epoch
    assert revocations == [five.revocation(each, epoch - 1) for each in expected]
    assert rescues == [five.rescued(each, epoch, 1) for each in expected]


def _last(walked: list[Snapshot]) -> str | None:
    return walked[-1].connection.key.document_id if walked else None


def test_there_may_be_nothing_to_walk_over(store: MainStore) -> None:
    """An empty database has none of the three."""
    assert store.snapshots(after=None, limit=5) == ()
    assert store.revocations(after=None, limit=5) == ()
    assert store.rescues(after=None, limit=5) == ()


def test_a_re_wrap_writes_the_sealed_values_alone(store: MainStore, clock: ManualClock) -> None:
    """No other field, no audit record; a lease is as old as before; what was read before is old."""
    before = store.claim(put(store, connection()), "lease")
    clock.advance(30)
    store.rewrap(before, sealed_access=b"access again", sealed_refresh=b"refresh again")
    after = get(store)
    assert after.connection == replace(
        before.connection, sealed_access=b"access again", sealed_refresh=b"refresh again"
    )
    assert after.connection.lease == Lease("lease")
    assert after.lease_age == timedelta(seconds=30)
    assert after.version != before.version
    assert len(store.audit(KEY)) == 1


def test_a_re_wrap_of_what_moved_on_is_refused(store: MainStore) -> None:
    """A refresh, a disconnect or another re-wrap came first: the newer values stand."""
    before = put(store, connection())
    store.commit(Batch(changes=(change(before, refreshed(before)),)))
    with pytest.raises(ConflictError):
        store.rewrap(before, sealed_access=b"a", sealed_refresh=b"r")
    assert get(store).connection == refreshed(before)
    current = get(store)
    store.rewrap(current, sealed_access=b"a1", sealed_refresh=b"r1")
    with pytest.raises(ConflictError):
        store.rewrap(current, sealed_access=b"a2", sealed_refresh=b"r2")
    with pytest.raises(ConflictError):
        store.commit(Batch(changes=(change(current, tombstone(current)),)))
    current = get(store)
    assert (current.connection.sealed_access, current.connection.sealed_refresh) == (b"a1", b"r1")


def test_a_re_wrap_makes_no_connection(store: MainStore) -> None:
    """What is not there has nothing to be wrapped again."""
    ghost = replace(put(store, connection()), connection=connection(key("nobody")))
    with pytest.raises(ConflictError):
        store.rewrap(ghost, sealed_access=b"a", sealed_refresh=b"r")
    assert store.read(key("nobody")) is None


def test_a_revocation_is_re_wrapped_too(store: MainStore, clock: ManualClock) -> None:
    """Its sealed value alone; who read it before gets a conflict."""
    new = connection()
    store.commit(Batch(changes=(change(None, new),), opens=revocation(new)))
    (found,) = store.revocations(after=None, limit=5)
    claimed = store.claim_revocation(found, "lease")
    clock.advance(7)
    with pytest.raises(ConflictError):
        store.rewrap_revocation(found, sealed_refresh=b"stale")
    store.rewrap_revocation(claimed, sealed_refresh=b"again")
    after = store.revocation(KEY, new.epoch)
    assert after is not None
    assert replace(after, version=None, lease_age=None) == replace(
        revocation(new), sealed_refresh=b"again", lease_id="lease"
    )
    assert after.lease_age == timedelta(seconds=7)
    with pytest.raises(ConflictError):
        store.finish_revocation(claimed)
    store.finish_revocation(after)
    with pytest.raises(ConflictError):
        store.rewrap_revocation(after, sealed_refresh=b"late")
    assert store.revocations(after=None, limit=5) == ()
