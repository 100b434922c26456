"""Ending what a backup brought back although the ledger says that it was ended."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from multi_user_oauth.audit import audited
from multi_user_oauth.commit import ID_BYTES, Committer
from multi_user_oauth.model import (
    Batch,
    Connection,
    LedgerEntry,
    Limits,
    Provider,
    Revocation,
    Snapshot,
    rescue_id,
)
from multi_user_oauth.ports import Clock, ConnectionWriter, Draw, RevocationStore, Sleep

Ended = Mapping[str, LedgerEntry]
"""By the connection's document id: its latest disconnect."""


def latest(entries: Iterable[LedgerEntry]) -> Ended:
    """Return of each connection the entry with the greatest epoch."""
    found: dict[str, LedgerEntry] = {}
    for entry in entries:
        name = entry.key.document_id
        if name not in found or found[name].epoch < entry.epoch:
            found[name] = entry
    return found


def end_of(connection: Connection, ended: Ended) -> LedgerEntry | None:
    """
    Return the disconnect of this connection, or of a later one that stood in its place.

    Epochs only grow. One that is greater than the connection's ended what the same person connected
    after it: then this one is no more, either.
    """
    entry = ended.get(connection.key.document_id)
    is_over = entry is not None and entry.epoch >= connection.epoch
    return entry if is_over and connection.holds_its_email else None


class Bury:
    """Makes the tombstone that the disconnect made, or would have made. Holds no key."""

    def __init__(
        self,
        *,
        store: ConnectionWriter,
        revocations: RevocationStore,
        revocable: frozenset[Provider],
        now: Clock,
        sleep: Sleep,
        draw: Draw,
        limits: Limits,
    ) -> None:
        self._store = store
        self._revocations = revocations
        self._revocable = revocable
        self._now = now
        self._draw = draw
        self._committer = Committer(store=store, now=now, sleep=sleep, limits=limits)

    def bury(self, snapshot: Snapshot, entry: LedgerEntry, *, keep_quarantine: bool) -> bool:
        """
        Return whether there was anything to end; raise `ConflictError` or `StoreUnavailableError`.

        The provider is told once the quarantine is over. It may have been told already: a token that
        it does not know counts as revoked. Nobody is sent an event, for whoever ended it was.
        """
        commit_id, now = self._draw(ID_BYTES).hex(), self._now()

        def step(current: Snapshot | None) -> Batch | None:
            if current is None or end_of(current.connection, {_name(entry): entry}) is None:
                return None
            dying = current.connection
            opens, pending = self._owed(dying, now)
            dead = dying.disconnected(at=now, pending=pending)
            tombstone = replace(
                dead,
                epoch=max(dead.epoch, entry.epoch + 1),
                revoked_at=entry.at,
                commit_id=commit_id,
                quarantined_at=dying.quarantined_at if keep_quarantine else None,
            )
            change = audited(
                current,
                tombstone,
                action="disconnected",
                actor=entry.actor,
                at=now,
                reason="the ledger says so",
            )
            aside = rescue_id(dying.key, dying.epoch, dying.generation)
            return Batch(changes=(change,), opens=opens, adopted_rescue=aside)

        return self._committer.commit(entry.key, commit_id, snapshot, step)

    def _owed(self, dying: Connection, now: datetime) -> tuple[Revocation | None, bool]:
        """Return the revocation to be opened, and whether there is one then."""
        if dying.identity.provider not in self._revocable or dying.sealed_refresh is None:
            return None, False
        if self._revocations.revocation(dying.key, dying.epoch) is not None:
            return None, True  # the backup saw it end: that one holds the newest token
        opens = Revocation(
            key=dying.key,
            identity=dying.identity,
            epoch=dying.epoch,
            generation=dying.generation,
            sealed_refresh=dying.sealed_refresh,
            created_at=now,
        )
        return opens, True


def _name(entry: LedgerEntry) -> str:
    return entry.key.document_id
