"""Contract of `ConnectionReader` and `ConnectionWriter`."""

from dataclasses import replace
from datetime import timedelta

import pytest

from multi_user_oauth.errors import ConflictError
from multi_user_oauth.model import Batch, ConnectionKey, ConnectionStatus, Lease
from tests.contract.stores.samples import (
    ANNA,
    BERT,
    FAILURE,
    KEY,
    change,
    connection,
    get,
    put,
    refreshed,
    tombstone,
)
from tests.support.clock import ManualClock
from tests.support.stores import MainStore

OTHER = ConnectionKey("microsoft_teams", "anna@example.org")


def test_an_unknown_key_reads_as_none(store: MainStore) -> None:
    """A connection that never was is None."""
    assert store.read(KEY) is None


def test_a_connection_is_read_as_it_was_written(store: MainStore) -> None:
    """Every field comes back, the sealed bytes and the microseconds too."""
    written = replace(connection(), failure=FAILURE, reason="a reason", pending_revocation=5)
    assert put(store, written).connection == written


def test_a_tombstone_is_read(store: MainStore) -> None:
    """A disconnected connection is still there to be read, without its sealed values."""
    before = put(store, connection())
    store.commit(Batch(changes=(change(before, tombstone(before)),)))
    after = get(store).connection
    assert after == tombstone(before)
    assert after.status is ConnectionStatus.REVOKED
    assert after.sealed_refresh is None


def test_keys_that_look_alike_are_different(store: MainStore) -> None:
    """An e-mail with a slash, a colon or a percent sign in it names no other one's document."""
    keys = [
        ConnectionKey("google_workspace", email)
        for email in ("a/b@example.org", "a%2Fb@example.org", "a%2fb@example.org", "ab@example.org")
    ]
    for key in keys:
        put(store, connection(key))
    assert [get(store, key).connection.key for key in keys] == keys


def test_by_identity_finds_all_types_and_tombstones(store: MainStore) -> None:
    """One person's connections of every type are found, the revoked too, and nobody else's."""
    first = put(store, connection(KEY))
    put(store, connection(OTHER))
    put(store, connection(ConnectionKey("google_workspace", "bert@example.org"), identity=BERT))
    store.commit(Batch(changes=(change(first, tombstone(first)),)))
    found = store.by_identity(ANNA)
    assert [(each.connection.key, each.connection.status) for each in found] == [
        (KEY, ConnectionStatus.REVOKED),
        (OTHER, ConnectionStatus.ACTIVE),
    ]
    assert found == (get(store, KEY), get(store, OTHER))


def test_by_identity_of_a_stranger_is_empty(store: MainStore) -> None:
    """An identity that nobody connected has no connections."""
    put(store, connection())
    assert store.by_identity(BERT) == ()


def test_by_identity_follows_the_identity(store: MainStore) -> None:
    """A reconnect by another account is found by the new identity only."""
    before = put(store, connection())
    store.commit(Batch(changes=(change(before, replace(refreshed(before), identity=BERT)),)))
    assert store.by_identity(ANNA) == ()
    assert [each.connection.key for each in store.by_identity(BERT)] == [KEY]


def test_a_claim_adds_the_lease_and_keeps_everything_else(store: MainStore) -> None:
    """The claimed snapshot is what is read then: the old connection with a lease."""
    before = put(store, replace(connection(), failure=FAILURE))
    claimed = store.claim(before, "lease-1")
    assert claimed.connection == replace(before.connection, lease=Lease("lease-1"))
    assert claimed.version != before.version
    assert get(store) == claimed


def test_a_claim_of_an_older_version_is_refused(store: MainStore) -> None:
    """Who was slower gets a conflict, and the winner's lease stands."""
    before = put(store, connection())
    store.claim(before, "lease-1")
    with pytest.raises(ConflictError):
        store.claim(before, "lease-2")
    assert get(store).connection.lease == Lease("lease-1")


