"""What the state of a connection does not allow."""

from multi_user_oauth.errors.base import MultiUserOAuthError


class NotConnectedError(MultiUserOAuthError):
    """There is no such connection, or none that this caller may know of."""

    code, status = "not_connected", 404


class NeedsSignInError(MultiUserOAuthError):
    """Only the person can mend this, by signing in again; `reason` says why."""

    code, status = "needs_sign_in", 409

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class HeldByAnotherAccountError(MultiUserOAuthError):
    """Another person's account is connected under this e-mail; an admin can release it."""

    code, status = "held_by_another_account", 409


class AlreadyConnectedError(MultiUserOAuthError):
    """The person is connected already, so nothing was taken in from elsewhere; that stays as it is."""

    code, status = "already_connected", 409


class GrantRefusedError(MultiUserOAuthError):
    """The provider refuses this grant for good (`invalid_grant`); `reason` is our word for why."""

    code, status = "needs_sign_in", 409

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason
