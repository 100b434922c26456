"""Whose token a library asks for, again and again; what its adapters have in common."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from multi_user_oauth.client.transport import LOOPBACK
from multi_user_oauth.client.vault import Vault
from multi_user_oauth.errors import ConfigurationError

_CLAIMS: Final = re.compile(r'claims="([^"]+)"')
UNAUTHORIZED: Final = 401


class Holder:
    """One person's connection, and what it is used for."""

    def __init__(
        self,
        vault: Vault,
        connector_type: str,
        user_email: str,
        *,
        purpose: str = "",
        scopes: Sequence[str] = (),
    ) -> None:
        """`purpose` stands in the audit; without one of the `scopes` there is no token."""
        super().__init__()
        self._vault = vault
        self._whose = connector_type, user_email
        self._purpose = purpose
        self._scopes = tuple(scopes)

    def _token(
        self,
        *,
        min_ttl: int = 60,
        scopes: Sequence[str] = (),
        force_refresh: bool = False,
        claims: str = "",
    ) -> tuple[str, datetime]:
        """Return the person's token, as a library takes it, and its end; raise as the vault does."""
        found = self._vault.access_token(
            *self._whose,
            purpose=self._purpose,
            min_ttl=min_ttl,
            scopes=(*self._scopes, *scopes),
            force_refresh=force_refresh,
            claims=claims,
        )
        return found.value.reveal(), found.expires_at

    def _header(self, url: str) -> str:
        """Return the `Authorization` for a request; raise `ConfigurationError` where it could be read."""
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in LOOPBACK:
            raise ConfigurationError("A person's token goes over https only")
        return f"Bearer {self._token()[0]}"

    def _header_after(self, challenge: str) -> str:
        """Return another one, after a 401 with this `WWW-Authenticate`."""
        found = _CLAIMS.search(challenge)
        return f"Bearer {self._token(force_refresh=True, claims=found[1] if found else '')[0]}"
