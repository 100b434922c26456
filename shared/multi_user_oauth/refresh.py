"""One connection refreshed, under a lease, by one worker at a time."""

from collections.abc import Mapping
from datetime import timedelta

from multi_user_oauth.breakers import Breakers
from multi_user_oauth.commit import ID_BYTES, Committer
from multi_user_oauth.custody import Credentials
from multi_user_oauth.errors import (
    ConflictError,
    RefreshInProgressError,
)
from multi_user_oauth.model import (
    ConnectionKey,
    ConnectionStatus,
    ConnectorTypes,
    Limits,
    Provider,
    Snapshot,
)
from multi_user_oauth.ports import (
    Anew,
    Clock,
    ConnectionWriter,
    Draw,
    Point,
    Refreshing,
    RescueStore,
    Sleep,
    nothing,
)
from multi_user_oauth.ports.breakers import Suspects
from multi_user_oauth.refreshing import (
    is_leased,
    require_live,
    require_released,
    respect_back_off,
    satisfies,
)
from multi_user_oauth.renewal import Renewal
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
        breakers: Breakers,
        suspects: Suspects,
        now: Clock,
        sleep: Sleep,
        draw: Draw,
        limits: Limits,
        point: Point = nothing,
    ) -> None:
        self._store = store
        self._breakers = breakers
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
        self._renewal = Renewal(
            store=store,
            connector_types=connector_types,
            providers=providers,
            credentials=credentials,
            breakers=breakers,
            suspects=suspects,
            settling=self._settling,
            now=now,
            draw=draw,
            limits=limits,
            point=point,
        )

    def refresh(self, key: ConnectionKey, *, min_ttl: timedelta, anew: Anew | None = None) -> None:
        """
        Return once the stored access token is good for `min_ttl`, and is not the one refused.

        Raise `NotConnectedError`; `NeedsSignInError`; `RefreshInProgressError` at once while another
        worker is at it (the asker polls the record, a lock is never waited for); another
        `RetryableError` where provider, keys or store fail.
        """
        snapshot = require_live(key, self._store.read(key))
        now = self._now()
        if satisfies(snapshot.connection, min_ttl, anew, self._limits, now):
            return
        if is_leased(snapshot, self._limits):
            raise RefreshInProgressError(str(key))
        respect_back_off(snapshot.connection, now)
        self._breakers.require(key.connector_type)
        self.renew(snapshot, claims=anew.claims if anew else None)

    def renew(self, snapshot: Snapshot, *, claims: str | None = None) -> None:
        """
        Refresh the connection as it was read, whether or not it needs it; raise as `refresh` does.

        Also one that waits for its person: should the provider accept it after all, it is healed.
        """
        used = snapshot.connection
        if is_leased(snapshot, self._limits):
            raise RefreshInProgressError(str(used.key))
        claimed_at = self._now()
        claimed = self._claim(snapshot)
        # A lease that was there and ran out: its holder may have left an answer behind.
        left = used.lease is not None or used.status is ConnectionStatus.NEEDS_SIGN_IN
        if left and self._settling.adopt(claimed):
            return
        self._renewal.run(claimed, claimed_at=claimed_at, claims=claims)

    def adopt(self, snapshot: Snapshot) -> bool:
        """Commit what an earlier worker got and could not store; return whether there was anything."""
        if is_leased(snapshot, self._limits):
            raise RefreshInProgressError(str(snapshot.connection.key))
        claimed = self._claim(snapshot)
        if self._settling.adopt(claimed):
            return True
        self._store.release(claimed, claimed.connection.failure)
        return False

    def _claim(self, snapshot: Snapshot) -> Snapshot:
        require_released(snapshot.connection)
        try:
            claimed = self._store.claim(snapshot, self._draw(ID_BYTES).hex())
        except ConflictError as lost:
            raise RefreshInProgressError(str(snapshot.connection.key)) from lost
        self._point("claimed")
        return claimed
