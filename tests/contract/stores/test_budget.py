"""What each operation costs: a read for each document looked up, a write for each one written."""

from dataclasses import replace
from datetime import timedelta

import pytest

from multi_user_oauth.errors import ConflictError, FlowAlreadyUsedError
from multi_user_oauth.model import SHARDS, Batch, ConnectionKey, Kind
from multi_user_oauth.stores.meter import NoMeter, OperationMeter
from tests.contract.stores.samples import (
    ANNA,
    AT,
    BERT,
    FAILURE,
    KEY,
    breaker,
    change,
    connection,
    get,
    ledger_entry,
    mark,
    put,
    refreshed,
    rescue,
    revocation,
    suspect,
    tombstone,
)
from tests.support.stores import ActivityStore, MainStore


def test_a_read_is_one_read(store: MainStore, meter: OperationMeter) -> None:
    """Of a connection that is there, and of one that is not."""
    store.read(KEY)
    assert meter.counts() == {"main.read": 1}
    put(store, connection())
    meter.reset()
    store.read(KEY)
    assert meter.counts() == {"main.read": 1}


def test_a_query_costs_what_it_finds_and_at_least_one_read(
    store: MainStore, meter: OperationMeter
) -> None:
    """Three connections are three reads; nothing found is one."""
    for name in ("anna", "bert", "cora"):
        put(store, connection(ConnectionKey("google_workspace", f"{name}@example.org")))
    meter.reset()
    store.by_identity(ANNA)
    assert meter.counts() == {"main.read": 3}
    store.by_identity(BERT)
    assert meter.counts() == {"main.read": 3 + 1}
    store.page(connector_type=None, status=None, after=None, limit=2)
    assert meter.counts() == {"main.read": 3 + 1 + 2}
    store.page(connector_type="microsoft_teams", status=None, after=None, limit=2)
    assert meter.counts() == {"main.read": 3 + 1 + 2 + 1}


def test_what_is_due_costs_a_read_each(store: MainStore, meter: OperationMeter) -> None:
    """One at least; what is not due, or beyond the limit, is not paid for."""
    for number in range(4):
        put(store, connection(ConnectionKey("google_workspace", f"person{number}@example.org")))
    due = connection().refresh_due_at
    assert due is not None
    meter.reset()
    store.due(KEY.connector_type, range(SHARDS), by=due - timedelta(seconds=1), limit=50)
    assert meter.counts() == {"main.read": 1}
    store.due(KEY.connector_type, range(SHARDS), by=due, limit=3)
    assert meter.counts() == {"main.read": 1 + 3}
    store.due(KEY.connector_type, range(SHARDS), by=due, limit=50)
    assert meter.counts() == {"main.read": 1 + 3 + 4}


def test_putting_off_is_one_write(store: MainStore, meter: OperationMeter) -> None:
    """None where somebody wrote since; so is forgetting a rescue."""
    before, kept = put(store, connection()), rescue(connection())
    store.rescue(kept)
    meter.reset()
    store.postpone(before, AT)
    assert meter.counts() == {"main.write": 1}
    store.postpone(before, AT)
    assert meter.counts() == {"main.write": 1}
    store.forget_rescue(kept)
    assert meter.counts() == {"main.write": 1 + 1}


def test_a_breaker_is_one_read_and_a_step_of_it_one_write(
    activity: ActivityStore, meter: OperationMeter
) -> None:
    """Of one that has no record too; what was refused was not written."""
    closed = activity.breaker(KEY.connector_type)
    assert meter.counts() == {"activity.read": 1}
    meter.reset()
    activity.keep_breaker(closed, breaker())
    with pytest.raises(ConflictError):
        activity.keep_breaker(closed, breaker())
    assert meter.counts() == {"activity.write": 1}
    meter.reset()
    activity.keep_breaker(activity.breaker(KEY.connector_type), breaker(9))
    assert meter.counts() == {"activity.read": 1, "activity.write": 1}


