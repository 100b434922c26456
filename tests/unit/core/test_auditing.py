"""The whole audit held against itself, the connections and the log: each thing that is wrong is named."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from multi_user_oauth.audit import Trouble, record_hash
from multi_user_oauth.auditing.anchors import anchors_in
from multi_user_oauth.auditing.part import Part, key_of_id, place_of
from multi_user_oauth.auditing.verify import VerifyAudit
from multi_user_oauth.errors import ConfigurationError, StoreUnavailableError
from multi_user_oauth.log import JsonFormatter
from multi_user_oauth.model import AuditHead, AuditRecord, Batch, ConnectionKey
from multi_user_oauth.ports import Anchor, Erasing
from multi_user_oauth.stores.sqlite_anchors import SqliteAnchors
from tests.contract.stores.samples import AT, connection, get
from tests.support.audit_chains import (
    EVERYTHING,
    FILE,
    anchor_line,
    chain,
    erasing_line,
    person,
    told,
    verified,
    write_chains,
    write_connection,
    write_record,
)
from tests.support.clock import ManualClock
from tests.support.stores import FaultyStore, main_store
from tests.support.world import ADA, World

LENGTH = 5
ANNA, BERT, CARL = map(person, range(3))
Edit = Callable[[sqlite3.Connection], object]


@pytest.fixture
def store(tmp_path: Path) -> FaultyStore:
    """Three connections with five records each."""
    write_chains(tmp_path, (ANNA, BERT, CARL), LENGTH)
    return FaultyStore(main_store(tmp_path, ManualClock()))


@pytest.fixture
def database(tmp_path: Path, store: FaultyStore) -> Iterator[sqlite3.Connection]:
    """The same database, for somebody who may write to it past us."""
    del store
    with closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as opened:
        yield opened


def records(key: ConnectionKey) -> list[AuditRecord]:
    """Return the records as they were written."""
    return [each.audit for each in chain(key, LENGTH)]


def log() -> list[str]:
    """Return the log, in the order in which things happened, with lines of other kinds."""
    lines = [anchor_line(each) for key in (ANNA, BERT, CARL) for each in records(key)]
    return ["started\n", '{"message": "token", "outcome": "released"}\n', *sorted(lines)]


def test_what_is_whole_is_whole(store: FaultyStore) -> None:
    """Nothing is found; all was looked at, and nothing twice."""
    findings, verify = verified(store, log())
    assert findings == []
    assert (verify.records, verify.connections) == (15, 3)
    assert store.calls.count("read") == 0


def test_an_empty_database_is_whole(tmp_path: Path) -> None:
    """But not what the log says was in it."""
    store = main_store(tmp_path, ManualClock())
    assert verified(store)[0] == []
    assert told(verified(store, log())[0])[0] == (str(ANNA), 1, "gone")


def test_a_deleted_record_is_named(store: FaultyStore, database: sqlite3.Connection) -> None:
    """N93: by its connection and sequence; the log's anchor of it, too."""
    database.execute("DELETE FROM audit WHERE id = ?", (records(BERT)[2].document_id,))
    assert told(verified(store)[0]) == [(str(BERT), 3, "missing")]
    assert told(verified(store, log())[0]) == [
        (str(BERT), 3, "missing"),
        (str(BERT), 3, "anchor_not_met"),
    ]


def test_an_edited_record_is_named(store: FaultyStore, database: sqlite3.Connection) -> None:
    """N93: whether its hash is left as it was, or made to fit again."""
    edited = replace(records(BERT)[2], actor="person:nobody")
    write_record(database, edited)
    assert told(verified(store, log())[0]) == [(str(BERT), 3, "altered")]

    write_record(database, replace(edited, hash=record_hash(edited)))
    assert told(verified(store)[0]) == [(str(BERT), 4, "unlinked")]
    assert told(verified(store, log())[0]) == [
        (str(BERT), 3, "anchor_not_met"),
        (str(BERT), 4, "unlinked"),
    ]


def test_records_that_changed_places_are_named(
    store: FaultyStore, database: sqlite3.Connection
) -> None:
    """N93: as they lie, under each other's names; or numbered anew, so that they look in order."""
    second, third = records(BERT)[1:3]
    swap = "UPDATE audit SET body = (SELECT body FROM audit WHERE id = ?) WHERE id = ?"
    database.execute(swap, (second.document_id, third.document_id))
    assert told(verified(store)[0]) == [(str(BERT), 3, "unreadable")]

    for record, sequence in ((second, 3), (third, 2)):
        moved = replace(record, sequence=sequence)
        write_record(database, replace(moved, hash=record_hash(moved)))
    assert told(verified(store)[0]) == [(str(BERT), n, "unlinked") for n in (2, 3, 4)]


