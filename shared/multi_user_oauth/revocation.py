"""Disconnect: at once and for good here, and at the provider as far as the provider allows."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from multi_user_oauth.access import require
from multi_user_oauth.audit import audited
from multi_user_oauth.commit import ID_BYTES, Committer
from multi_user_oauth.errors import (
    ConflictError,
    NotConnectedError,
    RetryableError,
    RevocationPendingError,
    StoreUnavailableError,
)
from multi_user_oauth.model import (
    Action,
    Batch,
    Caller,
    Connection,
    ConnectionKey,
    ConnectionStatus,
    LedgerEntry,
    Limits,
    Policy,
    Provider,
    Revocation,
    RevocationResult,
    Snapshot,
    rescue_id,
)
from multi_user_oauth.ports import Clock, ConnectionWriter, Draw, Finisher, Ledger, Sleep
from multi_user_oauth.ports.events import Publish, untold
from multi_user_oauth.telling import revoked

logger = logging.getLogger(__name__)

REASONS = {
    RevocationResult.REVOKED: (
        "The provider ended the grant; its tokens stop working, at most a few minutes from now."
    ),
    RevocationResult.PENDING: "The provider could not be told yet; it will be.",
    RevocationResult.SUPERSEDED: (
        "The same account is connected elsewhere here; ending the grant would cut that too."
    ),
    RevocationResult.NOT_POSSIBLE: (
        "The provider has no way to end one application's grant. Our copy is destroyed; the person "
        "can remove the consent at https://myapps.microsoft.com, or an admin can."
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Disconnected:
    """What was killed, and until when a token that was already given out still works."""

    provider: RevocationResult
    reason: str
    access_token_valid_until: datetime | None


class Disconnect:
    """Ends a connection. Holds no key: the sealed refresh token moves unopened."""

    def __init__(
        self,
        *,
        store: ConnectionWriter,
        ledger: Ledger,
        finisher: Finisher,
        revocable: frozenset[Provider],
        policy: Callable[[], Policy],
        now: Clock,
        sleep: Sleep,
        draw: Draw,
        limits: Limits,
        publish: Publish = untold,
    ) -> None:
        self._store = store
        self._publish = publish
        self._ledger = ledger
        self._finisher = finisher
        self._revocable = revocable
        self._policy = policy
        self._now = now
        self._draw = draw
        self._committer = Committer(store=store, now=now, sleep=sleep, limits=limits)

    def disconnect(self, caller: Caller, key: ConnectionKey) -> Disconnected:
        """
        Make the connection a tombstone, then have the provider told.

        Raise `NotConnectedError` (also for what is not the caller's to end), `StepUpRequiredError`,
        `ConflictError` if the person connected anew meanwhile, `RevocationPendingError` if the record
        is busy: the ledger holds the disconnect by then.
        """
        snapshot = self._store.read(key)
        if snapshot is None or snapshot.connection.status is ConnectionStatus.REVOKED:
            raise NotConnectedError(str(key))
        require(self._policy(), caller, Action.END, snapshot.connection, self._now())
        return self.end(caller, snapshot)

    def end(self, caller: Caller, snapshot: Snapshot, *, reason: str = "") -> Disconnected:
        """Do the same without asking who may: for what the policy itself ends; raise as it does."""
        connection = snapshot.connection
        now = self._now()
        # The ledger lies in the other database: a restore of this one can not forget it.
        self._ledger.enter(
            LedgerEntry(
                key=connection.key,
                identity=connection.identity,
                epoch=connection.epoch,
                at=now,
                actor=str(caller),
            )
        )
        pending = connection.identity.provider in self._revocable
        dead = self._bury(caller, snapshot, now, reason, pending=pending)
        self._publish(revoked(dead, at=now, reason=reason or "disconnected"))
        result = self._finish(dead) if pending else RevocationResult.NOT_POSSIBLE
        return Disconnected(
            provider=result,
            reason=REASONS[result],
            access_token_valid_until=still_valid(dead, result, now),
        )

    def _bury(
        self, caller: Caller, snapshot: Snapshot, now: datetime, reason: str, *, pending: bool
    ) -> Connection:
        """Return the connection as it was when it ended: a refresh may have come in between."""
        dying = snapshot.connection
        commit_id = self._draw(ID_BYTES).hex()

        def step(current: Snapshot | None) -> Batch | None:
            nonlocal dying
            if current is None or current.connection.epoch != dying.epoch:
                return None
            dying = current.connection
            tombstone = replace(dying.disconnected(at=now, pending=pending), commit_id=commit_id)
            change = audited(
                current, tombstone, action="disconnected", actor=str(caller), at=now, reason=reason
            )
            return Batch(
                changes=(change,),
                opens=_revocation(dying, now) if pending else None,
                # Whoever holds a lease, or left one behind, may have put an answer aside.
                adopted_rescue=(
                    rescue_id(dying.key, dying.epoch, dying.generation) if dying.lease else None
                ),
            )

        try:
            landed = self._committer.commit(dying.key, commit_id, snapshot, step)
        except (ConflictError, StoreUnavailableError) as busy:
            raise RevocationPendingError(str(dying.key), retry_after=5) from busy
        if not landed:
            raise ConflictError(str(dying.key))
        return dying

    def _finish(self, dead: Connection) -> RevocationResult:
        try:
            return self._finisher.finish(dead.key, dead.epoch)
        except RetryableError as later:
            extra = {"connection": str(dead.key), "code": later.code}
            logger.warning("revocation is pending", extra=extra)
            return RevocationResult.PENDING


def _revocation(dying: Connection, now: datetime) -> Revocation | None:
    if dying.sealed_refresh is None:
        return None
    return Revocation(
        key=dying.key,
        identity=dying.identity,
        epoch=dying.epoch,
        generation=dying.generation,
        sealed_refresh=dying.sealed_refresh,
        created_at=now,
    )


def still_valid(connection: Connection, result: RevocationResult, now: datetime) -> datetime | None:
    """Return until when an access token of this ended connection works, if one can be about."""
    expires_at = connection.access_token_expires_at
    if result is RevocationResult.REVOKED or expires_at is None or expires_at <= now:
        return None
    return expires_at
