"""Finishing a disconnect: the one place, beside refreshing, where a refresh token is opened."""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime

from multi_user_oauth.commit import ID_BYTES
from multi_user_oauth.custody import guarded
from multi_user_oauth.errors import (
    ConflictError,
    KeysUnavailableError,
    ProviderMisconfiguredError,
    ProviderUnavailableError,
    StoreUnavailableError,
    TamperedError,
)
from multi_user_oauth.model import (
    Connection,
    ConnectionKey,
    Identity,
    Limits,
    Provider,
    Revocation,
    RevocationResult,
    Secret,
)
from multi_user_oauth.ports import (
    Clock,
    ConnectionReader,
    Draw,
    Opener,
    Point,
    RevocationStore,
    Revoking,
    nothing,
)
from multi_user_oauth.refreshing import is_leased

logger = logging.getLogger(__name__)


class FinishRevocation:
    """The `Finisher` that does it; every other asks this one."""

    def __init__(
        self,
        *,
        revocations: RevocationStore,
        connections: ConnectionReader,
        opener: Opener,
        providers: Mapping[Provider, Revoking],
        deployment: str,
        now: Clock,
        draw: Draw,
        limits: Limits,
        point: Point = nothing,
    ) -> None:
        self._revocations = revocations
        self._connections = connections
        self._opener = opener
        self._providers = providers
        self._deployment = deployment
        self._now = now
        self._draw = draw
        self._limits = limits
        self._point = point

    def finish(self, key: ConnectionKey, epoch: int) -> RevocationResult:
        """
        Tell the provider, unless that would cut a live connection of the same person.

        What can not be done now stays `PENDING`. Raise `StoreUnavailableError`.
        """
        revocation = self._revocations.revocation(key, epoch)
        return self._ended(key) if revocation is None else self.take(revocation)

    def take(self, revocation: Revocation) -> RevocationResult:
        """Do the same with one that was just read; one that somebody else is at stays `PENDING`."""
        if is_leased(revocation, self._limits):
            return RevocationResult.PENDING
        claimed_at = self._now()
        try:
            claimed = self._revocations.claim_revocation(revocation, self._draw(ID_BYTES).hex())
        except ConflictError:
            return RevocationResult.PENDING
        self._point("revocation_claimed")
        act_until = claimed_at + self._limits.lease - self._limits.provider_call
        try:
            result = self._told(claimed, act_until)
        except (
            KeysUnavailableError,
            ProviderUnavailableError,
            ProviderMisconfiguredError,
            TamperedError,
        ) as later:
            extra = {"connection": str(revocation.key), "code": later.code}
            logger.warning("revocation is pending", extra=extra)
            return RevocationResult.PENDING
        self._point("revocation_answered")
        if result is not RevocationResult.PENDING:
            self._delete(claimed)
        return result

    def _told(self, claimed: Revocation, act_until: datetime) -> RevocationResult:
        # Google's revoke kills the person's whole grant to the project (developers.google.com,
        # "Using OAuth 2.0 for Web Server Applications", revoking): a live sibling must live.
        siblings = self._of(claimed.identity)
        if any(each.quarantined_at is not None for each in siblings):
            # A backup brought them back: what they are now, and elsewhere, is for an operator to say.
            return RevocationResult.PENDING
        token = None if _has_live(siblings) else self._open(claimed)
        if self._now() > act_until:
            # We were frozen: the lease may be another's by now, and the person may be back.
            logger.warning("revocation is pending", extra={"connection": str(claimed.key)})
            return RevocationResult.PENDING
        if token is None:
            return RevocationResult.SUPERSEDED
        self._providers[claimed.identity.provider].revoke(token)
        return RevocationResult.REVOKED

    def _open(self, revocation: Revocation) -> Secret:
        with guarded(revocation.key):
            place = revocation.binding(self._deployment)
            return self._opener.open(revocation.sealed_refresh, place)

    def _delete(self, claimed: Revocation) -> None:
        try:
            self._revocations.finish_revocation(claimed)
        except (ConflictError, StoreUnavailableError) as kept:
            # Cancelled by a reconnect; or kept, and done once more, which changes nothing.
            extra = {"connection": str(claimed.key), "code": kept.code}
            logger.info("not deleted", extra=extra)

    def _of(self, identity: Identity) -> list[Connection]:
        return [snapshot.connection for snapshot in self._connections.by_identity(identity)]

    def _ended(self, key: ConnectionKey) -> RevocationResult:
        # Finished before, or cancelled because the person connected again.
        snapshot = self._connections.read(key)
        if snapshot is not None and _has_live(self._of(snapshot.connection.identity)):
            return RevocationResult.SUPERSEDED
        return RevocationResult.REVOKED


def _has_live(siblings: Iterable[Connection]) -> bool:
    return any(each.holds_its_email for each in siblings)