def test_a_chain_that_was_cut_at_its_end_is_named(
    store: FaultyStore, database: sqlite3.Connection
) -> None:
    """N93: the connection still speaks of the newest one; if it was made not to, the log does."""
    for record in records(BERT)[3:]:
        database.execute("DELETE FROM audit WHERE id = ?", (record.document_id,))
    assert told(verified(store)[0]) == [(str(BERT), 5, "cut")]

    write_connection(database, list(chain(BERT, 3))[-1].after)
    assert told(verified(store)[0]) == []
    assert told(verified(store, log())[0]) == [(str(BERT), n, "anchor_not_met") for n in (4, 5)]


def test_a_chain_that_was_written_anew_is_named_by_the_log(
    store: FaultyStore, database: sqlite3.Connection
) -> None:
    """N93: it fits itself and its connection; but from the first edited record on, not the log."""
    head = records(BERT)[1]
    for record in records(BERT)[2:]:
        anew = replace(record, sequence=head.sequence + 1, previous=head.hash, actor="nobody")
        head = replace(anew, hash=record_hash(anew))
        write_record(database, head)
    forged = AuditHead(head.sequence, head.hash)
    write_connection(database, replace(list(chain(BERT, LENGTH))[-1].after, audit=forged))
    assert told(verified(store)[0]) == []
    assert told(verified(store, log())[0]) == [(str(BERT), n, "anchor_not_met") for n in (3, 4, 5)]


def test_a_record_too_many_is_named(store: FaultyStore, database: sqlite3.Connection) -> None:
    """N93: one that fits, but of which the connection knows nothing."""
    write_record(database, list(chain(BERT, LENGTH + 1))[-1].audit)
    assert told(verified(store)[0]) == [(str(BERT), 6, "not_the_head")]


def test_a_head_with_another_hash_is_named(
    store: FaultyStore, database: sqlite3.Connection
) -> None:
    """N93: the last record was exchanged for one that fits."""
    last = replace(records(BERT)[-1], actor="person:nobody")
    write_record(database, replace(last, hash=record_hash(last)))
    assert told(verified(store)[0]) == [(str(BERT), 5, "not_the_head")]


def test_a_record_without_its_connection_is_named(
    store: FaultyStore, database: sqlite3.Connection
) -> None:
    """N93: a connection is never deleted, a disconnect leaves a tombstone."""
    database.execute("DELETE FROM connections WHERE id = ?", (BERT.document_id,))
    assert told(verified(store, log())[0]) == [(str(BERT), 5, "no_connection")]


def test_a_connection_without_any_record_is_named(
    store: FaultyStore, database: sqlite3.Connection
) -> None:
    """N93: whether or not it says that there was one; the first, one in the middle and the last."""
    database.execute("DELETE FROM audit")
    write_connection(database, replace(connection(CARL), audit=AuditHead(0, "")))
    assert told(verified(store)[0]) == [
        (str(ANNA), 5, "cut"),
        (str(BERT), 5, "cut"),
        (str(CARL), 1, "cut"),
    ]


def test_a_connection_without_records_between_others_is_named(
    store: FaultyStore, database: sqlite3.Connection
) -> None:
    """N93: and those others are looked at once."""
    database.execute("DELETE FROM audit WHERE connection = ?", (BERT.document_id,))
    findings, verify = verified(store)
    assert told(findings) == [(str(BERT), 5, "cut")]
    assert (verify.connections, verify.records) == (3, 10)
    assert store.calls.count("read") == 1


def test_a_connection_of_which_nothing_is_left_is_named_by_the_log(
    store: FaultyStore, database: sqlite3.Connection
) -> None:
    """N93: each anchor of it, unless the log says that somebody erased it."""
    database.execute("DELETE FROM connections WHERE id = ?", (BERT.document_id,))
    database.execute("DELETE FROM audit WHERE connection = ?", (BERT.document_id,))
    assert verified(store)[0] == []
    findings, verify = verified(store, log())
    assert told(findings) == [(str(BERT), n + 1, "gone") for n in range(LENGTH)]
    assert verify.erased == 0


