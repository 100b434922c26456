"""Contract of `Erasure`, `LedgerErasure`, `TraceErasure` and `UnfinishedRevocations`."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from multi_user_oauth.errors import ConflictError
from multi_user_oauth.model import Batch, ConnectionKey, Snapshot
from multi_user_oauth.ports import LastUse, SignOuts
from multi_user_oauth.stores.meter import OperationMeter
from tests.contract.stores.samples import (
    ANNA,
    AT,
    BERT,
    KEY,
    attempt,
    change,
    connection,
    get,
    ledger_entry,
    put,
    refreshed,
    rescue,
    revocation,
    suspect,
    tombstone,
)
from tests.support.stores import ActivityStore, MainStore

LONGER: Final = ConnectionKey(KEY.connector_type, f"{KEY.user_email}-1")
"""An e-mail that goes on as the names of this one's documents do."""
USE: Final = LastUse(agent="assistant", action="token", purpose="", at=AT)


def ended(store: MainStore, key: ConnectionKey = KEY) -> Snapshot:
    """Connect, refresh and disconnect, with a rescue left behind; return the tombstone."""
    before = put(store, connection(key))
    store.commit(Batch(changes=(change(before, refreshed(before)),)))
    before = get(store, key)
    store.rescue(rescue(before.connection))
    opens = revocation(before.connection)
    store.commit(Batch(changes=(change(before, tombstone(before)),), opens=opens))
    return get(store, key)


def test_an_erased_connection_leaves_nothing(store: MainStore) -> None:
    """Neither the tombstone nor its audit nor what was rescued; another's stays."""
    for key in (KEY, LONGER):
        ended(store, key)

    store.erase(get(store))

    assert store.read(KEY) is None
    assert store.audit(KEY) == ()
    assert [found.connection.key for found in store.rescues(after=None, limit=9)] == [LONGER]
    assert store.by_identity(ANNA) == (get(store, LONGER),)
    assert len(store.audit(LONGER)) == 3


def test_the_next_connection_begins_anew(store: MainStore) -> None:
    """Nothing stands in the way of its first audit record."""
    store.erase(ended(store))
    put(store, connection())
    assert [record.sequence for record in store.audit(KEY)] == [1]


def test_what_moved_on_is_not_erased(store: MainStore) -> None:
    """The person connected again meanwhile: all stays, the audit too."""
    read = ended(store)
    store.commit(Batch(changes=(change(read, connection(step=4)),)))

    with pytest.raises(ConflictError):
        store.erase(read)

    assert get(store).connection.holds_its_email
    assert len(store.audit(KEY)) == 4


def test_erasing_costs_what_is_deleted(store: MainStore, meter: OperationMeter) -> None:
    """A read and a write for each audit record and rescue, a write for the connection."""
    found = ended(store)
    meter.reset()
    store.erase(found)
    assert meter.counts() == {"main.read": 3 + 1, "main.write": 3 + 1 + 1}


def test_a_chain_that_is_longer_than_a_commit_is_erased(store: MainStore) -> None:
    """Firestore takes 500 writes at once."""
    put(store, connection())
    for _ in range(403):
        before = get(store)
        store.commit(Batch(changes=(change(before, refreshed(before)),)))
    store.erase(get(store))
    assert store.audit(KEY) == ()
    assert store.read(KEY) is None


def test_the_ledger_is_found_by_the_connection(activity: ActivityStore) -> None:
    """All of its entries and no other's, however their names begin."""
    mine = [ledger_entry(epoch) for epoch in (7, 12)]
    for entry in (*mine, replace(ledger_entry(5), key=LONGER)):
        activity.enter(entry)

    assert sorted(activity.disconnects(KEY), key=lambda entry: entry.epoch) == mine
    for entry in (mine[0], mine[0]):
        activity.forget_disconnect(entry)

    assert activity.disconnects(KEY) == (mine[1],)
    assert len(activity.entries()) == 2


def test_uses_are_forgotten(activity: ActivityStore) -> None:
    """Of this connection alone; and it is said whether there were any."""
    for key in (KEY, LONGER):
        activity.note_use(key, USE)
    assert activity.forget_uses(KEY) is True
    assert activity.forget_uses(KEY) is False
    assert activity.uses(KEY) == ()
    assert activity.uses(LONGER) == (USE,)


def test_what_was_sent_is_forgotten(activity: ActivityStore) -> None:
    """For this connection alone; and it is said how much it was."""
    for number in range(2):
        activity.keep_attempt(None, attempt(f"mine-{number}"))
    others = activity.keep_attempt(None, attempt("other", key=LONGER))
    assert activity.forget_attempts(KEY) == 2
    assert activity.forget_attempts(KEY) == 0
    assert [activity.attempt(f"mine-{number}") for number in range(2)] == [None, None]
    assert activity.attempt("other") == others


def test_who_was_suspect_is_forgotten_too(activity: ActivityStore) -> None:
    """Also where nobody used the connection, and nobody else's is."""
    for key in (KEY, LONGER):
        activity.suspect(suspect(key=key))
    assert activity.forget_uses(KEY) is False
    left = activity.suspects(KEY.connector_type, after=None, limit=9)
    assert left == (suspect(key=LONGER),)


def test_sign_outs_are_forgotten_when_all_are_past(activity: ActivityStore) -> None:
    """Until then all of them stay, and the latest is told."""
    activity.sign_out_everywhere(ANNA, AT)
    activity.sign_out_everywhere(BERT, AT)
    assert activity.forget_sign_outs(ANNA, until=AT) == AT
    assert activity.sign_outs(ANNA).valid_from == AT
    assert activity.forget_sign_outs(ANNA, until=AT + timedelta(microseconds=1)) is None
    assert activity.sign_outs(ANNA) == SignOuts()
    assert activity.forget_sign_outs(ANNA, until=AT) is None
    assert activity.sign_outs(BERT).valid_from == AT


def test_a_session_that_was_ended_stays_ended_until_it_is_past(activity: ActivityStore) -> None:
    """Its entry is kept for as long, to the day at most."""
    activity.sign_out_everywhere(ANNA, AT - timedelta(days=9))
    activity.sign_out(ANNA, "session", AT)
    latest = activity.forget_sign_outs(ANNA, until=AT - timedelta(hours=1))
    assert latest is not None
    assert AT <= latest <= datetime(2026, 1, 6, tzinfo=UTC)
    assert activity.sign_outs(ANNA).sessions == {"session"}
    assert activity.forget_sign_outs(ANNA, until=AT + timedelta(days=1)) is None
    assert activity.sign_outs(ANNA) == SignOuts()


def test_unfinished_revocations_are_walked_over(store: MainStore, meter: OperationMeter) -> None:
    """Page by page, by their document ids, with leases; a page that is full may be the last."""
    keys = [ConnectionKey(KEY.connector_type, f"p{number}@example.org") for number in range(3)]
    for key in keys:
        ended(store, key)
    first = store.unfinished(after=None, limit=2)
    assert [found.key for found in first.revocations] == keys[:2]
    store.claim_revocation(first.revocations[0], "lease")
    meter.reset()
    rest = store.unfinished(after=first.next_after, limit=2)
    assert ([found.key for found in rest.revocations], rest.next_after) == ([keys[2]], None)
    assert meter.counts() == {"main.read": 1}
    assert store.unfinished(after=None, limit=9).revocations[0].lease_age == timedelta(0)
    with pytest.raises(ConflictError):
        store.claim_revocation(first.revocations[0], "another")
