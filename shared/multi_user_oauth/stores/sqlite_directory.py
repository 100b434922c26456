"""Connections in SQLite, found without their keys: by ids, by the end of the grant; and counted."""

from datetime import datetime
from typing import Any, Final

from multi_user_oauth.model import Connection, ConnectionStatus, Page
from multi_user_oauth.ports import EndingPage, EndingPlace
from multi_user_oauth.stores import sqlite_rows as rows
from multi_user_oauth.stores.document import from_document
from multi_user_oauth.stores.meter import reads_to_count
from multi_user_oauth.stores.sqlite_aside import READ
from multi_user_oauth.stores.sqlite_erasure import SqliteErasure

_PAGE: Final = {  # by which filters are set, so that each has its index
    (False, False): "SELECT id, body FROM connections WHERE id > :after ORDER BY id LIMIT :limit",
    (True, False): "SELECT id, body FROM connections"
    " WHERE connector_type = :connector_type AND id > :after ORDER BY id LIMIT :limit",
    (False, True): "SELECT id, body FROM connections"
    " WHERE status = :status AND id > :after ORDER BY id LIMIT :limit",
    (True, True): "SELECT id, body FROM connections"
    " WHERE connector_type = :connector_type AND status = :status AND id > :after"
    " ORDER BY id LIMIT :limit",
}

BEGINNING: Final = {  # by whether a status is asked for
    False: "SELECT id, body FROM connections WHERE id >= :begins AND id < :ends AND id > :after"
    " ORDER BY id LIMIT :limit",
    True: "SELECT id, body FROM connections"
    " WHERE status = :status AND id >= :begins AND id < :ends AND id > :after"
    " ORDER BY id LIMIT :limit",
}
_LAST: Final = "\x7f"
"""It follows every sign of our ids: between some text and the same with it lie all that begin so."""
_NEXT_TYPE: Final = "SELECT connector_type FROM connections WHERE id > ? ORDER BY id LIMIT 1"
ENDING: Final = {  # by whether a type is asked for
    False: "SELECT grant_ends_at, id, body FROM connections"
    " WHERE status = :status AND grant_ends_at <= :by AND (grant_ends_at, id) > (:at, :after)"
    " ORDER BY grant_ends_at, id LIMIT :limit",
    True: "SELECT grant_ends_at, id, body FROM connections"
    " WHERE connector_type = :connector_type AND status = :status AND grant_ends_at <= :by"
    " AND (grant_ends_at, id) > (:at, :after) ORDER BY grant_ends_at, id LIMIT :limit",
}
_COUNT: Final = "SELECT count(*) FROM connections WHERE connector_type = ? AND status = ?"
_COUNT_ENDING: Final = f"{_COUNT} AND grant_ends_at <= ?"


class SqliteDirectory(SqliteErasure):
    """A `ConnectionDirectory`, the `EndingConnections` and the `ConnectionCounts`."""

    def page(
        self,
        *,
        connector_type: str | None,
        status: ConnectionStatus | None,
        after: str | None,
        limit: int,
    ) -> Page:
        """Return at most `limit` connections; after a page that is full there may be nothing more."""
        found = self._find(
            _PAGE[connector_type is not None, status is not None],
            {
                "connector_type": connector_type,
                "status": status,
                "after": after or "",
                "limit": limit,
            },
        )
        return _page(found, limit)

    def beginning(
        self, begins: str, *, status: ConnectionStatus | None, after: str | None, limit: int
    ) -> Page:
        """Return at most `limit` of those whose ids begin so; they are a range of all ids."""
        found = self._find(
            BEGINNING[status is not None],
            {
                "begins": begins,
                "ends": begins + _LAST,
                "status": status,
                "after": after or "",
                "limit": limit,
            },
        )
        return _page(found, limit)

    def types(self) -> tuple[str, ...]:
        """Return the types that have connections: a read for each, and one more."""
        types: list[str] = []
        with self._database.reading() as database:
            while True:
                # The sign after the colon follows all ids of the type before.
                after = f"{types[-1]};" if types else ""
                found = database.execute(_NEXT_TYPE, (after,)).fetchone()
                self._meter.count(READ)
                if found is None:
                    return tuple(types)
                types.append(found[0])

    def ending(
        self,
        *,
        connector_type: str | None,
        by: datetime,
        after: EndingPlace | None,
        limit: int,
    ) -> EndingPage:
        """Return active ones whose grant ends by then; after a full page there may be no more."""
        found = self._find(
            ENDING[connector_type is not None],
            {
                "connector_type": connector_type,
                "status": ConnectionStatus.ACTIVE,
                "by": rows.text(by),
                "at": rows.text(after[0]) if after else "",
                "after": after[1] if after else "",
                "limit": limit,
            },
        )
        last = found[-1] if found and len(found) == limit else None
        return EndingPage(
            connections=tuple(_connection(name, body) for _, name, body in found),
            next_after=(datetime.fromisoformat(last[0]), last[1]) if last else None,
        )

    def count(self, connector_type: str, status: ConnectionStatus) -> int:
        """Return how many of this type stand so."""
        return self._count(_COUNT, connector_type, status)

    def count_ending(self, connector_type: str, by: datetime) -> int:
        """Return how many of this type `ending` would find."""
        return self._count(_COUNT_ENDING, connector_type, ConnectionStatus.ACTIVE, rows.text(by))

    def _find(self, query: str, wanted: dict[str, object]) -> list[Any]:
        with self._database.reading() as database:
            found = database.execute(query, wanted).fetchall()
        self._meter.count(READ, max(1, len(found)))
        return found

    def _count(self, query: str, *wanted: str) -> int:
        with self._database.reading() as database:
            ((number,),) = database.execute(query, wanted).fetchall()
        self._meter.count(READ, reads_to_count(number))
        return int(number)


def _connection(name: str, body: bytes) -> Connection:
    return from_document(Connection, name, rows.unpacked(name, body))


def _page(found: list[Any], limit: int) -> Page:
    return Page(
        connections=tuple(_connection(name, body) for name, body in found),
        next_after=found[-1][0] if found and len(found) == limit else None,
    )
