"""Who is connected, as far as the caller may know."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Final, TypeGuard

from multi_user_oauth.access import may_see, sees_all
from multi_user_oauth.model import (
    Caller,
    Connection,
    ConnectionKey,
    ConnectionStatus,
    Page,
    Person,
    Policy,
)
from multi_user_oauth.ports import (
    Clock,
    ConnectionDirectory,
    ConnectionReader,
    EndingConnections,
    EndingPage,
    EndingPlace,
)

PAGE_SIZE: Final = 100


class ListConnections:
    """A person sees their own, an agent those it may use, an admin or auditor all."""

    def __init__(
        self,
        *,
        directory: ConnectionDirectory,
        ending: EndingConnections,
        connections: ConnectionReader,
        policy: Callable[[], Policy],
        now: Clock,
    ) -> None:
        self._directory = directory
        self._ending = ending
        self._connections = connections
        self._policy = policy
        self._now = now

    def page(
        self,
        caller: Caller,
        *,
        connector_type: str | None = None,
        status: ConnectionStatus | None = None,
        email_begins: str | None = None,
        after: str | None = None,
        limit: int = PAGE_SIZE,
    ) -> Page:
        """
        Return one page of at most `limit`; a person's own come on one page.

        `email_begins` is normalised. Raise `StoreUnavailableError`.
        """
        if _sees_own(caller):
            own = self._own(caller, connector_type, status)
            begins = email_begins or ""
            return Page(connections=tuple(c for c in own if c.key.user_email.startswith(begins)))
        may = self._may(caller)
        seen: list[Connection] = []
        for page in self._pages(connector_type, status, email_begins, after, _read(caller, limit)):
            seen += filter(may, page.connections)
            # The mark of the next page is always a connection that the caller saw, or none.
            if len(seen) >= limit:
                seen = seen[:limit]
                return Page(connections=tuple(seen), next_after=seen[-1].key.document_id)
        return Page(connections=tuple(seen))

    def ending(
        self,
        caller: Caller,
        *,
        by: datetime,
        connector_type: str | None = None,
        after: EndingPlace | None = None,
        limit: int = PAGE_SIZE,
    ) -> EndingPage:
        """
        Return one page of at most `limit` of the active ones whose grant ends by then.

        The earliest end comes first, by the time that the provider named; raise `StoreUnavailableError`.
        """
        if _sees_own(caller):
            own = self._own(caller, connector_type, ConnectionStatus.ACTIVE)
            ends = [place for c in own if (place := _place(c)) is not None and place[0] <= by]
            found = {c.key.document_id: c for c in own}
            return EndingPage(connections=tuple(found[name] for _, name in sorted(ends)))
        may = self._may(caller)
        seen: list[Connection] = []
        while True:
            page = self._ending.ending(
                connector_type=connector_type, by=by, after=after, limit=_read(caller, limit)
            )
            seen += filter(may, page.connections)
            after = page.next_after
            if len(seen) >= limit:
                seen = seen[:limit]
                return EndingPage(connections=tuple(seen), next_after=_place(seen[-1]))
            if after is None:
                return EndingPage(connections=tuple(seen))

    def _may(self, caller: Caller) -> Callable[[Connection], bool]:
        policy, now = self._policy(), self._now()
        return lambda connection: may_see(policy, caller, connection, now)

    def _pages(
        self,
        connector_type: str | None,
        status: ConnectionStatus | None,
        email_begins: str | None,
        after: str | None,
        limit: int,
    ) -> Iterator[Page]:
        directory = self._directory
        if email_begins is None:
            ask = partial(directory.page, connector_type=connector_type, status=status)
            yield from _all(ask, after, limit)
            return
        for each in directory.types() if connector_type is None else (connector_type,):
            begins = ConnectionKey(each, email_begins).document_id
            if after is None or after < begins or after.startswith(begins):
                ask = partial(directory.beginning, begins, status=status)
                yield from _all(ask, after if after and after >= begins else None, limit)

    def _own(
        self, person: Person, connector_type: str | None, status: ConnectionStatus | None
    ) -> tuple[Connection, ...]:
        found = (
            snapshot.connection
            for identity in sorted(person.identities)
            for snapshot in self._connections.by_identity(identity)
        )
        return tuple(
            connection
            for connection in sorted(found, key=lambda c: c.key)
            if connector_type in (None, connection.key.connector_type)
            and status in (None, connection.status)
        )


def _sees_own(caller: Caller) -> TypeGuard[Person]:
    return isinstance(caller, Person) and not sees_all(caller)


def _read(caller: Caller, limit: int) -> int:
    """Return how many are read at once: of those that an agent may not see it is told none."""
    return limit if sees_all(caller) else PAGE_SIZE


def _all(ask: Callable[..., Page], after: str | None, limit: int) -> Iterator[Page]:
    while True:
        page = ask(after=after, limit=limit)
        yield page
        after = page.next_after
        if after is None:
            return


def _place(connection: Connection) -> EndingPlace | None:
    ends = connection.refresh_token_expires_at
    return None if ends is None else (ends, connection.key.document_id)
