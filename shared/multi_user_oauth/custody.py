"""Sealing a connection's two tokens where they belong, and opening them there only.

`NewGrants` can only seal: the callbacks have it. `Credentials` opens refresh tokens: only `refresh` has
it. `AccessTokens` opens access tokens and nothing else. All of them open inside `guarded`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from multi_user_oauth.errors import TamperedError
from multi_user_oauth.log import Alarm, raise_alarm
from multi_user_oauth.model import (
    Binding,
    Connection,
    ConnectionKey,
    Identity,
    Kind,
    Secret,
    TokenSet,
)
from multi_user_oauth.ports import DataKey, Opener, Sealer


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedTokens:
    """Both values as they are stored."""

    access: bytes
    refresh: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantKeys:
    """The two data keys of one grant, wrapped already: sealing with them can not fail any more."""

    access_key: DataKey
    refresh_key: DataKey
    access_sealer: Sealer
    refresh_sealer: Sealer
    deployment: str
    key: ConnectionKey
    epoch: int

    def seal(
        self, access: Secret, refresh: Secret, *, identity: Identity, generation: int
    ) -> SealedTokens:
        """Return the tokens sealed for this person and generation."""

        def place(kind: Kind) -> Binding:
            return Binding(
                deployment=self.deployment,
                key=self.key,
                kind=kind,
                epoch=self.epoch,
                identity=identity,
                generation=generation,
            )

        return SealedTokens(
            access=self.access_sealer.seal(self.access_key, place(Kind.ACCESS), access),
            refresh=self.refresh_sealer.seal(self.refresh_key, place(Kind.REFRESH), refresh),
        )


class NewGrants:
    """Makes the keys of a new connection; has no right to open anything."""

    def __init__(self, *, deployment: str, access_sealer: Sealer, refresh_sealer: Sealer) -> None:
        self._deployment = deployment
        self._access = access_sealer
        self._refresh = refresh_sealer

    def new_keys(self, key: ConnectionKey, epoch: int) -> GrantKeys:
        """Draw and wrap two data keys; raise `KeysUnavailableError`."""

        def drawn(sealer: Sealer, kind: Kind) -> DataKey:
            return sealer.new_key(
                Binding(deployment=self._deployment, key=key, kind=kind, epoch=epoch)
            )

        return GrantKeys(
            access_key=drawn(self._access, Kind.ACCESS),
            refresh_key=drawn(self._refresh, Kind.REFRESH),
            access_sealer=self._access,
            refresh_sealer=self._refresh,
            deployment=self._deployment,
            key=key,
            epoch=epoch,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A stored refresh token, open, and the keys to seal its successor with."""

    refresh_token: Secret
    keys: GrantKeys

    def seal_next(self, used: Connection, tokens: TokenSet) -> SealedTokens:
        """Seal the answer for the next generation; without a new refresh token the old one again."""
        return self.keys.seal(
            tokens.access_token,
            tokens.refresh_token or self.refresh_token,
            identity=used.identity,
            generation=used.generation + 1,
        )


class Credentials:
    """Opens refresh tokens, for the one use case that may."""

    def __init__(
        self,
        *,
        deployment: str,
        access_opener: Opener,
        access_sealer: Sealer,
        refresh_opener: Opener,
        refresh_sealer: Sealer,
    ) -> None:
        self._deployment = deployment
        self._access_opener = access_opener
        self._access_sealer = access_sealer
        self._refresh_opener = refresh_opener
        self._refresh_sealer = refresh_sealer

    def open(self, connection: Connection) -> Credential:
        """Return the credential; raise `TamperedError` or `KeysUnavailableError`."""
        with guarded(connection.key):
            return self._opened(connection)

    def _opened(self, connection: Connection) -> Credential:
        if connection.sealed_refresh is None or connection.sealed_access is None:
            raise TamperedError(str(connection.key))
        access = place_of(connection, Kind.ACCESS, self._deployment)
        refresh = place_of(connection, Kind.REFRESH, self._deployment)
        return Credential(
            refresh_token=self._refresh_opener.open(connection.sealed_refresh, refresh),
            keys=GrantKeys(
                access_key=self._access_opener.data_key(connection.sealed_access, access),
                refresh_key=self._refresh_opener.data_key(connection.sealed_refresh, refresh),
                access_sealer=self._access_sealer,
                refresh_sealer=self._refresh_sealer,
                deployment=self._deployment,
                key=connection.key,
                epoch=connection.epoch,
            ),
        )


class AccessTokens:
    """Opens access tokens."""

    def __init__(self, *, deployment: str, opener: Opener) -> None:
        self._deployment = deployment
        self._opener = opener

    def open(self, connection: Connection) -> Secret:
        """Return the access token; raise `TamperedError` or `KeysUnavailableError`."""
        with guarded(connection.key):
            if connection.sealed_access is None:
                raise TamperedError(str(connection.key))
            place = place_of(connection, Kind.ACCESS, self._deployment)
            return self._opener.open(connection.sealed_access, place)


@contextmanager
def guarded(key: ConnectionKey) -> Iterator[None]:
    """Raise the alarm for a sealed value of this connection that does not open, once; let it pass on."""
    try:
        yield
    except TamperedError:
        raise_alarm(Alarm.TAMPERED, "a sealed value did not open", connection=str(key))
        raise


def place_of(connection: Connection, kind: Kind, deployment: str) -> Binding:
    """Return where this connection's value of that kind belongs."""
    return Binding(
        deployment=deployment,
        key=connection.key,
        kind=kind,
        epoch=connection.epoch,
        identity=connection.identity,
        generation=connection.generation,
    )
