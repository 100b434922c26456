"""Contract of `AuditWalk`."""

from multi_user_oauth.model import AuditRecord, Batch, ConnectionKey
from multi_user_oauth.stores.meter import OperationMeter
from tests.contract.stores.samples import KEY, change, connection, get, put, refreshed, tombstone
from tests.support.stores import MainStore

KEYS = (
    ConnectionKey("google_workspace", "a@b.co"),
    ConnectionKey("google_workspace", "a@b.com"),
    ConnectionKey("google_workspace", "o'hara+x@example.org"),
    ConnectionKey("microsoft_teams", "a@b.co"),
)


def fill(store: MainStore) -> list[AuditRecord]:
    """Let four be connected and refreshed, the first disconnected; return the records, as they lie."""
    for key in KEYS[::-1]:
        put(store, connection(key))
        before = get(store, key)
        store.commit(Batch(changes=(change(before, refreshed(before)),)))
    before = get(store, KEYS[0])
    store.commit(Batch(changes=(change(before, tombstone(before)),)))
    records = [record for key in KEYS for record in store.audit(key)]
    return sorted(records, key=lambda record: record.document_id)


def test_an_empty_database_has_none(store: MainStore) -> None:
    """Neither records nor heads."""
    assert store.all_audit(after=None, limit=5) == ()
    assert store.all_heads(after=KEY.document_id, limit=5) == ()


def test_every_record_is_walked_over_once(store: MainStore) -> None:
    """Page by page; each connection's by their sequence."""
    records = fill(store)
    for limit in (1, 2, 4, 9, 20):
        found: list[AuditRecord | None] = []
        after = None
        while page := store.all_audit(after=after, limit=limit):
            assert len(page) <= limit
            found += [each.value for each in page]
            after = page[-1].name
        assert found == records
        assert after == records[-1].document_id
    assert [record.sequence for record in records if record.key == KEYS[0]] == [1, 2, 3]


def test_every_head_is_walked_over_once(store: MainStore) -> None:
    """Tombstones' too; by the connections' ids."""
    fill(store)
    whole = store.all_heads(after=None, limit=9)
    assert [each.name for each in whole] == sorted(key.document_id for key in KEYS)
    assert {each.name: each.value for each in whole} == {
        key.document_id: get(store, key).connection.audit for key in KEYS
    }
    assert store.all_heads(after=whole[0].name, limit=2) == whole[1:3]


def test_a_walk_is_a_read_for_each(store: MainStore, meter: OperationMeter) -> None:
    """One at least; nothing is written."""
    fill(store)
    meter.reset()
    store.all_audit(after=None, limit=4)
    store.all_heads(after=None, limit=3)
    assert meter.counts() == {"main.read": 4 + 3}
    store.all_audit(after="zzz", limit=4)
    assert meter.counts() == {"main.read": 4 + 3 + 1}
