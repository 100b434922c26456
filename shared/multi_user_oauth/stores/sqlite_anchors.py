"""Anchors out of any number of log lines, sorted on disk: a SQLite file that nobody else sees."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final, Self

from multi_user_oauth.errors import StoreUnavailableError
from multi_user_oauth.ports import Anchor

_TEMPORARY: Final = ""
"""SQLite's own word for a file of its own that goes with the connection ("In-Memory Databases")."""

_TABLE: Final = """
CREATE TABLE anchors (
    connection TEXT NOT NULL, sequence INTEGER NOT NULL, hash TEXT NOT NULL,
    PRIMARY KEY (connection, sequence, hash)
) WITHOUT ROWID
"""


class SqliteAnchors:
    """An `AnchorShelf`, for one thread; what it holds in memory is SQLite's page cache (2 MB)."""

    def __init__(self) -> None:
        self._database = sqlite3.connect(_TEMPORARY, isolation_level=None)
        self._database.execute(_TABLE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def put(self, anchors: Iterable[Anchor]) -> int:
        """Keep these, and return how many are there now; the same one twice is one."""
        rows = ((each.connection, each.sequence, each.hash) for each in anchors)
        with _translating():
            self._database.execute("BEGIN")
            self._database.executemany("INSERT OR IGNORE INTO anchors VALUES (?, ?, ?)", rows)
            self._database.execute("COMMIT")
            ((count,),) = self._database.execute("SELECT count(*) FROM anchors").fetchall()
        return int(count)

    def of(self, connection: str) -> Iterator[Anchor]:
        """Yield this connection's, by their sequence."""
        with _translating():
            rows = self._database.execute(
                "SELECT connection, sequence, hash FROM anchors WHERE connection = ?"
                " ORDER BY sequence, hash",
                (connection,),
            )
            yield from _anchors(rows)

    def forget(self, connection: str) -> None:
        """Drop this connection's."""
        with _translating():
            self._database.execute("DELETE FROM anchors WHERE connection = ?", (connection,))

    def rest(self) -> Iterator[Anchor]:
        """Yield what was not forgotten."""
        with _translating():
            rows = self._database.execute(
                "SELECT connection, sequence, hash FROM anchors ORDER BY connection, sequence, hash"
            )
            yield from _anchors(rows)


def _anchors(rows: Iterable[tuple[str, int, str]]) -> Iterator[Anchor]:
    for connection, sequence, head in rows:
        yield Anchor(connection=connection, sequence=sequence, hash=head)


@contextmanager
def _translating() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:  # a full disk, before all
        message = f"the anchors were not kept: {type(error).__name__}"
        raise StoreUnavailableError(message) from None