def test_a_suspect_costs_a_write_and_clearing_it_a_look_more(
    activity: ActivityStore, meter: OperationMeter
) -> None:
    """Finding them is a read for each, one at least."""
    for generation in (1, 2):
        activity.suspect(suspect(generation))
    assert meter.counts() == {"activity.write": 2}
    meter.reset()
    activity.suspects(KEY.connector_type, after=None, limit=5)
    activity.suspects("another", after=None, limit=5)
    assert meter.counts() == {"activity.read": 2}
    meter.reset()
    for _ in range(2):
        activity.clear_suspect(suspect(2))
    assert meter.counts() == {"activity.read": 2, "activity.write": 1}


def test_a_re_wrap_is_a_read_and_a_write_each(store: MainStore, meter: OperationMeter) -> None:
    """The walk reads each record once, one at least; what was refused was not written."""
    first = put(store, connection())
    opens, kept = revocation(first.connection), rescue(first.connection)
    store.commit(Batch(changes=(change(first, refreshed(first)),), opens=opens))
    meter.reset()
    (walked,) = store.snapshots(after=None, limit=50)
    (pending,) = store.revocations(after=None, limit=50)
    store.rescues(after=None, limit=50)
    assert meter.counts() == {"main.read": 3}
    meter.reset()
    store.rewrap(walked, sealed_access=b"a", sealed_refresh=b"r")
    store.rewrap_revocation(pending, sealed_refresh=b"r")
    with pytest.raises(ConflictError):
        store.rewrap(walked, sealed_access=b"a", sealed_refresh=b"r")
    store.rescue(kept)
    assert meter.counts() == {"main.write": 3}
    meter.reset()
    store.snapshots(after=KEY.document_id, limit=50)
    store.rescues(after=None, limit=50)
    assert meter.counts() == {"main.read": 2}


def test_a_note_on_a_key_version_is_one_write(
    activity: ActivityStore, meter: OperationMeter
) -> None:
    """Each version named, once a call; reading them back is a read for each, one at least."""
    activity.key_versions(Kind.ACCESS)
    assert meter.counts() == {"activity.read": 1}
    meter.reset()
    activity.saw_key_versions(Kind.ACCESS, ["1", "2", "1"], AT)
    activity.saw_key_versions(Kind.REFRESH, [], AT)
    assert meter.counts() == {"activity.write": 2}
    meter.reset()
    activity.key_versions(Kind.ACCESS)
    assert meter.counts() == {"activity.read": 2}


def test_a_refresh_is_one_read_and_three_writes(store: MainStore, meter: OperationMeter) -> None:
    """Read, claim, record and audit: nothing is read again for the commit."""
    put(store, connection())
    meter.reset()
    claimed = store.claim(get(store), "lease")
    store.commit(Batch(changes=(change(claimed, refreshed(claimed)),)))
    assert meter.counts() == {"main.read": 1, "main.write": 3}


def test_a_disconnect_is_three_writes_here(store: MainStore, meter: OperationMeter) -> None:
    """Tombstone, audit, revocation; the fourth is the ledger's."""
    before = put(store, connection())
    meter.reset()
    opens = revocation(before.connection)
    store.commit(Batch(changes=(change(before, tombstone(before)),), opens=opens))
    assert meter.counts() == {"main.write": 3}
    meter.reset()
    found = store.revocation(KEY, before.connection.epoch)
    assert found is not None
    store.finish_revocation(store.claim_revocation(found, "lease"))
    assert meter.counts() == {"main.read": 1, "main.write": 2}


def test_every_part_of_a_batch_is_a_write(store: MainStore, meter: OperationMeter) -> None:
    """Two records with their audits, one opened, one cancelled, one rescue deleted: seven."""
    first, gone = put(store, connection()), connection(ConnectionKey("microsoft_teams", "a@b.org"))
    store.commit(Batch(changes=(change(None, gone),), opens=revocation(gone)))
    kept = rescue(first.connection)
    store.rescue(kept)
    second, pending = get(store, gone.key), store.revocation(gone.key, gone.epoch)
    meter.reset()
    store.commit(
        Batch(
            changes=(change(first, tombstone(first)), change(second, refreshed(second))),
            opens=revocation(first.connection),
            cancels=pending,
            adopted_rescue=kept.document_id,
        )
    )
    assert meter.counts() == {"main.write": 7}


