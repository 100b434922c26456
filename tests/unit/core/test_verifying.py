"""One connection's chain, verified for somebody who waits: what is looked at, and what is found."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from multi_user_oauth.audit import audited, record_hash
from multi_user_oauth.auditing.connection import Verified, VerifyConnection
from multi_user_oauth.auditing.walk import AT_ONCE
from multi_user_oauth.errors import NotConnectedError
from multi_user_oauth.model import (
    AuditHead,
    AuditRecord,
    Batch,
    Caller,
    ConnectionKey,
    Person,
    Policy,
    Snapshot,
    System,
)
from multi_user_oauth.stores.meter import OperationMeter
from tests.contract.stores.samples import ANNA, AT, BERT, get
from tests.support.audit_chains import (
    FILE,
    chain,
    person,
    write_chains,
    write_connection,
    write_record,
)
from tests.support.clock import ManualClock
from tests.support.stores import FaultyStore, main_store
from tests.support.world import ADA, ADA_HERSELF, ADA_ID, AGENT, BOB_ID, World

KEY = person(1)
LENGTH = 9
OWNER = Person(identities=frozenset({ANNA}), email=KEY.user_email)
ADMIN = Person(identities=frozenset({BERT}), email="b@example.org", is_admin=True)
AUDITOR = Person(identities=frozenset({BERT}), email="b@example.org", is_auditor=True)
STRANGER = Person(identities=frozenset({BERT}), email=KEY.user_email)
BOB_HIMSELF = Person(identities=frozenset({BOB_ID}), email="ada@example.com")


@pytest.fixture
def meter() -> OperationMeter:
    """What was read."""
    return OperationMeter()


@pytest.fixture
def store(tmp_path: Path, meter: OperationMeter) -> FaultyStore:
    """A connection of nine records, with neighbours on both sides."""
    write_chains(tmp_path, (person(0), KEY, person(2)), LENGTH)
    return FaultyStore(main_store(tmp_path, ManualClock(), meter))


@pytest.fixture
def database(tmp_path: Path, store: FaultyStore) -> Iterator[sqlite3.Connection]:
    """The same, for somebody who may write past us."""
    del store
    with closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as opened:
        yield opened


def verify(
    store: FaultyStore, caller: Caller = ADMIN, key: ConnectionKey = KEY, *, most: int = 100
) -> Verified:
    """Return what is found."""
    use_case = VerifyConnection(store=store, policy=Policy, now=lambda: AT, most=most)
    return use_case.verify(caller, key)


def records() -> list[AuditRecord]:
    """Return the records as they were written."""
    return [change.audit for change in chain(KEY, LENGTH)]


@pytest.mark.parametrize("caller", [OWNER, ADMIN, AUDITOR, System(name="operator")])
def test_an_honest_chain_verifies(
    store: FaultyStore, meter: OperationMeter, caller: Caller
) -> None:
    """For its person and for whoever sees all; it costs the connection, its records and one more."""
    meter.reset()
    assert verify(store, caller) == Verified(records=LENGTH, begins=1, trouble=None)
    assert meter.counts() == {"main.read": 1 + LENGTH + 1}


def test_who_may_not_read_the_audit_learns_nothing(store: FaultyStore) -> None:
    """N37: as if it did not exist; an agent and a person by bearer token neither."""
    by_bearer = replace(ADMIN, by_bearer=True)
    for caller in (STRANGER, AGENT, by_bearer):
        for key in (KEY, person(9)):
            with pytest.raises(NotConnectedError) as refused:
                verify(store, caller, key)
            assert str(refused.value) == str(key)


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("DELETE FROM audit WHERE id = ? AND sequence = 1", (1, "missing")),
        ("DELETE FROM audit WHERE id = ? AND sequence = 5", (5, "missing")),
        ("DELETE FROM audit WHERE id = ? AND sequence = 9", (9, "cut")),
        ("UPDATE audit SET body = x'00' WHERE id = ? AND sequence = 5", (5, "unreadable")),
    ],
)
def test_what_was_taken_or_destroyed_is_found(
    store: FaultyStore,
    database: sqlite3.Connection,
    statement: str,
    found: tuple[int, str],
) -> None:
    """The first of it, and where."""
    for each in records():
        database.execute(statement, (each.document_id,))
    assert verify(store).trouble == found


def test_a_record_that_was_altered_is_found(
    store: FaultyStore, database: sqlite3.Connection
) -> None:
    """Its hash fits no longer; made to fit, the next one does not follow it."""
    altered = replace(records()[4], actor="system:nobody")
    write_record(database, altered)
    assert verify(store).trouble == (5, "altered")
    write_record(database, replace(altered, hash=record_hash(altered)))
    assert verify(store).trouble == (6, "unlinked")


def test_a_newest_record_that_is_not_the_connections_is_found(
    store: FaultyStore, database: sqlite3.Connection
) -> None:
    """Rewritten as a whole, or one more than the connection knows of."""
    last = replace(records()[-1], actor="system:nobody")
    write_record(database, replace(last, hash=record_hash(last)))
    assert verify(store).trouble == (LENGTH, "not_the_head")
    *_, change = chain(KEY, LENGTH + 1)
    write_record(database, records()[-1])
    assert verify(store).trouble is None
    write_record(database, change.audit)
    assert verify(store).trouble == (LENGTH + 1, "not_the_head")


def test_a_chain_that_is_gone_is_found(store: FaultyStore, database: sqlite3.Connection) -> None:
    """All of it."""
    database.execute("DELETE FROM audit")
    assert verify(store) == Verified(records=0, begins=1, trouble=(LENGTH, "cut"))  # type: ignore[arg-type]  # reason: its word


@pytest.mark.parametrize("most", [1, 4, 8])
def test_no_more_than_the_newest_are_looked_at(
    store: FaultyStore, database: sqlite3.Connection, meter: OperationMeter, most: int
) -> None:
    """What is wrong before them is not known, and the answer says from where it is."""
    database.execute("DELETE FROM audit WHERE sequence = ?", (LENGTH - most,))
    meter.reset()
    begins = LENGTH - most + 1
    assert verify(store, most=most) == Verified(records=most, begins=begins, trouble=None)
    assert meter.counts() == {"main.read": 1 + most + 1}
    database.execute("DELETE FROM audit WHERE sequence = ?", (begins,))
    assert verify(store, most=most).trouble == ((begins, "cut" if most == 1 else "missing"))


def test_a_long_chain_is_read_in_parts(tmp_path: Path, meter: OperationMeter) -> None:
    """Whole, over the edges of what is asked for at once."""
    length = 2 * AT_ONCE + 5
    write_chains(tmp_path, (KEY,), length)
    store = FaultyStore(main_store(tmp_path, ManualClock(), meter))
    assert verify(store, most=length) == Verified(records=length, begins=1, trouble=None)
    assert verify(store, most=length - 7).begins == 8


@pytest.mark.parametrize("times", [1, 2])
def test_what_is_written_meanwhile_is_no_trouble(store: FaultyStore, times: int) -> None:
    """Others go on working: the connection is read again, and what it says then is there."""

    def written() -> None:
        before = get(store, KEY)
        after = replace(before.connection, generation=before.connection.generation + 1)
        step = audited(before, after, action="refreshed", actor="x", at=AT)
        store.commit(Batch(changes=(step,)))

    for _ in range(times):
        store.meanwhile("all_audit", written)
    found = verify(store)
    assert found.trouble is None
    assert found.records == LENGTH + times


def test_a_person_is_told_of_their_own_part(world: World) -> None:
    """Who had the e-mail before is not looked at; for an auditor all is."""
    world.connect(ADA, BOB_ID)
    world.disconnect(ADA, BOB_HIMSELF)
    world.connect(ADA, ADA_ID)
    world.disconnect(ADA)
    world.connect(ADA, ADA_ID)
    assert verify(world.store, ADA_HERSELF, ADA) == Verified(records=3, begins=3, trouble=None)
    assert verify(world.store, AUDITOR, ADA) == Verified(records=5, begins=1, trouble=None)
    _, second, _, fourth, _ = world.peek().audit(ADA)
    file = world.path / "main.sqlite3"
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("DELETE FROM audit WHERE sequence = 2")
        assert verify(world.store, ADA_HERSELF, ADA).trouble is None
        assert verify(world.store, AUDITOR, ADA).trouble == (2, "missing")
        database.execute("DELETE FROM audit WHERE sequence = 4")
        assert verify(world.store, ADA_HERSELF, ADA).trouble == (4, "missing")
        for each in (second, fourth):
            write_record(database, each)


def test_neighbours_are_not_taken_for_it(store: FaultyStore, database: sqlite3.Connection) -> None:
    """Not one whose e-mail ends in what looks like the name of one of these records."""
    tricky = ConnectionKey(KEY.connector_type, f"{KEY.user_email}-0000000004.example")
    for change in chain(tricky, 5):
        write_record(database, change.audit)
    write_connection(database, change.after)
    assert verify(store) == Verified(records=LENGTH, begins=1, trouble=None)
    assert verify(store, key=tricky) == Verified(records=5, begins=1, trouble=None)


def test_a_head_that_was_set_back_is_found(
    store: FaultyStore, database: sqlite3.Connection
) -> None:
    """The connection says that an older record is the newest."""
    snapshot: Snapshot = get(store, KEY)
    old = records()[3]
    head = AuditHead(sequence=old.sequence, hash=old.hash)
    write_connection(database, replace(snapshot.connection, audit=head))
    found = verify(store)
    assert found.trouble == (old.sequence + 1, "not_the_head")
