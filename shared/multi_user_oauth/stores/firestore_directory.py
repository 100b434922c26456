"""Connections in Firestore, found without their keys: by ids, by the end of the grant; and counted."""

from datetime import datetime

from google.cloud.firestore import Query

from multi_user_oauth.model import ConnectionStatus, Page
from multi_user_oauth.ports import EndingPage, EndingPlace
from multi_user_oauth.stores import firestore_queries as queries
from multi_user_oauth.stores.document import utc
from multi_user_oauth.stores.firestore_erasure import FirestoreErasure
from multi_user_oauth.stores.firestore_found import Found
from multi_user_oauth.stores.firestore_writes import CONNECTIONS

ENDS = "refresh_token_expires_at"


class FirestoreDirectory(FirestoreErasure):
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
        wanted = {"connector_type": connector_type, "status": status}
        given = {field: str(value) for field, value in wanted.items() if value is not None}
        return _page(self._database.find(CONNECTIONS, limit=limit, after=after, **given), limit)

    def beginning(
        self, begins: str, *, status: ConnectionStatus | None, after: str | None, limit: int
    ) -> Page:
        """Return at most `limit` of those whose ids begin so; they are a range of all ids."""
        given = {} if status is None else {"status": status.value}
        found = self._database.find(CONNECTIONS, limit=limit, after=after, begins=begins, **given)
        return _page(found, limit)

    def types(self) -> tuple[str, ...]:
        """Return the types that have connections: a read for each, and one more."""
        types: list[str] = []
        while True:
            after = queries.behind_type(types[-1]) if types else None
            found = self._database.find(CONNECTIONS, limit=1, after=after)
            if not found:
                return tuple(types)
            types.append(found[0].name.partition(":")[0])

    def ending(
        self,
        *,
        connector_type: str | None,
        by: datetime,
        after: EndingPlace | None,
        limit: int,
    ) -> EndingPage:
        """Return active ones whose grant ends by then; after a full page there may be no more."""
        found = self._database.ask(self._ending(connector_type, by, after).limit(limit))
        last = found[-1] if found and len(found) == limit else None
        return EndingPage(
            connections=tuple(each.snapshot().connection for each in found),
            next_after=(utc(last.fields[ENDS]), last.name) if last else None,
        )

    def count(self, connector_type: str, status: ConnectionStatus) -> int:
        """Return how many of this type stand so."""
        fields = {"connector_type": connector_type, "status": status.value}
        connections = self._database.collection(CONNECTIONS)
        return self._database.count(queries.by_id(connections, fields, after=None))

    def count_ending(self, connector_type: str, by: datetime) -> int:
        """Return how many of this type `ending` would find."""
        return self._database.count(self._ending(connector_type, by, None))

    def _ending(self, connector_type: str | None, by: datetime, after: EndingPlace | None) -> Query:
        fields = {"status": ConnectionStatus.ACTIVE.value}
        if connector_type is not None:
            fields = {"connector_type": connector_type} | fields
        connections = self._database.collection(CONNECTIONS)
        return queries.by_time(connections, ENDS, utc(by), after=after, fields=fields, among={})


def _page(found: list[Found], limit: int) -> Page:
    return Page(
        connections=tuple(each.snapshot().connection for each in found),
        next_after=found[-1].name if found and len(found) == limit else None,
    )
