"""One SQLite file for many threads and processes; `sqlite3` is imported only in this package.

Each thread opens its own connection at its first use. WAL: readers never wait for a writer. Writers
take their turn with `BEGIN IMMEDIATE`, those of one process behind a lock before it: SQLite lets whoever
finds the file locked sleep and look again, and sixty-four threads would mostly sleep.
`synchronous=FULL`, for a refresh token that was committed must survive a power cut.
"""

import os
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

from multi_user_oauth.errors import StoreUnavailableError

BUSY_TIMEOUT: Final = 5.0  # seconds

Step = Callable[[sqlite3.Connection], None]
"""What makes a file of one version one of the next; in a transaction that is not its own."""

_inherited: Final[list[sqlite3.Connection]] = []


def script(text: str) -> Step:
    """Return the step of these statements, none of which has a semicolon within."""

    def run(database: sqlite3.Connection) -> None:
        for statement in text.split(";"):
            database.execute(statement)

    return run


class Database:
    """
    The file at `path`, made at first use.

    Its version is the number of `steps` that it has behind it; those that it lacks are taken when it is
    opened. A file that has more is a newer program's, whose tables serve this one too.
    """

    def __init__(self, path: Path, *, steps: Sequence[Step]) -> None:
        self._path = path
        self._steps = steps
        self._threads = threading.local()
        self._turns = _Turns()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give a connection to read with; raise `StoreUnavailableError` for what SQLite raises."""
        with self._translating():
            yield self._connection()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Give a connection in a write transaction: committed at the end, rolled back at an error."""
        with self._translating(), self._turns.mine():
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
        with ExitStack() as at_an_error:
            connection = _connect(self._path)
            at_an_error.callback(connection.close)
            connection.execute("PRAGMA synchronous = FULL")
            if _version(connection) < len(self._steps):  # else nothing is written: no reader waits
                self._upgrade(connection)
            at_an_error.pop_all()
        return connection

    def _upgrade(self, connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")
        try:
            done = _version(connection)  # asked again: others may have been quicker
            missing = self._steps[done:]
            for step in missing:
                step(connection)
            if missing:
                connection.execute(f"PRAGMA user_version = {len(self._steps)}")
            connection.execute("COMMIT")
        finally:
            connection.rollback()  # nothing, after the commit

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


class _Turns:
    """The writers of one process, one behind the other; the file's own lock is for all processes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pid = os.getpid()

    @contextmanager
    def mine(self) -> Iterator[None]:
        """Wait as long as SQLite would; raise what it raises then."""
        if self._pid != os.getpid():  # a child: whoever held the lock in its parent is not here
            self._lock, self._pid = threading.Lock(), os.getpid()
        lock = self._lock
        if not lock.acquire(timeout=BUSY_TIMEOUT):
            raise sqlite3.OperationalError("another thread is writing")
        try:
            yield
        finally:
            lock.release()


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


def _version(connection: sqlite3.Connection) -> int:
    ((version,),) = connection.execute("PRAGMA user_version").fetchall()
    return int(version)
