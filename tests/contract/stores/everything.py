"""Every use of both Firestore databases once, and what went over the line meanwhile."""

from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import product
from typing import Any, cast

import pytest

from multi_user_oauth.errors import ConflictError, FlowAlreadyUsedError
from multi_user_oauth.model import SHARDS, Batch, ConnectionStatus, Kind
from multi_user_oauth.ports import KeptRead, LastUse, Use
from multi_user_oauth.stores.firestore import FirestoreMainStore
from multi_user_oauth.stores.firestore_activity import FirestoreActivityStore
from multi_user_oauth.stores.meter import OperationMeter
from tests.contract.stores.lines import Line, connect
from tests.contract.stores.samples import (
    ANNA,
    AT,
    BERT,
    FAILURE,
    KEY,
    attempt,
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
from tests.support.clock import ManualClock


class Recorder(Line):
    """Remembers what was called, how long it may take, what was written, and what it will cost."""

    def __init__(self) -> None:
        self.methods: set[str] = set()
        self.timeouts: set[float | None] = set()
        self.transactions: set[bytes] = set()
        self.written: list[Any] = []
        self.queries: list[Any] = []
        self.reads = 0
        self._writes: list[Any] = []
        self._found = 0

    def sent(self, method: str, request: Any, timeout: float | None) -> None:  # noqa: ANN401  # reason: any request
        """Note a request."""
        self.methods.add(method)
        self.timeouts.add(timeout)
        self.transactions.add(request.transaction)
        self._writes = list(request.writes) if method == "Commit" else []
        self._found = 0
        if method == "RunQuery":
            self.queries.append(request.structured_query)
        if method == "RunAggregationQuery":
            self.queries.append(request.structured_aggregation_query.structured_query)
        self.reads += method == "RunQuery"  # which costs one also where nothing is found

    def received(self, method: str, answer: Any) -> None:  # noqa: ANN401  # reason: any answer
        """Note what was found, or has landed."""
        if method == "Commit":
            self.written += self._writes
        elif method == "BatchGetDocuments":
            self.reads += 1
        elif method == "RunAggregationQuery":
            (number,) = answer.result.aggregate_fields.values()
            self.reads += max(1, -(-number.integer_value // 1000))
        elif answer.HasField("document"):
            self._found += 1
            self.reads += self._found > 1


class Noted:
    """A store that remembers which of its methods were asked for."""

    def __init__(self, store: object) -> None:
        self._store = store
        self.used: set[str] = set()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # reason: as the store's own
        self.used.add(name)
        return getattr(self._store, name)


@dataclass
class World:
    """Both databases, each with its recorder and its meter."""

    main: FirestoreMainStore
    activity: FirestoreActivityStore
    main_line: Recorder
    activity_line: Recorder
    meter: OperationMeter


def open_both(address: str, project: str) -> World:
    """Return both databases, each through its recorder."""
    lines, meter = (Recorder(), Recorder()), OperationMeter()
    main, activity = (
        connect(address, project, name, line)
        for name, line in zip(("main", "activity"), lines, strict=True)
    )
    return World(
        cast("FirestoreMainStore", Noted(FirestoreMainStore(main, meter=meter))),
        cast(
            "FirestoreActivityStore",
            Noted(FirestoreActivityStore(activity, now=ManualClock(), meter=meter)),
        ),
        *lines,
        meter,
    )


def use_everything(world: World) -> None:
    """Call each method of each port, those that are refused too."""
    claim_and_ask(world.main)
    rewrap_all(world.main)
    change_and_revoke(world.main)
    erase_it(world.main)
    use_activity(world.activity)


def use_activity(activity: FirestoreActivityStore) -> None:
    """Call each method of the other database."""
    activity.spend(mark("a"))
    with pytest.raises(FlowAlreadyUsedError):
        activity.spend(mark("a"))
    activity.note(mark("a", outcome="connected"))
    activity.note(mark("b", outcome="connected"))
    activity.by_handle("handle")
    activity.by_handle("unknown")
    for _ in range(2):
        activity.enter(ledger_entry())
        activity.sign_out(ANNA, "s1", AT)
        activity.sign_out_everywhere(BERT, AT)
        activity.saw_key_versions(Kind.ACCESS, ["1", "2"], AT)
        activity.note_use(KEY, LastUse(agent="assistant", action="read", purpose="", at=AT))
    activity.uses(KEY)
    use = Use(actor="agent:a", key=KEY, outcome="released")
    activity.keep_read(KeptRead(use=use, at=AT, mark="a1", until=AT))
    activity.kept_reads(KEY, after=None, limit=5)
    activity.entries()
    activity.sign_outs(ANNA)
    remember_trouble(activity)
    send_once(activity)
    forget_all(activity)
    activity.key_versions(Kind.ACCESS)


def remember_trouble(activity: FirestoreActivityStore) -> None:
    """Write each field of a breaker, and suspects over one another; some steps are refused."""
    before = activity.breaker(KEY.connector_type)
    activity.keep_breaker(before, breaker())
    with pytest.raises(ConflictError):
        activity.keep_breaker(before, breaker())
    activity.keep_breaker(activity.breaker(KEY.connector_type), breaker())
    for number in (1, 2):
        activity.suspect(suspect(number))
    activity.suspects(KEY.connector_type, after=None, limit=5)
    activity.clear_suspect(suspect(1))
    activity.clear_suspect(suspect(2))
    activity.clear_suspect(suspect(2))
    activity.suspect(suspect(3))


def send_once(activity: FirestoreActivityStore) -> None:
    """Look for an attempt, write it, and write over it, once too often."""
    sent = attempt()
    activity.attempt(sent.id)
    kept = activity.keep_attempt(None, sent)
    activity.keep_attempt(kept, replace(sent, handle="another"))
    for old in (None, kept):
        with pytest.raises(ConflictError):
            activity.keep_attempt(old, sent)
    activity.attempt(sent.id)


def claim_and_ask(store: FirestoreMainStore) -> None:
    """Make a connection, claim and release it, and list it."""
    store.read(KEY)
    before = put(store, connection())
    claimed = store.claim(before, "lease")
    with pytest.raises(ConflictError):
        store.claim(before, "another")
    store.release(before, FAILURE)
    store.release(claimed, FAILURE)
    store.by_identity(ANNA)
    store.by_identity(BERT)
    for filters in product((None, KEY.connector_type), (None, ConnectionStatus.ACTIVE)):
        store.page(connector_type=filters[0], status=filters[1], after=None, limit=5)
    for status in (None, ConnectionStatus.ACTIVE):
        store.beginning(KEY.document_id, status=status, after=None, limit=5)
    store.types()
    for connector_type in (None, KEY.connector_type):
        store.ending(connector_type=connector_type, by=AT, after=None, limit=5)
    store.count(KEY.connector_type, ConnectionStatus.ACTIVE)
    store.count_ending(KEY.connector_type, AT)
    store.due(KEY.connector_type, range(SHARDS), by=AT, limit=5)
    later = AT + timedelta(days=1)
    page = store.due(KEY.connector_type, [KEY.shard], by=later, limit=1)
    assert page.next_after is not None
    store.due(KEY.connector_type, [KEY.shard], by=later, limit=1, after=page.next_after)
    store.postpone(before, later)
    store.postpone(get(store), later)


def rewrap_all(store: FirestoreMainStore) -> None:
    """Walk over everything and wrap the connection again, once too often."""
    (found,) = store.snapshots(after=None, limit=5)
    store.revocations(after=KEY.document_id, limit=5)
    store.rescues(after=None, limit=5)
    store.rewrap(found, sealed_access=b"a", sealed_refresh=b"r")
    with pytest.raises(ConflictError):
        store.rewrap(found, sealed_access=b"a", sealed_refresh=b"r")


def change_and_revoke(store: FirestoreMainStore) -> None:
    """Adopt a rescued credential, disconnect, connect again, and read the audit."""
    before = get(store)
    kept = rescue(before.connection)
    store.rescue(kept)
    store.rescue(kept)
    store.rescued(KEY, kept.connection.epoch, kept.used_generation)
    step = change(before, refreshed(before))
    store.commit(Batch(changes=(step,), adopted_rescue=kept.document_id))
    before = get(store)
    opens = revocation(before.connection)
    store.commit(Batch(changes=(change(before, tombstone(before)),), opens=opens))
    found = store.revocation(KEY, before.connection.epoch)
    assert found is not None
    claimed_revocation = store.claim_revocation(found, "lease")
    store.rewrap_revocation(claimed_revocation, sealed_refresh=b"r")
    wrapped = store.revocation(KEY, before.connection.epoch)
    again = change(get(store), connection(step=9))
    store.commit(Batch(changes=(again,), cancels=wrapped))
    with pytest.raises(ConflictError):
        store.finish_revocation(claimed_revocation)
    store.audit(KEY)
    store.audit_after(KEY, 1, limit=1)
    store.all_audit(after=None, limit=5)
    store.all_heads(after=KEY.document_id, limit=5)


def erase_it(store: FirestoreMainStore) -> None:
    """Erase a connection with all that lies aside, once too often."""
    kept = rescue(get(store).connection)
    store.rescue(kept)
    store.unfinished(after=None, limit=5)
    store.forget_rescue(replace(kept, used_generation=9))
    ended = get(store)
    store.erase(ended)
    with pytest.raises(ConflictError):
        store.erase(ended)


def forget_all(activity: FirestoreActivityStore) -> None:
    """Forget who used a connection, what was sent, disconnects and sign-outs, once too often."""
    for _ in range(2):
        for entry in activity.disconnects(KEY):
            activity.forget_disconnect(entry)
        activity.forget_disconnect(ledger_entry())
        activity.forget_uses(KEY)
        activity.forget_reads(KEY)
        activity.forget_attempts(KEY)
        activity.forget_sign_outs(BERT, until=AT + timedelta(days=2))
    activity.forget_sign_outs(ANNA, until=AT)
