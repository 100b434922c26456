"""People's tokens for Google's libraries: `build(..., credentials=UserCredentials(vault, ...))`."""

from datetime import UTC
from typing import Final

from google.auth import credentials

from multi_user_oauth.client.holder import Holder
from multi_user_oauth.errors import MultiUserOAuthError

MIN_TTL: Final = 300
"""Google's libraries ask anew three minutes and 45 seconds before the end (REFRESH_THRESHOLD)."""


class UserCredentials(Holder, credentials.Credentials):
    """
    A person's token with its end; no refresh token.

    `refresh` raises what `Vault.access_token` raises, and that comes out of the library's call. A token
    that lasts no five minutes is asked for before each call.
    """

    def refresh(self, request: object) -> None:
        """Take the vault's token; another one, if an API refused the present one before its end."""
        try:
            value, expires_at = self._token(min_ttl=MIN_TTL, force_refresh=self.valid)
        except MultiUserOAuthError:
            self.token = None  # so that the next call asks, once the person has connected again
            raise
        self.token = value
        self.expiry = expires_at.astimezone(UTC).replace(tzinfo=None)  # as google-auth has it
