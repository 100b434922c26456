"""Chains that somebody erased: the log says so, and excuses those alone."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from multi_user_oauth.audit import record_hash
from multi_user_oauth.model import AuditRecord, ConnectionKey
from multi_user_oauth.stores.sqlite import SqliteMainStore
from tests.contract.stores.samples import AT
from tests.support.audit_chains import (
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
from tests.support.stores import main_store

LENGTH = 5
BERT, CARL = map(person, range(2))
ERASED_AT = AT + timedelta(days=99)


@pytest.fixture
def store(tmp_path: Path) -> SqliteMainStore:
    """Two connections with five records each."""
    write_chains(tmp_path, (BERT, CARL), LENGTH)
    return main_store(tmp_path, ManualClock())


@pytest.fixture
def database(tmp_path: Path, store: SqliteMainStore) -> Iterator[sqlite3.Connection]:
    """The same database, for somebody who may write to it past us."""
    del store
    with closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as opened:
        yield opened


def records(key: ConnectionKey) -> list[AuditRecord]:
    """Return the records as they were written."""
    return [each.audit for each in chain(key, LENGTH)]


def log() -> list[str]:
    """Return the anchors of all of them."""
    return [anchor_line(each) for key in (BERT, CARL) for each in records(key)]


def drop(database: sqlite3.Connection, key: ConnectionKey) -> None:
    """Take a connection and its chain away."""
    database.execute("DELETE FROM connections WHERE id = ?", (key.document_id,))
    database.execute("DELETE FROM audit WHERE connection = ?", (key.document_id,))


def begin_anew(database: sqlite3.Connection, length: int) -> list[AuditRecord]:
    """Let Bert connect again after he was erased, and return his new records."""
    changes = list(chain(BERT, length, since=ERASED_AT + timedelta(days=1)))
    for each in changes:
        write_record(database, each.audit)
    write_connection(database, changes[-1].after)
    return [each.audit for each in changes]


def test_a_chain_that_the_log_says_was_erased_is_not_missed(
    store: SqliteMainStore, database: sqlite3.Connection
) -> None:
    """It is counted; another one, of which no log says so, is still named."""
    drop(database, BERT)
    lines = [erasing_line(records(BERT)[-1], ERASED_AT), *log()]
    findings, verify = verified(store, lines)
    assert (findings, verify.erased) == ([], 1)

    drop(database, CARL)
    findings, verify = verified(store, lines)
    assert told(findings) == [(str(CARL), n + 1, "gone") for n in range(LENGTH)]
    assert verify.erased == 1


def test_who_was_erased_and_connects_again_is_verified_as_others_are(
    store: SqliteMainStore, database: sqlite3.Connection
) -> None:
    """N93: the erased chain is counted, and excuses nothing that came after it."""
    drop(database, BERT)
    anew = begin_anew(database, 3)
    lines = [*log(), erasing_line(records(BERT)[-1], ERASED_AT), *map(anchor_line, anew)]
    findings, verify = verified(store, lines)
    assert (findings, verify.erased) == ([], 1)

    forged = replace(anew[-1], actor="person:nobody")
    write_record(database, replace(forged, hash=record_hash(forged)))
    assert told(verified(store, lines)[0]) == [
        (str(BERT), 3, "anchor_not_met"),
        (str(BERT), 3, "not_the_head"),
    ]
    drop(database, BERT)
    findings, verify = verified(store, lines)
    assert told(findings) == [(str(BERT), n, "gone") for n in (1, 2, 3)]
    assert verify.erased == 1


def test_what_was_erased_must_have_been_the_whole_chain(
    store: SqliteMainStore, database: sqlite3.Connection
) -> None:
    """N93: who cut or rewrote it before it was erased is found out by what was erased last."""
    drop(database, BERT)
    cut = erasing_line(records(BERT)[2], ERASED_AT)
    assert told(verified(store, [*log(), cut])[0]) == [(str(BERT), n, "gone") for n in (4, 5)]
    rewritten = erasing_line(replace(records(BERT)[-1], hash="0" * 64), ERASED_AT)
    assert told(verified(store, [*log(), rewritten])[0]) == [(str(BERT), 5, "gone")]


def test_what_was_only_to_be_erased_is_still_held_against_the_log(
    store: SqliteMainStore, database: sqlite3.Connection
) -> None:
    """The line comes first; if the erasing itself failed, the chain is there, and not counted."""
    lines = [*log(), erasing_line(records(BERT)[-1], ERASED_AT)]
    findings, verify = verified(store, lines)
    assert (findings, verify.erased) == ([], 0)
    database.execute("DELETE FROM audit WHERE id = ?", (records(BERT)[1].document_id,))
    assert told(verified(store, lines)[0]) == [(str(BERT), 2, "missing")]
