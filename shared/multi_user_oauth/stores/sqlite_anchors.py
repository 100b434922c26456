"""Anchors out of any number of log lines, sorted on disk: a SQLite file that nobody else sees."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final, Self

from multi_user_oauth.errors import StoreUnavailableError
from multi_user_oauth.ports import Anchor, Erasing

_TEMPORARY: Final = ""
"""SQLite's own word for a file of its own that goes with the connection ("In-Memory Databases")."""

_TABLE: Final = """
CREATE TABLE said (
    connection TEXT NOT NULL, erasing INTEGER NOT NULL, sequence INTEGER NOT NULL, hash TEXT NOT NULL,
    at REAL NOT NULL, PRIMARY KEY (connection, erasing, sequence, hash)
) WITHOUT ROWID
"""

# The last record of a chain that was erased must be the one that the log says it was; whoever connects
# again begins a new chain, whose anchors are later.
_ANCHORS: Final = """
SELECT connection, sequence, hash, at, EXISTS (
    SELECT 1 FROM said AS later
    WHERE later.connection = anchor.connection AND later.erasing AND later.at >= anchor.at AND (
        later.sequence > anchor.sequence
        OR later.sequence = anchor.sequence AND later.hash = anchor.hash
    )
) FROM said AS anchor WHERE NOT erasing
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

    def put(self, said: Iterable[Anchor | Erasing]) -> int:
        """Keep these, and return how many anchors are there now; the same one twice is one."""
        count = "SELECT count(*) FROM said WHERE NOT erasing"
        with _translating():
            self._database.execute("BEGIN")
            self._database.executemany(
                "INSERT OR IGNORE INTO said VALUES (?, ?, ?, ?, ?)", map(_row, said)
            )
            self._database.execute("COMMIT")
            ((found,),) = self._database.execute(count).fetchall()
        return int(found)

    def of(self, connection: str) -> Iterator[Anchor]:
        """Yield this connection's, by their sequence."""
        with _translating():
            rows = self._database.execute(
                f"{_ANCHORS} AND connection = ? ORDER BY sequence, hash", (connection,)
            )
            yield from _anchors(rows)

    def forget(self, connection: str) -> None:
        """Drop this connection's."""
        with _translating():
            self._database.execute("DELETE FROM said WHERE connection = ?", (connection,))

    def rest(self) -> Iterator[Anchor]:
        """Yield what was not forgotten, each connection's together, by their sequence."""
        with _translating():
            rows = self._database.execute(f"{_ANCHORS} ORDER BY connection, sequence, hash")
            yield from _anchors(rows)


def _row(said: Anchor | Erasing) -> tuple[str, bool, int, str, float]:
    erasing = isinstance(said, Erasing)
    return said.connection, erasing, said.sequence, said.hash, said.at.timestamp()


def _anchors(rows: Iterable[tuple[str, int, str, float, int]]) -> Iterator[Anchor]:
    for connection, sequence, head, seconds, erased in rows:
        yield Anchor(
            connection=connection,
            sequence=sequence,
            hash=head,
            at=datetime.fromtimestamp(seconds, UTC),
            erased=bool(erased),
        )


@contextmanager
def _translating() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:  # a full disk, before all
        message = f"the anchors were not kept: {type(error).__name__}"
        raise StoreUnavailableError(message) from None
