"""One SQLite file for many threads and processes; `sqlite3` is imported only in this package.

Each thread opens its own connection at its first use. WAL: readers never wait for a writer. Writers
take their turn with `BEGIN IMMEDIATE`; `synchronous=FULL`, for a refresh token that was committed must
survive a power cut.
"""

import os
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from multi_user_oauth.errors import StoreUnavailableError

BUSY_TIMEOUT: Final = 5.0  # seconds

_inherited: Final[list[sqlite3.Connection]] = []


class Database:
    """
    The file at `path`, made at first use.

    `schema` makes the tables, each `IF NOT EXISTS`; it runs on a file of a smaller `version`.
    """

    def __init__(self, path: Path, *, schema: str, version: int) -> None:
        self._path = path
        self._schema = f"BEGIN IMMEDIATE; {schema} PRAGMA user_version = {version}; COMMIT;"
        self._version = version
        self._threads = threading.local()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give a connection to read with; raise `StoreUnavailableError` for what SQLite raises."""
        with self._translating():
            yield self._connection()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Give a connection in a write transaction: committed at the end, rolled back at an error."""
        with self._translating():
            connection = self._connection()
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            finally:
                connection.rollback()  # nothing, after the commit

    def _connection(self) -> sqlite3.Connection:
        opened: _Opened | None = getattr(self._threads, "opened", None)
        if opened is None or opened.pid != os.getpid():
            opened = self._threads.opened = _Opened(self._open())
        return opened.connection

    def _open(self) -> sqlite3.Connection:
        if self._path.is_file():
            self._path.chmod(0o600)  # SQLite gives its side files the same
        else:
            self._create()
        connection = _connect(self._path)
        try:
            connection.execute("PRAGMA synchronous = FULL")
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version < self._version:  # else nothing is written: a reader must not wait here
                connection.executescript(self._schema)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _create(self) -> None:
        # Two processes that switch one file to WAL get in each other's way (no busy handler runs
        # there). So each makes its own, complete, and the first to give it the name has made it.
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{self._path.name}-", dir=self._path.parent)
        os.close(descriptor)
        draft = Path(name)
        try:
            connection = _connect(draft)
            try:
                connection.execute("PRAGMA journal_mode = WAL")
            finally:
                connection.close()
            with suppress(FileExistsError):
                self._path.hardlink_to(draft)
        finally:
            draft.unlink()

    @contextmanager
    def _translating(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            name = getattr(error, "sqlite_errorname", type(error).__name__)
            message = f"{self._path.name} did not answer: {name}"
            raise StoreUnavailableError(message) from error


class _Opened:
    """A thread's connection: closed with the thread, but never in a child that inherited it.

    SQLite: a connection must not be carried across a fork, not even to close it ("How To Corrupt An
    SQLite Database File", 2.6).
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.pid = os.getpid()

    def __del__(self) -> None:
        end = sqlite3.Connection.close if self.pid == os.getpid() else _inherited.append
        end(self.connection)


def _connect(path: Path) -> sqlite3.Connection:
    # autocommit: transactions begin and end where we say; the last reference to a connection may be
    # dropped, and it closed, by another thread
    return sqlite3.connect(
        path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
    )
