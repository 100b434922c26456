"""Contract of `AuditReader`, `RescueStore` and `RevocationStore`."""

from dataclasses import replace
from datetime import timedelta

import pytest

from multi_user_oauth.errors import ConflictError
from multi_user_oauth.model import AuditHead, Batch, ConnectionKey, Revocation
from tests.contract.stores.samples import (
    KEY,
    change,
    connection,
    get,
    put,
    record,
    refreshed,
    rescue,
    revocation,
    tombstone,
)
from tests.support.clock import ManualClock
from tests.support.stores import MainStore

GONE = connection()


@pytest.fixture
def pending(store: MainStore) -> Revocation:
    """A refresh token on its way out, as it is read."""
    before = put(store, GONE)
    store.commit(Batch(changes=(change(before, tombstone(before)),), opens=revocation(GONE)))
    found = store.revocation(KEY, GONE.epoch)
    assert found is not None
    return found


def test_a_connection_that_never_was_has_no_audit(store: MainStore) -> None:
    """No records."""
    assert store.audit(KEY) == ()


def test_audit_records_come_in_the_order_of_their_sequence(store: MainStore) -> None:
    """Twelve steps are read back as twelve records, the tenth after the ninth."""
    written = [record(put(store, connection()).connection)]
    for _ in range(11):
        after = refreshed(get(store))
        store.commit(Batch(changes=(change(get(store), after),)))
        written.append(record(after))
    assert store.audit(KEY) == tuple(written)


def test_audit_is_of_one_connection_only(store: MainStore) -> None:
    """A key whose name begins with another's, separator included, keeps its records to itself."""
    longer = ConnectionKey(KEY.connector_type, f"{KEY.user_email}-0000000001.example.org")
    put(store, connection(longer))
    put(store, replace(connection(), audit=AuditHead(3, "hash-3")))
    assert [each.key for each in store.audit(KEY)] == [KEY]
    assert [each.key for each in store.audit(longer)] == [longer]


def test_a_rescue_is_forgotten_alone(store: MainStore) -> None:
    """Those of other generations stay; one that is gone can be forgotten again."""
    first, second = (replace(rescue(connection()), used_generation=number) for number in (1, 2))
    for kept in (first, second):
        store.rescue(kept)
    for _ in range(2):
        store.forget_rescue(first)
    assert store.rescues(after=None, limit=9) == (second,)


def test_a_rescued_credential_is_found_by_the_generation_that_was_used(store: MainStore) -> None:
    """It comes back whole; under any other key, epoch or generation there is none."""
    kept = rescue(GONE)
    store.rescue(kept)
    assert store.rescued(KEY, GONE.epoch, GONE.generation) == kept
    assert store.rescued(KEY, GONE.epoch, GONE.generation + 1) is None
    assert store.rescued(KEY, GONE.epoch + 1, GONE.generation) is None
    other = ConnectionKey(KEY.connector_type, "bert@example.org")
    assert store.rescued(other, GONE.epoch, GONE.generation) is None


def test_a_rescue_needs_no_connection(store: MainStore) -> None:
    """It is kept where nobody contends for it: the connection itself is not touched."""
    before = put(store, connection())
    store.rescue(rescue(before.connection))
    assert get(store) == before


def test_a_credential_rescued_twice_is_one_record(store: MainStore) -> None:
    """The second time changes nothing, not even with another value: the first one stays."""
    kept = rescue(GONE)
    store.rescue(kept)
    store.rescue(kept)
    store.rescue(replace(kept, connection=replace(kept.connection, sealed_refresh=b"another")))
    assert store.rescued(KEY, GONE.epoch, GONE.generation) == kept


def test_the_same_rescue_can_be_kept_again_after_it_was_adopted(store: MainStore) -> None:
    """Adopting it deletes it."""
    before = put(store, connection())
    kept = rescue(before.connection)
    store.rescue(kept)
    step = change(before, replace(kept.connection, audit=AuditHead(2, "hash-2")))
    store.commit(Batch(changes=(step,), adopted_rescue=kept.document_id))
    assert store.rescued(KEY, GONE.epoch, GONE.generation) is None
    store.rescue(kept)
    assert store.rescued(KEY, GONE.epoch, GONE.generation) == kept


def test_a_revocation_is_read_as_it_was_opened(pending: Revocation) -> None:
    """The sealed value and what it was sealed for, with no lease."""
    assert replace(pending, version=None) == revocation(GONE)
    assert pending.version is not None


def test_a_revocation_of_another_epoch_is_none(store: MainStore, pending: Revocation) -> None:
    """Each disconnect has its own."""
    assert store.revocation(KEY, pending.epoch + 1) is None


def test_a_claimed_revocation_has_a_lease_that_ages(
    store: MainStore, pending: Revocation, clock: ManualClock
) -> None:
    """The lease counts from the claim; everything else stays."""
    claimed = store.claim_revocation(pending, "lease-1")
    assert claimed.lease_age == timedelta(0)
    assert store.revocation(KEY, pending.epoch) == claimed
    clock.advance(41)
    later = store.revocation(KEY, pending.epoch)
    assert later == replace(
        pending, lease_id="lease-1", lease_age=timedelta(seconds=41), version=claimed.version
    )


def test_a_revocation_is_claimed_once(store: MainStore, pending: Revocation) -> None:
    """Who read it before somebody else's claim gets a conflict."""
    claimed = store.claim_revocation(pending, "lease-1")
    with pytest.raises(ConflictError):
        store.claim_revocation(pending, "lease-2")
    assert store.revocation(KEY, pending.epoch) == claimed


def test_a_finished_revocation_is_gone(store: MainStore, pending: Revocation) -> None:
    """It can be neither read nor claimed nor finished again."""
    claimed = store.claim_revocation(pending, "lease-1")
    store.finish_revocation(claimed)
    assert store.revocation(KEY, pending.epoch) is None
    with pytest.raises(ConflictError):
        store.claim_revocation(claimed, "lease-2")
    with pytest.raises(ConflictError):
        store.finish_revocation(claimed)


def test_a_revocation_that_somebody_claimed_since_is_not_finished(
    store: MainStore, pending: Revocation
) -> None:
    """Only its holder may end it."""
    claimed = store.claim_revocation(pending, "lease-1")
    with pytest.raises(ConflictError):
        store.finish_revocation(pending)
    assert store.revocation(KEY, pending.epoch) == claimed


def test_a_revocation_can_be_opened_under_a_lease(store: MainStore, clock: ManualClock) -> None:
    """Who disconnects may finish at once: the lease counts from the commit."""
    opened = replace(revocation(GONE), lease_id="lease-1")
    before = put(store, GONE)
    store.commit(Batch(changes=(change(before, tombstone(before)),), opens=opened))
    clock.advance(3)
    found = store.revocation(KEY, GONE.epoch)
    assert found is not None
    assert (found.lease_id, found.lease_age) == ("lease-1", timedelta(seconds=3))


def test_a_reconnect_cancels_a_revocation_as_it_was_read(
    store: MainStore, pending: Revocation
) -> None:
    """One that is in flight refuses the reconnect's commit; cancelled, it is gone."""
    gone = get(store)
    step = change(gone, connection(step=3))
    claimed = store.claim_revocation(pending, "lease-1")
    with pytest.raises(ConflictError):
        store.commit(Batch(changes=(step,), cancels=pending))
    assert get(store) == gone
    store.commit(Batch(changes=(step,), cancels=claimed))
    assert store.revocation(KEY, pending.epoch) is None