def test_a_claim_of_what_is_not_there_is_refused(store: MainStore) -> None:
    """A lease makes no connection."""
    there = put(store, connection())
    ghost = replace(there, connection=connection(OTHER))
    with pytest.raises(ConflictError):
        store.claim(ghost, "lease-1")
    assert store.read(OTHER) is None


def test_a_live_lease_can_be_taken_over(store: MainStore) -> None:
    """Whether it may is not the store's question; the new lease counts from now."""
    claimed = store.claim(put(store, connection()), "lease-1")
    assert store.claim(claimed, "lease-2").connection.lease == Lease("lease-2")
    assert get(store).connection.lease == Lease("lease-2")


def test_the_store_says_how_old_a_lease_is(store: MainStore, clock: ManualClock) -> None:
    """The age counts from the claim, by the store's clock; without a lease there is none."""
    before = put(store, connection())
    assert before.lease_age is None
    claimed = store.claim(before, "lease-1")
    assert claimed.lease_age == timedelta(0)
    clock.advance(41)
    assert get(store).lease_age == timedelta(seconds=41)
    again = store.claim(get(store), "lease-2")
    assert again.lease_age == timedelta(0)
    assert get(store).lease_age == timedelta(0)


def test_a_write_that_keeps_the_lease_keeps_its_age(store: MainStore, clock: ManualClock) -> None:
    """A change beside a refresh in flight does not make the lease younger."""
    claimed = store.claim(put(store, connection()), "lease-1")
    clock.advance(30)
    kept = replace(refreshed(claimed), lease=claimed.connection.lease)
    store.commit(Batch(changes=(change(claimed, kept),)))
    assert get(store).connection.lease == Lease("lease-1")
    assert get(store).lease_age == timedelta(seconds=30)


def test_a_lease_that_a_commit_brings_counts_from_then(
    store: MainStore, clock: ManualClock
) -> None:
    """A new lease in a commit is as old as the commit, also in a new connection."""
    before = put(store, replace(connection(), lease=Lease("lease-0")))
    clock.advance(30)
    assert get(store).lease_age == timedelta(seconds=30)
    after = replace(refreshed(before), lease=Lease("lease-1"))
    store.commit(Batch(changes=(change(before, after),)))
    clock.advance(5)
    assert get(store).lease_age == timedelta(seconds=5)


def test_release_drops_the_lease_and_notes_the_failure(store: MainStore) -> None:
    """Nothing else changes, and nothing is audited."""
    before = put(store, connection())
    store.release(store.claim(before, "lease-1"), FAILURE)
    after = get(store)
    assert after.connection == replace(before.connection, failure=FAILURE)
    assert after.lease_age is None
    assert len(store.audit(KEY)) == 1


def test_release_without_a_failure_forgets_the_last_one(store: MainStore) -> None:
    """What is given is what is noted: None, that there is none."""
    before = put(store, replace(connection(), failure=FAILURE))
    store.release(store.claim(before, "lease-1"), None)
    assert get(store).connection == replace(before.connection, failure=None)


def test_release_does_nothing_if_anybody_wrote_since(store: MainStore) -> None:
    """A lease that was taken over is its new holder's."""
    claimed = store.claim(put(store, connection()), "lease-1")
    taken = store.claim(claimed, "lease-2")
    store.release(claimed, FAILURE)
    assert get(store) == taken


def test_every_write_makes_a_new_version(store: MainStore) -> None:
    """Claim, release and commit each end what was read before; a version never comes back."""
    versions = [put(store, connection()).version]
    for _ in range(3):
        store.release(store.claim(get(store), "lease"), None)
        versions.append(get(store).version)
        before = get(store)
        store.commit(Batch(changes=(change(before, refreshed(before)),)))
        versions.append(get(store).version)
    assert len(set(versions)) == len(versions)


def test_a_read_changes_nothing(store: MainStore) -> None:
    """Read twice, it is the same snapshot."""
    put(store, connection())
    assert get(store) == get(store)
