"""One connection refreshed, under a lease, by one worker at a time; the only reader of refresh tokens.

All that can fail is prepared before the provider is called. After its answer there is only "commit, or
put it in the rescue record".
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from multi_user_oauth.commit import ID_BYTES, Committer
from multi_user_oauth.custody import Credential, Credentials
from multi_user_oauth.errors import (
    ConflictError,
    GrantRefusedError,
    MultiUserOAuthError,
    ProviderMisconfiguredError,
    ProviderUnavailableError,
    RefreshInProgressError,
)
from multi_user_oauth.model import (
    Connection,
    ConnectionKey,
    ConnectorType,
    ConnectorTypes,
    Limits,
    Provider,
    Snapshot,
    TokenSet,
)
from multi_user_oauth.ports import (
    Clock,
    ConnectionWriter,
    Draw,
    Point,
    Refreshing,
    RescueStore,
    Sleep,
    nothing,
)
from multi_user_oauth.refreshing import (
    is_leased,
    next_failure,
    require_live,
    respect_back_off,
    serves,
)
from multi_user_oauth.settling import Settling


class RefreshConnection:
    """The `Refresher` that does it; every other asks this one."""

    def __init__(
        self,
        *,
        store: ConnectionWriter,
        rescues: RescueStore,
        connector_types: ConnectorTypes,
        providers: Mapping[Provider, Refreshing],
        credentials: Credentials,
        now: Clock,
        sleep: Sleep,
        draw: Draw,
        limits: Limits,
        point: Point = nothing,
    ) -> None:
        self._store = store
        self._connector_types = connector_types
        self._providers = providers
        self._credentials = credentials
        self._now = now
        self._draw = draw
        self._limits = limits
        self._point = point
        self._settling = Settling(
            rescues=rescues,
            now=now,
            draw=draw,
            committer=Committer(store=store, now=now, sleep=sleep, limits=limits),
            point=point,
        )

    def refresh(self, key: ConnectionKey, *, min_ttl: timedelta) -> None:
        """
        Return once the stored access token is good for `min_ttl`.

        Raise `NotConnectedError`; `NeedsSignInError`; `RefreshInProgressError` at once while another
        worker is at it (the asker polls the record, a lock is never waited for); another
        `RetryableError` where provider, keys or store fail.
        """
        snapshot = require_live(key, self._store.read(key))
        connection = snapshot.connection
        now = self._now()
        if serves(connection, min_ttl, self._limits, now):
            return
        if is_leased(snapshot, self._limits):
            raise RefreshInProgressError(str(key))
        respect_back_off(connection, now)
        try:
            claimed = self._store.claim(snapshot, self._draw(ID_BYTES).hex())
        except ConflictError as lost:
            raise RefreshInProgressError(str(key)) from lost
        self._point("claimed")
        # A lease that was there and ran out: its holder may have left an answer behind.
        if connection.lease is not None and self._settling.adopt(claimed):
            return
        self._renew(claimed, claimed_at=now)

    def _renew(self, claimed: Snapshot, *, claimed_at: datetime) -> None:
        used = claimed.connection
        try:
            connector_type = self._connector_type(used)
            call = self._providers[connector_type.provider].prepare(connector_type)
            credential = self._credentials.open(used)
        except MultiUserOAuthError:
            self._store.release(claimed, used.failure)
            raise
        self._point("prepared")
        send_until = claimed_at + self._limits.lease - self._limits.provider_call
        if self._now() > send_until:
            # We were frozen: the lease may be another's by now, and so may be the turn.
            raise RefreshInProgressError(str(used.key))
        try:
            tokens = call(credential.refresh_token, used.identity, send_until=send_until)
        except GrantRefusedError as refusal:
            self._settling.refuse(claimed, refusal)
        except (ProviderUnavailableError, ProviderMisconfiguredError) as failed:
            failure = next_failure(used, failed, self._limits, self._now())
            self._store.release(claimed, failure)
            raise
        else:
            self._point("answered")
            missing = connector_type.missing(tokens.scopes or used.scopes)
            self._settling.keep(claimed, self._after(used, credential, tokens, missing))

    def _connector_type(self, used: Connection) -> ConnectorType:
        connector_type = self._connector_types.get(used.key.connector_type)
        if connector_type is None:
            raise ProviderMisconfiguredError(f"{used.key}: its connector type is gone")
        return connector_type

    def _after(
        self, used: Connection, credential: Credential, tokens: TokenSet, missing: tuple[str, ...]
    ) -> Connection:
        sealed = credential.seal_next(used, tokens)
        now = self._now()
        return used.refreshed(
            sealed_access=sealed.access,
            sealed_refresh=sealed.refresh,
            expires_at=tokens.expires_at,
            refresh_due_at=self._limits.refresh_due_at(expires_at=tokens.expires_at, at=now),
            scopes=tokens.scopes,
            missing_scopes=missing,
            at=now,
        )
