"""What happens under a lease: everything is made ready, the provider asked once, the answer kept.

All that can fail is prepared before the provider is called. After its answer there is only "commit, or
put it in the rescue record".
"""

from collections.abc import Mapping
from datetime import datetime

from multi_user_oauth.breakers import Breakers
from multi_user_oauth.custody import Credential, Credentials
from multi_user_oauth.errors import (
    GrantRefusedError,
    MultiUserOAuthError,
    NeedsSignInError,
    ProviderMisconfiguredError,
    ProviderUnavailableError,
    RefreshInProgressError,
    StoreUnavailableError,
    TamperedError,
)
from multi_user_oauth.model import (
    Connection,
    ConnectionStatus,
    ConnectorType,
    ConnectorTypes,
    FailureKind,
    Limits,
    Provider,
    Snapshot,
    TokenSet,
)
from multi_user_oauth.ports import Clock, ConnectionWriter, Draw, Point, Refreshing
from multi_user_oauth.ports.breakers import Suspect, Suspects
from multi_user_oauth.refreshing import next_failure
from multi_user_oauth.settling import Settling


class Renewal:
    """The only reader of refresh tokens, beside the one that has them revoked."""

    def __init__(
        self,
        *,
        store: ConnectionWriter,
        connector_types: ConnectorTypes,
        providers: Mapping[Provider, Refreshing],
        credentials: Credentials,
        breakers: Breakers,
        suspects: Suspects,
        settling: Settling,
        now: Clock,
        draw: Draw,
        limits: Limits,
        point: Point,
    ) -> None:
        self._store = store
        self._connector_types = connector_types
        self._providers = providers
        self._credentials = credentials
        self._breakers = breakers
        self._suspects = suspects
        self._settling = settling
        self._now = now
        self._draw = draw
        self._limits = limits
        self._point = point

    def run(self, claimed: Snapshot, *, claimed_at: datetime, claims: str | None) -> None:
        """Ask the provider, and keep what it answers; raise what `Refresher` says."""
        used = claimed.connection
        try:
            connector_type = self._connector_type(used)
            call = self._providers[connector_type.provider].prepare(connector_type)
            credential = self._credentials.open(used)
        except MultiUserOAuthError as failed:
            self._give_back(claimed, failed, remember=isinstance(failed, TamperedError))
            raise
        self._point("prepared")
        send_until = claimed_at + self._limits.lease - self._limits.provider_call
        if self._now() > send_until:
            # We were frozen: the lease may be another's by now, and so may be the turn.
            raise RefreshInProgressError(str(used.key))
        try:
            tokens = call(
                credential.refresh_token, used.identity, send_until=send_until, claims=claims
            )
        except GrantRefusedError as refusal:
            self._refused(claimed, refusal, wanted_more=claims is not None)
            return
        except (ProviderUnavailableError, ProviderMisconfiguredError) as failed:
            self._give_back(claimed, failed, remember=True)
            raise
        self._point("answered")
        self._settling.keep(claimed, self._after(used, credential, tokens, connector_type))
        self._breakers.succeeded(
            used.key.connector_type, refused_before=_was_refused(used), asked_at=claimed_at
        )

    def _refused(self, claimed: Snapshot, refusal: GrantRefusedError, *, wanted_more: bool) -> None:
        # A sibling may have a better answer; and a provider that calls many grants dead is not believed.
        if self._settling.adopt(claimed):
            return
        used = claimed.connection
        if wanted_more or used.status is ConnectionStatus.NEEDS_SIGN_IN:
            # Claims that only the person can prove say nothing of the grant: others go on using it.
            self._store.release(claimed, used.failure)
            raise NeedsSignInError(str(used.key), reason=refusal.reason) from refusal
        if not self._breakers.refused(used.key.connector_type):
            self._give_back(claimed, refusal, remember=True)
            raise ProviderUnavailableError(f"{used.key}: refused, and not believed") from refusal
        suspect = Suspect(
            key=used.key, epoch=used.epoch, generation=used.generation, at=self._now()
        )
        try:
            self._suspects.suspect(suspect)
        except StoreUnavailableError:
            self._store.release(claimed, used.failure)
            raise
        self._settling.refuse(claimed, refusal)

    def _give_back(self, claimed: Snapshot, failed: MultiUserOAuthError, *, remember: bool) -> None:
        used, failure = claimed.connection, claimed.connection.failure
        if remember:
            failure = next_failure(used, failed, self._limits, self._now(), self._draw)
        self._store.release(claimed, failure)
        if isinstance(failed, ProviderUnavailableError | ProviderMisconfiguredError):
            self._breakers.failed(used.key.connector_type, failed)

    def _connector_type(self, used: Connection) -> ConnectorType:
        connector_type = self._connector_types.get(used.key.connector_type)
        if connector_type is None:
            raise ProviderMisconfiguredError(f"{used.key}: its connector type is gone")
        return connector_type

    def _after(
        self,
        used: Connection,
        credential: Credential,
        tokens: TokenSet,
        connector_type: ConnectorType,
    ) -> Connection:
        sealed = credential.seal_next(used, tokens)
        now = self._now()
        return used.refreshed(
            sealed_access=sealed.access,
            sealed_refresh=sealed.refresh,
            expires_at=tokens.expires_at,
            refresh_due_at=self._limits.refresh_due_at(
                expires_at=tokens.expires_at, at=now, spread=used.key.spread
            ),
            scopes=tokens.scopes,
            missing_scopes=connector_type.missing(tokens.scopes or used.scopes),
            refresh_token_expires_at=tokens.refresh_token_expires_at,
            at=now,
        )


def _was_refused(used: Connection) -> bool:
    failed = used.failure is not None and used.failure.kind is FailureKind.REFUSED
    return failed or used.status is ConnectionStatus.NEEDS_SIGN_IN
