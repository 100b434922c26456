"""Contract of `ConnectionWriter.commit`: each change on the condition that it is as it was read."""

from dataclasses import replace

import pytest

from multi_user_oauth.errors import ConflictError
from multi_user_oauth.model import Batch, ConnectionKey
from tests.contract.stores.samples import (
    BERT,
    FAILURE,
    KEY,
    change,
    connection,
    get,
    put,
    record,
    refreshed,
    tombstone,
)
from tests.support.stores import MainStore

OTHER = ConnectionKey("microsoft_teams", "anna@example.org")


def test_a_commit_writes_the_connection_and_its_audit_record(store: MainStore) -> None:
    """Both are there afterwards."""
    claimed = store.claim(put(store, connection()), "lease-1")
    after = refreshed(claimed)
    store.commit(Batch(changes=(change(claimed, after),)))
    assert get(store).connection == after
    assert store.audit(KEY) == (record(connection()), record(after))


def test_the_commit_id_is_read_back(store: MainStore) -> None:
    """After a lost answer the record itself says whose commit landed."""
    before = put(store, connection())
    store.commit(Batch(changes=(change(before, refreshed(before)),)))
    assert get(store).connection.commit_id == "commit-2"


def test_a_new_connection_must_not_be_there(store: MainStore) -> None:
    """Two first sign-ins at once: the second is refused."""
    before = put(store, connection())
    with pytest.raises(ConflictError):
        store.commit(Batch(changes=(change(None, replace(connection(step=2), identity=BERT)),)))
    assert get(store) == before


def test_a_tombstone_is_not_taken_for_nothing(store: MainStore) -> None:
    """A reconnect must have read the tombstone, or its epoch would begin anew."""
    before = put(store, connection())
    store.commit(Batch(changes=(change(before, tombstone(before)),)))
    with pytest.raises(ConflictError):
        store.commit(Batch(changes=(change(None, connection(step=3)),)))
    assert get(store).connection == tombstone(before)


def test_a_late_refresh_does_not_resurrect_a_tombstone(store: MainStore) -> None:
    """A refresh that began before the disconnect ends in a conflict, whatever it was given."""
    claimed = store.claim(put(store, connection()), "lease-1")
    store.commit(Batch(changes=(change(claimed, tombstone(claimed)),)))
    late = replace(refreshed(claimed), audit=replace(refreshed(claimed).audit, sequence=9))
    with pytest.raises(ConflictError):
        store.commit(Batch(changes=(change(claimed, late),)))
    store.release(claimed, FAILURE)
    assert get(store).connection == tombstone(claimed)


def test_a_reconnect_over_a_tombstone_that_was_read_is_written(store: MainStore) -> None:
    """The tombstone's snapshot is the precondition of the new connection."""
    before = put(store, connection())
    store.commit(Batch(changes=(change(before, tombstone(before)),)))
    gone = get(store)
    again = connection(step=3)
    store.commit(Batch(changes=(change(gone, again),)))
    assert get(store).connection == again


def test_an_audit_record_is_created_once(store: MainStore) -> None:
    """A second record of one sequence is refused, and the connection with it."""
    before = put(store, connection())
    twice = replace(refreshed(before), audit=before.connection.audit)
    with pytest.raises(ConflictError):
        store.commit(Batch(changes=(change(before, twice),)))
    assert get(store) == before
    assert store.audit(KEY) == (record(connection()),)


def test_two_connections_change_as_one(store: MainStore) -> None:
    """A connect that supersedes another connection writes both, and both audit records."""
    old = put(store, connection(KEY))
    store.commit(Batch(changes=(change(None, connection(OTHER)), change(old, tombstone(old)))))
    assert get(store, KEY).connection == tombstone(old)
    assert get(store, OTHER).connection == connection(OTHER)
    assert len(store.audit(KEY)) == 2
    assert len(store.audit(OTHER)) == 1
