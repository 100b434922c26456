"""What happened to a connection, and who used it, for those who may know."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from multi_user_oauth.access import require, sees_all
from multi_user_oauth.audit import BEGINS
from multi_user_oauth.errors import NotConnectedError, RequestError
from multi_user_oauth.model import (
    Action,
    AuditRecord,
    Caller,
    Connection,
    ConnectionKey,
    Policy,
)
from multi_user_oauth.ports import AuditReader, Clock, ConnectionReader, LastUse, Usage

AT_ONCE: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """Some records, the newest first; `next_after` is the last of them where there are older ones."""

    records: tuple[AuditRecord, ...]
    next_after: AuditRecord | None


class History:
    """Reads only: a person their own connection's, an admin or auditor all."""

    def __init__(
        self,
        *,
        connections: ConnectionReader,
        audit: AuditReader,
        usage: Usage,
        policy: Callable[[], Policy],
        now: Clock,
    ) -> None:
        self._connections = connections
        self._audit = audit
        self._usage = usage
        self._policy = policy
        self._now = now

    def audit(
        self, caller: Caller, key: ConnectionKey, after: tuple[int, str] | None = None
    ) -> AuditPage:
        """
        Return the newest records, or those older than the one with this sequence and hash.

        An e-mail may have been another person's before: that part of the chain is not this one's to
        read, and a hash can only be known to whom the record was shown. Raise `NotConnectedError`, or
        `RequestError` for a place that is none.
        """
        connection = self._required(caller, Action.READ_AUDIT, key)
        partly = not sees_all(caller)
        top = connection.audit.sequence if after is None else after[0]
        low = max(0, top - AT_ONCE)
        found = self._audit.audit_after(key, low, limit=max(1, top - low))[::-1]
        if after is not None:
            _require_shown(found, after, partly=partly)
            found = found[1:]
        beginning = next((n for n, each in enumerate(found) if each.action in BEGINS), None)
        if partly and beginning is not None:
            found = (*found[:beginning], replace(found[beginning], previous=""))
        more = low > 0 and not (partly and beginning is not None)
        return AuditPage(records=found, next_after=found[-1] if more and found else None)

    def usage(self, caller: Caller, key: ConnectionKey) -> tuple[LastUse, ...]:
        """Return the last use by each agent since the person connected; raise `NotConnectedError`."""
        connection = self._required(caller, Action.READ_USAGE, key)
        uses = self._usage.uses(key)
        return tuple(use for use in uses if use.at >= connection.connected_at)

    def _required(self, caller: Caller, action: Action, key: ConnectionKey) -> Connection:
        snapshot = self._connections.read(key)
        if snapshot is None:
            raise NotConnectedError(str(key))
        require(self._policy(), caller, action, snapshot.connection, self._now())
        return snapshot.connection


def _require_shown(found: tuple[AuditRecord, ...], after: tuple[int, str], *, partly: bool) -> None:
    if (
        not found
        or (found[0].sequence, found[0].hash) != after
        or (partly and found[0].action in BEGINS)
    ):
        raise RequestError("no place in this list", field="page_token")
