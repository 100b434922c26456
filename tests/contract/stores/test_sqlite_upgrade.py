"""Files of an earlier version, opened by this one."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from multi_user_oauth.errors import StoreUnavailableError
from multi_user_oauth.model import (
    SHARDS,
    Connection,
    ConnectionKey,
    Kind,
    Snapshot,
)
from multi_user_oauth.stores.document import to_document
from multi_user_oauth.stores.sqlite_activity import STEPS
from multi_user_oauth.stores.sqlite_database import Database, script
from multi_user_oauth.stores.sqlite_rows import packed, unpacked
from tests.contract.stores.samples import ANNA, AT, connection, get, mark, put
from tests.contract.stores.sql import sql
from tests.support.clock import ManualClock
from tests.support.stores import activity_store, main_store

MAIN_1 = """
CREATE TABLE connections (
    id TEXT PRIMARY KEY, version INTEGER NOT NULL, body BLOB NOT NULL,
    identity TEXT NOT NULL, connector_type TEXT NOT NULL, status TEXT NOT NULL
);
CREATE INDEX connections_identity ON connections (identity, id);
CREATE INDEX connections_type ON connections (connector_type, id);
CREATE INDEX connections_status ON connections (status, id);
CREATE INDEX connections_type_status ON connections (connector_type, status, id);
CREATE TABLE audit (
    id TEXT PRIMARY KEY, body BLOB NOT NULL, connection TEXT NOT NULL, sequence INTEGER NOT NULL
);
CREATE INDEX audit_connection ON audit (connection, sequence);
CREATE TABLE revocations (id TEXT PRIMARY KEY, version INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE rescue (id TEXT PRIMARY KEY, body BLOB NOT NULL);
"""
"""The main database as version 1 made it; this stands for files that are out there, and never changes."""

ACTIVITY_1 = """
CREATE TABLE flow_marks (
    state_hash TEXT PRIMARY KEY, handle TEXT NOT NULL, expires_at TEXT NOT NULL, outcome TEXT
);
CREATE INDEX flow_marks_handle ON flow_marks (handle, state_hash);
CREATE INDEX flow_marks_end ON flow_marks (expires_at);
CREATE TABLE ledger (id TEXT PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE people (identity TEXT PRIMARY KEY, valid_from TEXT NOT NULL);
CREATE TABLE sign_outs (
    identity TEXT NOT NULL, session_id TEXT NOT NULL, expires_at TEXT NOT NULL,
    PRIMARY KEY (identity, session_id)
);
CREATE INDEX sign_outs_end ON sign_outs (expires_at);
"""

INSERT_1 = (
    "INSERT INTO connections (id, version, body, identity, connector_type, status)"
    " VALUES (?, ?, ?, ?, ?, ?)"
)
TYPE = "google_workspace"
ENDS = connection().access_token_expires_at
VERSION = 7
PEOPLE = [f"person{number:03}" for number in range(200)]


def key(name: str) -> ConnectionKey:
    """Return somebody's key."""
    return ConnectionKey(TYPE, f"{name}@example.org")


def row_1(of: Connection) -> tuple[object, ...]:
    """Return the connection's row as version 1 wrote it, with a field that we do not know."""
    document = to_document(of) | {"favourites": ["kept"]}
    del document["shard"], document["refresh_due_at"]
    identity, kind, status = (document[name] for name in ("identity", "connector_type", "status"))
    return of.key.document_id, VERSION, packed(document), identity, kind, status


def make(path: Path, schema: str) -> None:
    """Make a database of version 1."""
    with Database(path, steps=[script(schema)]).reading():
        pass


def make_main_1(directory: Path, *connections: Connection) -> Path:
    """Make a main database of version 1 and return its path."""
    path = directory / "main.sqlite3"
    make(path, MAIN_1)
    with closing(sqlite3.connect(path)) as database, database:
        database.executemany(INSERT_1, [row_1(each) for each in connections])
    return path


def found(directory: Path) -> dict[str, Snapshot]:
    """Return what is due when all tokens have ended, by the person's name."""
    assert ENDS is not None
    page = main_store(directory, ManualClock()).due(TYPE, range(SHARDS), by=ENDS, limit=1000)
    return {each.connection.key.user_email.partition("@")[0]: each for each in page.snapshots}


def test_an_older_connection_is_due_when_its_token_ends(tmp_path: Path) -> None:
    """It is as it was read before, at its version, and can be found and claimed."""
    make_main_1(tmp_path, *(connection(key(name)) for name in PEOPLE))
    due = found(tmp_path)
    assert list(due) == PEOPLE
    store = main_store(tmp_path, ManualClock())
    for name in PEOPLE[:3]:
        expected = replace(connection(key(name)), refresh_due_at=ENDS)
        assert due[name] == get(store, key(name)) == Snapshot(connection=expected, version=VERSION)
        store.claim(due[name], "lease")
    assert ENDS is not None
    early = store.due(TYPE, range(SHARDS), by=ENDS - timedelta(microseconds=1), limit=1000)
    assert early.snapshots == ()


def test_an_older_connection_ends_when_its_grant_does(tmp_path: Path) -> None:
    """It can be listed by its end, and counted, without anybody writing it first."""
    ends = replace(connection(key("anna")), refresh_token_expires_at=AT)
    make_main_1(tmp_path, ends, connection(key("bert")))
    store = main_store(tmp_path, ManualClock())
    (listed,) = store.ending(connector_type=None, by=AT, after=None, limit=5).connections
    assert listed.key == key("anna")
    assert store.count_ending(TYPE, AT) == 1


def test_what_is_not_refreshed_is_not_due_after_an_upgrade(tmp_path: Path) -> None:
    """A tombstone, and a connection that waits for its person."""
    gone = connection(key("gone")).disconnected(at=AT, pending=False)
    waits = connection(key("waits")).needing_sign_in("invalid_grant")
    make_main_1(tmp_path, gone, waits, connection(key("anna")))
    assert list(found(tmp_path)) == ["anna"]
    store = main_store(tmp_path, ManualClock())
    assert get(store, gone.key).connection == gone
    assert get(store, waits.key).connection == waits


def test_an_upgrade_leaves_what_it_does_not_know(tmp_path: Path) -> None:
    """A newer program's fields; and a body that nobody can read keeps no other from being read."""
    path = make_main_1(tmp_path, connection(key("anna")), connection(key("bert")))
    damaged = key("bert").document_id
    sql(path, "UPDATE connections SET body = ? WHERE id = ?", b"no document", damaged)
    assert list(found(tmp_path)) == ["anna"]
    ((body,),) = sql(path, "SELECT body FROM connections WHERE id = ?", key("anna").document_id)
    assert isinstance(body, bytes)
    assert unpacked("x", body)["favourites"] == ["kept"]
    assert sql(path, "SELECT body FROM connections WHERE id = ?", damaged) == [(b"no document",)]
    with pytest.raises(StoreUnavailableError):
        main_store(tmp_path, ManualClock()).read(key("bert"))


def test_an_older_program_goes_on_with_an_upgraded_file(tmp_path: Path) -> None:
    """It has it open: its rows are written and read; one is due once this program has written it."""
    path = make_main_1(tmp_path, connection(key("anna")))
    with closing(sqlite3.connect(path)) as older:
        assert older.execute("SELECT count(*) FROM connections").fetchone() == (1,)
        assert list(found(tmp_path)) == ["anna"]
        with older:
            older.execute(INSERT_1, row_1(connection(key("bert"))))
            older.execute("UPDATE connections SET version = version + 1, status = 'active'")
    assert list(found(tmp_path)) == ["anna"]
    store = main_store(tmp_path, ManualClock())
    before = get(store, key("bert"))
    assert before.version == VERSION + 1
    store.release(store.claim(before, "lease"), None)
    assert get(store, key("bert")).connection == replace(before.connection, refresh_due_at=None)


def upgrade(directory: Path, start: Barrier) -> None:
    """Open the file together with others, and exit with 0 if all connections are there."""
    store = main_store(directory, ManualClock())
    start.wait(60)
    assert ENDS is not None
    page = store.due(TYPE, range(SHARDS), by=ENDS, limit=1000)
    assert [each.connection.key for each in page.snapshots] == [key(name) for name in PEOPLE]


def test_many_upgrade_one_file(tmp_path: Path) -> None:
    """Four processes that open it at once all find it whole; it was upgraded once."""
    path = make_main_1(tmp_path, *(connection(key(name)) for name in PEOPLE))
    context = get_context("spawn")
    start = context.Barrier(4)
    processes = [context.Process(target=upgrade, args=(tmp_path, start)) for _ in range(4)]
    for each in processes:
        each.start()
    for each in processes:
        each.join(120)
    assert [each.exitcode for each in processes] == [0] * 4
    assert sql(path, "PRAGMA user_version") == [(4,)]
    assert sql(path, "SELECT count(*) FROM connections WHERE version = ?", VERSION) == [(200,)]


def test_an_upgrade_that_fails_changes_nothing(tmp_path: Path) -> None:
    """All steps, or none: the next who opens the file begins again."""
    path = make_main_1(tmp_path, connection(key("anna")))
    broken = [script(MAIN_1), script("CREATE TABLE more (text TEXT); no statement")]
    with pytest.raises(StoreUnavailableError), Database(path, steps=broken).reading():
        pass
    assert sql(path, "PRAGMA user_version") == [(1,)]
    assert sql(path, "SELECT name FROM sqlite_master WHERE name = 'more'") == []
    assert list(found(tmp_path)) == ["anna"]


def test_a_new_file_is_made_as_an_old_one_is_upgraded(tmp_path: Path) -> None:
    """The same tables and indexes, whichever way they came."""
    schemas = []
    for folder, old in ((tmp_path / "new", False), (tmp_path / "old", True)):
        folder.mkdir()
        if old:
            make_main_1(folder)
            make(folder / "activity.sqlite3", ACTIVITY_1)
        put(main_store(folder, ManualClock()), connection())
        activity_store(folder, ManualClock()).spend(mark("a"))
        schemas.append(
            [
                (name, " ".join(str(text).split()))
                for file in ("main.sqlite3", "activity.sqlite3")
                for name, text in sql(
                    folder / file, "SELECT name, sql FROM sqlite_master ORDER BY name"
                )
            ]
        )
    assert schemas[0] == schemas[1]


def test_an_older_activity_file_is_upgraded_too(tmp_path: Path) -> None:
    """It keeps what it held, and has the tables that were added."""
    path = tmp_path / "activity.sqlite3"
    make(path, ACTIVITY_1)
    sql(path, "INSERT INTO sign_outs VALUES (?, 's1', '2026-01-06T00:00:00.000000')", str(ANNA))
    activity = activity_store(tmp_path, ManualClock())
    assert activity.key_versions(Kind.ACCESS) == {}
    assert activity.sign_outs(ANNA).sessions == frozenset({"s1"})
    assert sql(path, "PRAGMA user_version") == [(len(STEPS),)]
