"""Verifying one connection's chain while somebody waits: its newest records, the caller's alone."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from multi_user_oauth.access import require, sees_all
from multi_user_oauth.audit import BEGINS, Chain, Trouble
from multi_user_oauth.auditing.part import Part, place_of
from multi_user_oauth.auditing.verify import LOOKS, AuditedStore
from multi_user_oauth.auditing.walk import AT_ONCE
from multi_user_oauth.errors import NotConnectedError
from multi_user_oauth.model import (
    Action,
    AuditRecord,
    Caller,
    Connection,
    ConnectionKey,
    Policy,
    audit_id,
)
from multi_user_oauth.ports import Clock, Walked

MOST: Final = 5_000
"""Records looked at, the newest: of a connection that is renewed each hour those of half a year."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """
    How many records were looked at, the first of them, and the first trouble: its place and its word.

    A trouble's place of 0 is the connection itself.
    """

    records: int
    begins: int
    trouble: tuple[int, Trouble] | None


class VerifyConnection:
    """
    Reads only; whoever may read the audit may ask whether it is whole.

    It holds the records against each other and against what the connection says of the newest. Somebody
    who rewrites a whole chain and its connection is found by the log's anchors alone (`VerifyAudit`).
    """

    def __init__(
        self,
        *,
        store: AuditedStore,
        policy: Callable[[], Policy],
        now: Clock,
        most: int = MOST,
    ) -> None:
        self._store = store
        self._policy = policy
        self._now = now
        self._most = most

    def verify(self, caller: Caller, key: ConnectionKey) -> Verified:
        """
        Return what became of the connection's newest records; raise `NotConnectedError`.

        For a person no more than their own: an e-mail may have been another's before.
        """
        connection = self._required(caller, key)
        after = max(0, connection.audit.sequence - self._most)
        walk = _Walk(after, whole=sees_all(caller))
        for _ in range(LOOKS):
            # Read after the connection: whatever that one says is the newest record is there by now.
            for each in self._records(key, walk.last, connection.audit.sequence):
                walk.follow(each)
            if connection.audit.sequence >= walk.last:
                break
            connection = self._required(caller, key)  # somebody wrote meanwhile
        return walk.result(connection)

    def _required(self, caller: Caller, key: ConnectionKey) -> Connection:
        snapshot = self._store.read(key)
        if snapshot is None:
            raise NotConnectedError(str(key))
        require(self._policy(), caller, Action.READ_AUDIT, snapshot.connection, self._now())
        return snapshot.connection

    def _records(self, key: ConnectionKey, last: int, head: int) -> Iterator[Walked[AuditRecord]]:
        """Yield those that follow the last, as many as there should be, and one that should not."""
        part = Part(connector_type=key.connector_type, user_email=key.user_email)
        after, left = audit_id(key, last), head - last + 1
        while left > 0:
            limit = min(left, AT_ONCE)
            found = self._store.all_audit(after=after, limit=limit)
            # Others' are among them only where an e-mail ends in what looks like a record's name.
            mine = [each for each in found if part.has_record(each.name)]
            yield from mine
            if len(found) < limit or not found[-1].name.startswith(f"{key.document_id}-"):
                return
            after, left = found[-1].name, left - len(mine)


class _Walk:
    """`whole` is False for a person, whose own part begins with the newest of its beginnings."""

    def __init__(self, after: int, *, whole: bool) -> None:
        self._whole = whole
        self._begin(after)

    def _begin(self, after: int) -> None:
        self._chain = Chain(after=after)
        self._after = after
        self._records = 0
        self._trouble: tuple[int, Trouble] | None = None

    @property
    def last(self) -> int:
        return self._chain.head.sequence

    def follow(self, each: Walked[AuditRecord]) -> None:
        record, sequence = each.value, place_of(each.name)[1]
        if record is not None and record.action in BEGINS and not self._whole:
            self._begin(sequence - 1)
        troubles = self._chain.follow(record) if record else self._chain.skip(sequence)
        self._records += 1
        self._trouble = self._trouble or next(iter(troubles), None)

    def result(self, connection: Connection) -> Verified:
        trouble = self._trouble or self._chain.trouble_at_the_end(connection.audit)
        return Verified(records=self._records, begins=self._after + 1, trouble=trouble)
