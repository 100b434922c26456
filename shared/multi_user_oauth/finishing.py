"""Finishing a disconnect: the one place, beside refreshing, where a refresh token is opened."""

import logging
from collections.abc import Mapping

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
    ConnectionKey,
    Identity,
    Limits,
    Provider,
    Revocation,
    RevocationResult,
)
from multi_user_oauth.ports import (
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
        draw: Draw,
        limits: Limits,
        point: Point = nothing,
    ) -> None:
        self._revocations = revocations
        self._connections = connections
        self._opener = opener
        self._providers = providers
        self._deployment = deployment
        self._draw = draw
        self._limits = limits
        self._point = point

    def finish(self, key: ConnectionKey, epoch: int) -> RevocationResult:
        """
        Tell the provider, unless that would cut a live connection of the same person.

        What can not be done now stays `PENDING`. Raise `StoreUnavailableError`.
        """
        revocation = self._revocations.revocation(key, epoch)
        if revocation is None:
            return self._ended(key)
        if is_leased(revocation, self._limits):
            return RevocationResult.PENDING
        try:
            claimed = self._revocations.claim_revocation(revocation, self._draw(ID_BYTES).hex())
        except ConflictError:
            return RevocationResult.PENDING
        self._point("revocation_claimed")
        # Google's revoke kills the person's whole grant to the project (developers.google.com,
        # "Using OAuth 2.0 for Web Server Applications", revoking): a live sibling must live.
        if self._has_live(revocation.identity):
            result = RevocationResult.SUPERSEDED
        elif not self._revoked(claimed):
            return RevocationResult.PENDING
        else:
            result = RevocationResult.REVOKED
        self._point("revocation_answered")
        try:
            self._revocations.finish_revocation(claimed)
        except (ConflictError, StoreUnavailableError) as kept:
            # Cancelled by a reconnect; or kept, and done once more, which changes nothing.
            logger.info("not deleted", extra={"connection": str(key), "code": kept.code})
        return result

    def _revoked(self, revocation: Revocation) -> bool:
        try:
            place = revocation.binding(self._deployment)
            with guarded(revocation.key):
                token = self._opener.open(revocation.sealed_refresh, place)
            self._providers[revocation.identity.provider].revoke(token)
        except (
            KeysUnavailableError,
            ProviderUnavailableError,
            ProviderMisconfiguredError,
            TamperedError,
        ) as later:
            extra = {"connection": str(revocation.key), "code": later.code}
            logger.warning("revocation is pending", extra=extra)
            return False
        return True

    def _has_live(self, identity: Identity) -> bool:
        return any(
            snapshot.connection.holds_its_email
            for snapshot in self._connections.by_identity(identity)
        )

    def _ended(self, key: ConnectionKey) -> RevocationResult:
        # Finished before, or cancelled because the person connected again.
        snapshot = self._connections.read(key)
        if snapshot is not None and self._has_live(snapshot.connection.identity):
            return RevocationResult.SUPERSEDED
        return RevocationResult.REVOKED
