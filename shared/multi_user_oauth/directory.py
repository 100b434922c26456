"""Who is connected, as far as the caller may know."""

from collections.abc import Callable

from multi_user_oauth.access import may_see
from multi_user_oauth.model import Caller, Connection, ConnectionStatus, Page, Person, Policy
from multi_user_oauth.ports import Clock, ConnectionDirectory, ConnectionReader

PAGE_SIZE = 100


class ListConnections:
    """A person sees their own, an agent those it may use, an admin or auditor all."""

    def __init__(
        self,
        *,
        directory: ConnectionDirectory,
        connections: ConnectionReader,
        policy: Callable[[], Policy],
        now: Clock,
    ) -> None:
        self._directory = directory
        self._connections = connections
        self._policy = policy
        self._now = now

    def page(
        self,
        caller: Caller,
        *,
        connector_type: str | None = None,
        status: ConnectionStatus | None = None,
        after: str | None = None,
    ) -> Page:
        """Return one page; raise `StoreUnavailableError`."""
        if isinstance(caller, Person) and not (caller.is_admin or caller.is_auditor):
            return Page(connections=self._own(caller, connector_type, status))
        seen: list[Connection] = []
        policy, now = self._policy(), self._now()
        while True:
            page = self._directory.page(
                connector_type=connector_type, status=status, after=after, limit=PAGE_SIZE
            )
            seen += [c for c in page.connections if may_see(policy, caller, c, now)]
            after = page.next_after
            # The mark of the next page is always a connection that the caller saw, or none.
            if len(seen) >= PAGE_SIZE:
                seen = seen[:PAGE_SIZE]
                return Page(connections=tuple(seen), next_after=seen[-1].key.document_id)
            if after is None:
                return Page(connections=tuple(seen))

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