def test_what_was_refused_was_not_written(store: MainStore, meter: OperationMeter) -> None:
    """A lost race costs no write."""
    before = put(store, connection())
    claimed = store.claim(before, "lease")
    meter.reset()
    with pytest.raises(ConflictError):
        store.claim(before, "another")
    with pytest.raises(ConflictError):
        store.commit(Batch(changes=(change(before, refreshed(before)),)))
    store.release(before, FAILURE)
    assert meter.counts() == {}
    store.release(claimed, FAILURE)
    assert meter.counts() == {"main.write": 1}


def test_what_lies_beside_a_connection_is_counted(store: MainStore, meter: OperationMeter) -> None:
    """A rescue is one write once; each look for one, or for an audit chain, is a read at least."""
    before = put(store, connection())
    step = change(before, replace(refreshed(before), failure=None))
    store.commit(Batch(changes=(step,)))
    meter.reset()
    store.rescue(rescue(before.connection))
    store.rescue(rescue(before.connection))
    assert meter.counts() == {"main.write": 1}
    meter.reset()
    store.rescued(KEY, 1, 1)
    assert meter.counts() == {"main.read": 1}
    store.audit(KEY)
    assert meter.counts() == {"main.read": 3}
    store.audit(ConnectionKey("microsoft_teams", "a@b.org"))
    assert meter.counts() == {"main.read": 4}


def test_a_flow_is_two_writes_and_its_outcome_one_read(
    activity: ActivityStore, meter: OperationMeter
) -> None:
    """Spent and noted; a state refused is not written; an unknown handle is looked up too."""
    activity.spend(mark("a"))
    with pytest.raises(FlowAlreadyUsedError):
        activity.spend(mark("a"))
    activity.note(mark("a", outcome="connected"))
    assert meter.counts() == {"activity.write": 2}
    meter.reset()
    activity.by_handle("handle")
    activity.by_handle("unknown")
    assert meter.counts() == {"activity.read": 2}


def test_the_ledger_is_counted(activity: ActivityStore, meter: OperationMeter) -> None:
    """An entry is one write once; reading it back is a read for each, one at least."""
    activity.entries()
    assert meter.counts() == {"activity.read": 1}
    meter.reset()
    for entry in (ledger_entry(7), ledger_entry(7), ledger_entry(8)):
        activity.enter(entry)
    assert meter.counts() == {"activity.write": 2}
    meter.reset()
    activity.entries()
    assert meter.counts() == {"activity.read": 2}


def test_a_session_is_checked_with_one_read(activity: ActivityStore, meter: OperationMeter) -> None:
    """However many sign-outs the person has; each sign-out is one write."""
    activity.sign_out(ANNA, "s1", AT + timedelta(hours=8))
    activity.sign_out(ANNA, "s2", AT + timedelta(hours=8))
    activity.sign_out_everywhere(ANNA, AT)
    assert meter.counts() == {"activity.write": 3}
    meter.reset()
    activity.sign_outs(ANNA)
    activity.sign_outs(BERT)
    assert meter.counts() == {"activity.read": 2}


def test_a_meter_counts_and_forgets() -> None:
    """Counts add up until the reset; what never happened is not named."""
    meter = OperationMeter()
    meter.count("kms")
    meter.count("kms", 2)
    meter.count("main.write", 0)
    assert meter.counts() == {"kms": 3}
    meter.reset()
    assert meter.counts() == {}


def test_no_meter_takes_every_count() -> None:
    """Production counts nothing itself."""
    NoMeter().count("kms", 2)
