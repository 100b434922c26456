"""Taking in a refresh token that an older system kept: at the provider, and wherever it may be done."""

from typing import Protocol

from multi_user_oauth.model import Caller, ConnectionKey, ConnectorType, Secret, SignedIn


class ImportCall(Protocol):
    """A client that is ready to use one refresh token of which nobody knows yet whose it is."""

    def __call__(self, refresh_token: Secret, *, user_email: str) -> SignedIn:
        """
        Refresh (RFC 6749, 6) with one request that the provider looks at, and prove the owner.

        With a `user_email` that the proof does not name, Microsoft's profile of the person is asked too.
        Raise `GrantRefusedError`, of another application's token too; `IdentityUnverifiedError`,
        `WrongTenantError`, `GuestRefusedError` or `ConsumerAccountRefusedError`; a `RetryableError`.
        """


class Importing(Protocol):
    """Refreshes tokens that came from elsewhere. Needs the client secret."""

    def prepare(self, connector_type: ConnectorType) -> ImportCall:
        """Get all that can fail before the refresh token is used; raise `RetryableError`."""


class Importer(Protocol):
    """Has one token taken in."""

    def take_in(
        self, key: ConnectionKey, refresh_token: Secret, *, caller: Caller, replace: bool
    ) -> None:
        """
        Return once the connection is stored, whole.

        Whatever is raised, nothing was: `AlreadyConnectedError`, `HeldByAnotherAccountError`,
        `EmailMismatchError`, `RequiredScopeMissingError`, `UnknownConnectorTypeError`, or what
        `ImportCall` raises.
        """
