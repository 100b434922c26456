"""`Importer` by HTTP: the function `refresh` has the applications' secrets, an operator has none."""

from typing import Final

from multi_user_oauth.errors import (
    AlreadyConnectedError,
    ConsumerAccountRefusedError,
    EmailMismatchError,
    ForbiddenError,
    GuestRefusedError,
    HeldByAnotherAccountError,
    IdentityUnverifiedError,
    MalformedEmailError,
    RequestError,
    RequiredScopeMissingError,
    RevocationPendingError,
    UnauthenticatedError,
    UnknownConnectorTypeError,
    WrongTenantError,
)
from multi_user_oauth.model import Caller, ConnectionKey, Secret
from multi_user_oauth.refreshers.remote import Refusals, RemoteRefresher

# Longer than the platform lets the function work.
_TIMEOUT: Final = (3.0, 65.0)
_REFUSALS: Final[Refusals] = {
    error.code: error
    for error in (
        AlreadyConnectedError,
        ConsumerAccountRefusedError,
        EmailMismatchError,
        ForbiddenError,
        GuestRefusedError,
        HeldByAnotherAccountError,
        IdentityUnverifiedError,
        MalformedEmailError,
        RequestError,
        RequiredScopeMissingError,
        RevocationPendingError,
        UnauthenticatedError,
        UnknownConnectorTypeError,
        WrongTenantError,
    )
}


class RemoteImporting:
    """Asks `/refresh/import` for one token at a time; no answer to it may be repeated by itself."""

    def __init__(self, remote: RemoteRefresher) -> None:
        self._remote = remote

    def take_in(
        self, key: ConnectionKey, refresh_token: Secret, *, caller: Caller, replace: bool
    ) -> None:
        """As the port; who `caller` is, the function finds out by this process's own identity."""
        asked = {
            "connector_type": key.connector_type,
            "user_email": key.user_email,
            "refresh_token": refresh_token.reveal(),
            "replace": replace,
        }
        self._remote.post("/refresh/import", asked, _TIMEOUT, _REFUSALS)
