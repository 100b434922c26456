"""The trips to Microsoft and Google, and the calls behind their back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from multi_user_oauth.model import ConnectorType, Identity, Secret, SignedIn, TokenSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """What one trip to a provider is for."""

    redirect_uri: str
    state: Secret
    user_email: str
    scopes: tuple[str, ...]
    offline: bool
    consent: bool
    context: str | None = None
    """The authentication context to prove, at a provider that has such."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """Where the browser goes, and what must be known when it comes back (sealed in its cookie)."""

    authorization_url: str
    transaction: Mapping[str, str]


class Departures(Protocol):
    """Begins a trip. Needs no client secret."""

    def begin(self, connector_type: ConnectorType, trip: Trip) -> Departure:
        """Return the authorization URL with PKCE S256, state and nonce; raise `RetryableError`."""


class Exchange(Protocol):
    """A client that is ready to spend one code: secret, discovery and signing keys are at hand."""

    def __call__(
        self, *, code: Secret, transaction: Mapping[str, str], user_email: str | None
    ) -> SignedIn:
        """
        Exchange the code (RFC 6749, 4.1.3) and verify the id_token completely.

        With a `user_email` that the id_token does not name, the provider's profile is asked too.
        Raise `SignInError` leaves, `ProviderUnavailableError` or `ProviderMisconfiguredError`.
        """


class Arrivals(Protocol):
    """Ends a trip. Needs the client secret."""

    def prepare(
        self, connector_type: ConnectorType, redirect_uri: str, *, issuer: str | None = None
    ) -> Exchange:
        """
        Get all that can fail before the code is spent; raise `RetryableError`.

        `issuer` is the answer's `iss`. Raise `StateMismatchError` if it has none although the
        provider's metadata promises one (RFC 9207, 2.4).
        """


class RefreshCall(Protocol):
    """A client that is ready to use one refresh token."""

    def __call__(
        self,
        refresh_token: Secret,
        identity: Identity,
        *,
        send_until: datetime,
        claims: str | None = None,
    ) -> TokenSet:
        """
        Refresh (RFC 6749, 6), with exactly one request that the provider looks at.

        `claims` is an API's claims challenge, for a provider that has such.

        While it refuses the application's credential it has not looked (5.2), and the next one is tried;
        none is sent after `send_until`. Raise `GrantRefusedError`, `ProviderUnavailableError` or
        `ProviderMisconfiguredError`; the last also if the answer's id_token names another person or
        application.
        """


class Refreshing(Protocol):
    """Refreshes tokens. Needs the client secret."""

    def prepare(self, connector_type: ConnectorType) -> RefreshCall:
        """Get all that can fail before the refresh token is used; raise `RetryableError`."""


class Revoking(Protocol):
    """Tells a provider that a grant ends."""

    def revoke(self, refresh_token: Secret) -> None:
        """Revoke (RFC 7009); an unknown token counts as revoked. Raise `ProviderUnavailableError`."""