@pytest.mark.parametrize("table", ["audit", "connections"])
def test_what_can_not_be_read_is_named_and_hides_nothing(
    store: FaultyStore, database: sqlite3.Connection, table: str
) -> None:
    """N93: neither the next record nor the next connection."""
    name = records(BERT)[2].document_id if table == "audit" else BERT.document_id
    database.execute(f"UPDATE {table} SET body = x'c1' WHERE id = ?", (name,))  # noqa: S608  # reason: a table's name
    database.execute("DELETE FROM audit WHERE id = ?", (records(CARL)[0].document_id,))
    sequence = 3 if table == "audit" else 0
    assert told(verified(store)[0]) == [
        (str(BERT), sequence, "unreadable"),
        (str(CARL), 1, "missing"),
    ]


def test_the_last_record_may_be_the_one_that_can_not_be_read(
    store: FaultyStore, database: sqlite3.Connection
) -> None:
    """Then its place is known; one far behind its place leaves a gap."""
    name = records(BERT)[-1].document_id
    database.execute("UPDATE audit SET body = x'c1' WHERE id = ?", (name,))
    assert told(verified(store)[0]) == [(str(BERT), 5, "unreadable")]
    database.execute("DELETE FROM audit WHERE id = ?", (records(BERT)[-2].document_id,))
    assert told(verified(store)[0]) == [(str(BERT), 4, "missing"), (str(BERT), 5, "unreadable")]


@pytest.mark.parametrize("name", ["nobody", "a:b-0000000000", "a:b-x"])
def test_a_record_of_no_connection_at_all_is_named(
    store: FaultyStore, database: sqlite3.Connection, name: str
) -> None:
    """As it is called."""
    database.execute("INSERT INTO audit VALUES (?, x'c1', 'x', 1)", (name,))
    assert told(verified(store)[0]) == [(name, 0, "unreadable")]


# -- others are at work ---------------------------------------------------------------------------


def go_on(store: FaultyStore, key: ConnectionKey) -> None:
    """Let a refresh be committed now."""
    before = get(store, key)
    made = list(chain(key, before.connection.audit.sequence + 1))[-1]
    store.commit(Batch(changes=(replace(made, before=before),)))


@pytest.mark.parametrize("first", ["all_audit", "all_heads"])
def test_what_moves_on_meanwhile_is_not_broken(store: FaultyStore, first: str) -> None:
    """Neither between the two walks nor when it is looked at again, and nor is a new connection."""
    for hook in (lambda: go_on(store, BERT), lambda: go_on(store, BERT)):
        store.meanwhile(first, hook)
    (new,) = chain(person(9), 1)
    store.meanwhile(first, lambda: store.commit(Batch(changes=(new,))))
    store.meanwhile("read", lambda: go_on(store, BERT))
    assert verified(store, log())[0] == []


def test_a_connection_under_whom_records_never_end_is_not_looked_at_for_ever(
    store: FaultyStore, database: sqlite3.Connection
) -> None:
    """Three times; then what is there is what is said."""
    write_record(database, list(chain(BERT, LENGTH + 1))[-1].audit)
    store.calls.clear()
    assert len(verified(store)[0]) == 1
    assert store.calls.count("read") == 3


def test_a_database_that_is_away_is_no_finding(store: FaultyStore) -> None:
    """It is said to be away."""
    store.fail_before("all_audit")
    with pytest.raises(StoreUnavailableError):
        verified(store)


# -- parts ----------------------------------------------------------------------------------------


def test_one_types_or_one_persons_alone(tmp_path: Path) -> None:
    """Of many pages; and of those that are not asked for, nothing is said."""
    teams = [ConnectionKey("microsoft_teams", f"p{number}@example.org") for number in range(3)]
    alike = [ConnectionKey("google_workspace", name) for name in ("a@b.co", "a@b.com", "a+@b.co")]
    write_chains(tmp_path, (ANNA, *teams, *alike), 120)
    store = main_store(tmp_path, ManualClock())
    for part, connections in (
        (EVERYTHING, 7),
        (Part(connector_type="microsoft_teams"), 3),
        (Part(connector_type="google_workspace"), 4),
        (Part(user_email="a@b.co"), 1),
        (Part(connector_type="google_workspace", user_email="a@b.co"), 1),
        (Part(connector_type="google_workspace", user_email="nobody@b.co"), 0),
    ):
        findings, verify = verified(store, part=part)
        assert (findings, verify.connections, verify.records) == (
            [],
            connections,
            connections * 120,
        )


