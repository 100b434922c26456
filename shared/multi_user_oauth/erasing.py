"""Erasing what is kept of somebody who left, as far as it may go now, and saying what stays until when.

A tombstone, its audit and the ledger keep a restored backup from bringing a connection back: they outlive
every backup from before the disconnect. Sign-outs outlive every session that they ended.
"""

import logging
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from multi_user_oauth.errors import StillConnectedError
from multi_user_oauth.model import ConnectionKey, Identity, LedgerEntry, Snapshot
from multi_user_oauth.ports import (
    Clock,
    ConnectionReader,
    Erasure,
    LedgerErasure,
    RevocationStore,
    TraceErasure,
)

logger = logging.getLogger(__name__)

BACKUPS: Final = "a backup from before the disconnect may be restored until then"
SESSIONS: Final = "a session that was signed out could be used again until then"
PROVIDER: Final = "the provider is still to be told: finish that first"


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """
    One thing that is kept of a person: gone, or why it stays, and until when.

    `of` is the connection, or the identity. `until` is None for what is gone, and where nobody can say.
    """

    what: str
    of: str
    why: str | None = None
    until: datetime | None = None

    @property
    def is_gone(self) -> bool:
        """Whether nothing of it is left."""
        return self.why is None


class Erase:
    """For an operator at a terminal: no function is given it, and nothing else deletes audit records."""

    def __init__(
        self,
        *,
        connections: ConnectionReader,
        revocations: RevocationStore,
        erasure: Erasure,
        ledger: LedgerErasure,
        traces: TraceErasure,
        connector_types: Collection[str],
        retention: timedelta,
        longest_session: timedelta,
        now: Clock,
    ) -> None:
        self._connections = connections
        self._revocations = revocations
        self._erasure = erasure
        self._ledger = ledger
        self._traces = traces
        self._connector_types = connector_types
        self._retention = retention
        self._longest_session = longest_session
        self._now = now

    def erase(self, user_email: str) -> tuple[Erased, ...]:
        """
        Erase what may go, and return all that was there; nothing at all if nothing was.

        Raise `StillConnectedError` before anything is erased, `ConflictError` if the person connects at
        this moment, `StoreUnavailableError`. It can be interrupted, and called again.
        """
        keys = [ConnectionKey(each, user_email) for each in sorted(self._connector_types)]
        found = {key: self._connections.read(key) for key in keys}
        live = [key for key, each in found.items() if each and each.connection.holds_its_email]
        if live:
            raise StillConnectedError(", ".join(map(str, live)))
        entries = {key: self._ledger.disconnects(key) for key in keys}
        people = {each.connection.identity for each in found.values() if each}
        people |= {entry.identity for each in entries.values() for entry in each}
        return tuple(self._all(found, entries, people))

    def _all(
        self,
        found: dict[ConnectionKey, Snapshot | None],
        entries: dict[ConnectionKey, tuple[LedgerEntry, ...]],
        people: Collection[Identity],
    ) -> Iterator[Erased]:
        for key in found:
            if self._traces.forget_uses(key):
                yield Erased(what="usage", of=str(key))
            if self._traces.forget_reads(key):
                yield Erased(what="kept reads", of=str(key))
            if self._traces.forget_attempts(key):
                yield Erased(what="idempotency keys", of=str(key))
        signed_out = {who: self._sign_outs(who) for who in sorted(people)}
        yield from (each for each in signed_out.values() if each is not None)
        # While their sign-outs stay, the person must be found by what is kept beside them.
        stays = {who: each.until for who, each in signed_out.items() if each and each.until}
        for tombstone in filter(None, found.values()):
            yield self._tombstone(tombstone, stays.get(tombstone.connection.identity))
        for entry in (entry for each in entries.values() for entry in each):
            yield self._entry(entry, stays.get(entry.identity))

    def _sign_outs(self, who: Identity) -> Erased | None:
        before = self._now() - self._longest_session
        latest = self._traces.forget_sign_outs(who, until=before)
        if latest is None:
            return None
        until = latest + self._longest_session
        return Erased(what="sign-outs", of=str(who), why=SESSIONS, until=until)

    def _tombstone(self, found: Snapshot, stays: datetime | None) -> Erased:
        dead, what = found.connection, "connection and audit"
        pending = dead.pending_revocation
        if pending is not None and self._revocations.revocation(dead.key, pending) is not None:
            return Erased(what=what, of=str(dead.key), why=PROVIDER)
        kept = self._kept(what, dead.key, dead.revoked_at or dead.connected_at, stays)
        if kept is not None:
            return kept
        # The anchors in the log go on naming these records: this says that they are missing rightly.
        # Said before, for an answer that is lost says nothing.
        logger.info(
            "erasing audit",
            extra={
                "connection": str(dead.key),
                "sequence": dead.audit.sequence,
                "anchor": dead.audit.hash,
            },
        )
        self._erasure.erase(found)
        return Erased(what=what, of=str(dead.key))

    def _entry(self, entry: LedgerEntry, stays: datetime | None) -> Erased:
        kept = self._kept("ledger", entry.key, entry.at, stays)
        if kept is not None:
            return kept
        self._ledger.forget_disconnect(entry)
        return Erased(what="ledger", of=str(entry.key))

    def _kept(
        self, what: str, key: ConnectionKey, ended: datetime, stays: datetime | None
    ) -> Erased | None:
        backups = ended + self._retention
        until, why = (stays, SESSIONS) if stays and stays > backups else (backups, BACKUPS)
        if self._now() >= until:
            return None
        return Erased(what=what, of=str(key), why=why, until=until)
