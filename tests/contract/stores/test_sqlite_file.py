"""The SQLite file itself: who may read it, who makes it, when it is safe on the disk."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from multi_user_oauth.stores.sqlite_database import Database, script
from tests.contract.stores.samples import connection, get, put
from tests.contract.stores.sql import sql
from tests.support.clock import ManualClock
from tests.support.stores import activity_store, main_store

TABLE = script("CREATE TABLE notes (text TEXT)")


@pytest.fixture
def open_umask() -> Iterator[None]:
    """A process that would let everybody read its files."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("open_umask")
def test_the_files_are_their_owner_s(tmp_path: Path) -> None:
    """Mode 0600, the side files too, whatever the umask; a folder that was missing is 0700."""
    folder = tmp_path / "data"
    store = main_store(folder, ManualClock())
    put(store, connection())
    modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert modes == dict.fromkeys(["main.sqlite3", "main.sqlite3-shm", "main.sqlite3-wal"], 0o600)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    """A copy that somebody restored with a wider mode."""
    put(main_store(tmp_path, ManualClock()), connection())
    (tmp_path / "main.sqlite3").chmod(0o644)
    get(main_store(tmp_path, ManualClock()))
    assert (tmp_path / "main.sqlite3").stat().st_mode & 0o777 == 0o600


def test_nothing_is_opened_before_the_first_use(tmp_path: Path) -> None:
    """Building a store touches no file."""
    main_store(tmp_path, ManualClock())
    activity_store(tmp_path, ManualClock())
    assert list(tmp_path.iterdir()) == []


def test_a_commit_reaches_the_disk(tmp_path: Path) -> None:
    """WAL, and FULL: synced at each commit (SQLite, "PRAGMA synchronous")."""
    with Database(tmp_path / "x.sqlite3", steps=[TABLE]).reading() as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert database.execute("PRAGMA synchronous").fetchone() == (2,)
        assert database.execute("PRAGMA busy_timeout").fetchone() == (5000,)


def test_each_thread_has_its_own_connection(tmp_path: Path) -> None:
    """The same one at each use, and never another thread's."""
    database = Database(tmp_path / "x.sqlite3", steps=[TABLE])

    def used() -> sqlite3.Connection:
        with database.reading() as first, database.writing() as second:
            assert first is second
            return first

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(used).result() is not used()


def test_many_make_one_database(tmp_path: Path) -> None:
    """Sixteen who find no file at once end up with one, whole, and leave no draft behind."""
    start = threading.Barrier(16)

    def enter(number: int) -> None:
        database = Database(tmp_path / "x.sqlite3", steps=[TABLE])
        start.wait(60)
        with database.writing() as writer:
            writer.execute("INSERT INTO notes VALUES (?)", (str(number),))

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(enter, range(16)))
    assert sql(tmp_path / "x.sqlite3", "SELECT count(*) FROM notes") == [(16,)]
    assert {path.name.partition("-")[0] for path in tmp_path.iterdir()} == {"x.sqlite3"}


def test_an_older_file_gets_the_new_tables(tmp_path: Path) -> None:
    """And keeps what it held; an older program still reads it."""
    path = tmp_path / "x.sqlite3"
    with Database(path, steps=[TABLE]).writing() as database:
        database.execute("INSERT INTO notes VALUES ('kept')")
    more = script("CREATE TABLE more (text TEXT); CREATE INDEX more_text ON more (text);")
    with Database(path, steps=[TABLE, more]).writing() as database:
        database.execute("INSERT INTO more VALUES ('new')")
    with Database(path, steps=[TABLE]).reading() as database:
        assert database.execute("SELECT * FROM notes").fetchall() == [("kept",)]
    assert sql(path, "PRAGMA user_version") == [(2,)]


def test_an_error_inside_a_transaction_undoes_it(tmp_path: Path) -> None:
    """Whatever it was; the connection is good for the next one."""
    database = Database(tmp_path / "x.sqlite3", steps=[TABLE])

    def fail() -> None:
        with database.writing() as writer:
            writer.execute("INSERT INTO notes VALUES ('lost')")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with database.writing() as writer:
        writer.execute("INSERT INTO notes VALUES ('kept')")
    assert sql(tmp_path / "x.sqlite3", "SELECT * FROM notes") == [("kept",)]