def test_an_address_that_looks_like_a_record_confuses_nobody(tmp_path: Path) -> None:
    """Its records stand in the middle of another's."""
    short = ConnectionKey("google_workspace", "a@b.co")
    keys = [short, *(ConnectionKey("google_workspace", f"a@b.co-{n:010}.x") for n in (0, 1, 3))]
    write_chains(tmp_path, keys, LENGTH)
    store = main_store(tmp_path, ManualClock())
    lines = [anchor_line(each) for key in keys for each in records(key)]
    assert verified(store, lines)[0] == []
    assert (
        verified(store, part=Part(connector_type="google_workspace", user_email="a@b.co"))[0] == []
    )
    with closing(sqlite3.connect(tmp_path / FILE)) as database, database:
        database.execute("DELETE FROM audit WHERE id = ?", (records(short)[2].document_id,))
    assert set(told(verified(store)[0])) == {(str(short), 3, "missing")}


def test_ids_are_read_back() -> None:
    """Of every e-mail; a record's too."""
    for key in (ANNA, ConnectionKey("google_workspace", "o'hara+%/é-1@example.org")):
        assert key_of_id(key.document_id) == key
        assert place_of(f"{key.document_id}-0000000007") == (key.document_id, 7)


# -- the log --------------------------------------------------------------------------------------


def test_anchors_are_found_among_all_kinds_of_lines() -> None:
    """Our own lines and what Cloud Logging exports; nothing else is taken for one."""
    record = records(ANNA)[0]
    ours = anchor_line(record)
    exported = {name: value for name, value in json.loads(ours).items() if name != "time"}
    lines = [
        ours,
        json.dumps({"jsonPayload": json.loads(ours), "severity": "INFO"}),
        json.dumps({"jsonPayload": exported, "timestamp": "2026-01-05T09:00:00.123456000Z"}),
        json.dumps({"message": "they said: audit anchor", "sequence": 1}),
        json.dumps(["audit anchor"]),
        json.dumps({"jsonPayload": "audit anchor"}),
        '{"message": "audit anchor", "conn',
        "",
    ]
    anchor = Anchor(connection=str(ANNA), sequence=1, hash=record.hash, at=AT)
    assert list(anchors_in(lines, "log")) == [anchor] * 3
    erasing = Erasing(connection=str(ANNA), sequence=1, hash=record.hash, at=AT)
    assert list(anchors_in([erasing_line(record, AT)], "log")) == [erasing]


def test_the_lines_that_we_log_are_anchors_of_what_we_store(world: World) -> None:
    """As they really are written, a connection's whole life long."""
    world.connect()
    world.expire()
    world.refresh()
    world.disconnect()
    lines = [JsonFormatter().format(record) for record in world.log]
    anchors = list(anchors_in(lines, "log"))
    assert {type(each) for each in anchors} == {Anchor}
    assert [each.hash for each in anchors] == [each.hash for each in world.peek().audit(ADA)]
    assert len(anchors) == 3
    assert verified(world.peek(), lines)[0] == []


@pytest.mark.parametrize("line", [anchor_line, lambda last: erasing_line(last, AT)])
@pytest.mark.parametrize(
    "wrong",
    [
        {"connection": None},
        {"sequence": None},
        {"anchor": None},
        {"time": None},
        {"time": "soon"},
        {"time": "2026-01-05T09:00:00"},  # where?
    ],
)
def test_an_anchor_that_does_not_say_it_all_is_refused(
    line: Callable[[AuditRecord], str], wrong: dict[str, object]
) -> None:
    """With its place: passing over it would be to verify less than was asked for."""
    said = json.loads(line(records(ANNA)[0])) | wrong
    with pytest.raises(ConfigurationError, match=r"^my\.log, line 2: an anchor"):
        list(anchors_in(["", json.dumps(said)], "my.log"))


def test_two_anchors_for_one_record_can_not_both_be_met(store: FaultyStore) -> None:
    """As after a restore: the log remembers both."""
    other = replace(records(BERT)[1], hash="0" * 64)
    assert told(verified(store, [*log(), anchor_line(other)])[0]) == [
        (str(BERT), 2, "anchor_not_met")
    ]


def test_anchors_that_can_not_be_kept_are_for_later() -> None:
    """A full disk is not a broken chain."""
    with SqliteAnchors() as shelf:
        assert shelf.put(anchors_in(log(), "log")) == 15
        assert shelf.put(anchors_in(log(), "log")) == 15
    for use in (lambda: shelf.put(()), lambda: list(shelf.of("x")), lambda: shelf.forget("x")):
        with pytest.raises(StoreUnavailableError):
            use()


def test_without_a_log_the_chains_alone_are_verified(store: FaultyStore) -> None:
    """Which is said to be less."""
    assert list(VerifyAudit(store=store, part=EVERYTHING).findings()) == []


def test_each_trouble_is_a_sentence() -> None:
    """For whoever reads it at night."""
    assert {len(each.meaning) > 10 for each in Trouble} == {True}
