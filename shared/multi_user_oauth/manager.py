"""The façade for code that runs beside the stores: the same use cases as the functions, without HTTP."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Self

from multi_user_oauth.directory import ListConnections
from multi_user_oauth.http.claims_challenge import claims_challenge
from multi_user_oauth.model import (
    AccessToken,
    Agent,
    Caller,
    Connection,
    ConnectionKey,
    ConnectionStatus,
    ConnectorTypes,
    System,
    normalise_email,
)
from multi_user_oauth.model.forecast import Forecast, forecast
from multi_user_oauth.revocation import Disconnect, Disconnected
from multi_user_oauth.settings import Settings
from multi_user_oauth.token import GetAccessToken
from multi_user_oauth.wiring.access_token import get_access_token
from multi_user_oauth.wiring.list_users import list_connections
from multi_user_oauth.wiring.parts import Parts
from multi_user_oauth.wiring.revoke import disconnecting
from multi_user_oauth.wiring.world import World


class MultiUserOAuthManager:
    """Acts for one caller: an agent, held to the policy file, or an operator."""

    def __init__(
        self,
        *,
        tokens: GetAccessToken,
        listing: ListConnections,
        disconnect: Disconnect,
        connector_types: Callable[[], ConnectorTypes],
        caller: Caller,
    ) -> None:
        self._tokens = tokens
        self._listing = listing
        self._disconnect = disconnect
        self._connector_types = connector_types
        self._caller = caller

    @classmethod
    def from_settings(
        cls,
        values: Mapping[str, str],
        *,
        agent: str | None = None,
        world: World | None = None,
    ) -> Self:
        """
        Return a manager over the stores that the settings name.

        With `agent` (an agent's name in the policy file) it may do what that agent may; without, it
        is an operator: whoever can read the stores and keys is trusted with them. Raise
        `ConfigurationError`.
        """
        parts = Parts("manager", Settings(values), world or World())
        return cls(
            tokens=get_access_token(parts),
            listing=list_connections(parts),
            disconnect=disconnecting(parts),
            connector_types=lambda: parts.connector_types,
            caller=Agent(name=agent) if agent else System(name="operator"),
        )

    def get_user_access_token(
        self,
        connector_type: str,
        user_email: str,
        *,
        min_ttl: int = 60,
        scopes: tuple[str, ...] = (),
        purpose: str = "",
        force_refresh: bool = False,
        claims: str | None = None,
    ) -> AccessToken:
        """
        Return the person's access token, good for `min_ttl` seconds, refreshed if need be.

        After an API refused the last one, `force_refresh` brings another; `claims` is the challenge
        that the API sent with its refusal, and forces too. Raise `NotConnectedError`,
        `NeedsSignInError`, `InsufficientScopeError`, a `RequestError` or a `RetryableError`.
        """
        return self._tokens.get(
            self._caller,
            ConnectionKey(connector_type, normalise_email(user_email)),
            min_ttl=timedelta(seconds=min_ttl),
            scopes=scopes,
            purpose=purpose,
            force_refresh=force_refresh,
            claims_challenge=claims_challenge(claims) if claims is not None else None,
        )

    def list_users(
        self, connector_type: str | None = None, status: ConnectionStatus | None = None
    ) -> Iterator[Connection]:
        """Yield the connections that the caller may know of; raise `StoreUnavailableError`."""
        after: str | None = None
        while True:
            page = self._listing.page(
                self._caller, connector_type=connector_type, status=status, after=after
            )
            yield from page.connections
            after = page.next_after
            if after is None:
                return

    def forecast(self, connection: Connection) -> Forecast | None:
        """Return until when a connection lives and why it would die; None if it does not serve."""
        return forecast(connection, self._connector_types().get(connection.key.connector_type))

    def revoke(self, connector_type: str, user_email: str) -> Disconnected:
        """
        Disconnect the person and say what that ended.

        Raise `NotConnectedError` (an agent may end nothing), `ConflictError` or a `RetryableError`.
        """
        key = ConnectionKey(connector_type, normalise_email(user_email))
        return self._disconnect.disconnect(self._caller, key)
