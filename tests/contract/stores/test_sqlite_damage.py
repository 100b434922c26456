"""A SQLite file in which something is wrong: our errors, and nothing served that is another one's."""

from pathlib import Path

import pytest

from multi_user_oauth.errors import StoreUnavailableError, TamperedError
from multi_user_oauth.model import ConnectionKey
from multi_user_oauth.stores.meter import NoMeter
from multi_user_oauth.stores.sqlite import SqliteMainStore
from multi_user_oauth.stores.sqlite_rows import packed
from tests.contract.stores.samples import KEY, connection, mark, put
from tests.contract.stores.sql import sql
from tests.support.clock import ManualClock
from tests.support.stores import activity_store, main_store


def test_a_database_that_is_none_is_unavailable(tmp_path: Path) -> None:
    """A file of something else, and a folder in its place: our error, with SQLite's name for it."""
    (tmp_path / "main.sqlite3").write_bytes(b"anything" * 1000)
    with pytest.raises(StoreUnavailableError, match="SQLITE_NOTADB"):
        main_store(tmp_path, ManualClock()).read(KEY)
    (tmp_path / "activity.sqlite3").mkdir(mode=0o755)
    with pytest.raises(StoreUnavailableError, match="SQLITE_CANTOPEN"):
        activity_store(tmp_path, ManualClock()).spend(mark("a"))
    assert (tmp_path / "activity.sqlite3").stat().st_mode & 0o777 == 0o755
    (tmp_path / "file").touch()
    missing = SqliteMainStore(tmp_path / "file" / "x", now=ManualClock(), meter=NoMeter())
    with pytest.raises(StoreUnavailableError, match="FileExistsError"):
        missing.read(KEY)


def test_a_lost_table_is_unavailable_and_says_no_value(tmp_path: Path) -> None:
    """For reads and for writes: the message holds neither the statement nor what was in it."""
    store = main_store(tmp_path, ManualClock())
    before = put(store, connection())
    sql(tmp_path / "main.sqlite3", "DROP TABLE connections")
    expected = "^main.sqlite3 did not answer: SQLITE_ERROR$"
    with pytest.raises(StoreUnavailableError, match=expected):
        store.read(KEY)
    with pytest.raises(StoreUnavailableError, match=expected):
        store.claim(before, "lease-1")


def test_rows_of_no_sense_are_unavailable(tmp_path: Path) -> None:
    """Bytes that are no document, and a document of a newer schema, written behind our back."""
    store = main_store(tmp_path, ManualClock())
    put(store, connection())
    for body in (b"\xc1 nothing", packed({"schema": 2})):
        sql(tmp_path / "main.sqlite3", "UPDATE connections SET body = ?", body)
        with pytest.raises(StoreUnavailableError, match="document"):
            store.read(KEY)


def test_a_row_moved_to_another_s_place_is_not_served(tmp_path: Path) -> None:
    """Bert's record under Anna's name, whole: refused, though every sealed value in it would open."""
    store = main_store(tmp_path, ManualClock())
    bert = ConnectionKey(KEY.connector_type, "bert@example.org")
    put(store, connection(bert))
    sql(tmp_path / "main.sqlite3", "UPDATE connections SET id = ?", KEY.document_id)
    with pytest.raises(TamperedError, match="another one's name"):
        store.read(KEY)
