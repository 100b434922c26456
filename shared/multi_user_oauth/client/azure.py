"""People's tokens for azure-core and all that takes its credentials, such as Microsoft's Graph SDK."""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

from azure.core.credentials import AccessToken, AccessTokenInfo, TokenRequestOptions

from multi_user_oauth.client.holder import Holder
from multi_user_oauth.errors import ConfigurationError

GRAPH: Final = "https://graph.microsoft.com/"
DEFAULT: Final = ".default"
"""All that the person granted (Microsoft identity platform, "The .default scope")."""
MIN_TTL: Final = 300
"""azure-core asks anew five minutes before the end."""


class _Credential(Holder):
    """What both have in common."""

    def _got(self, scopes: Sequence[str], claims: str | None) -> AccessTokenInfo:
        wanted = _named(scopes)
        value, expires_at = self._token(min_ttl=MIN_TTL, scopes=wanted, claims=claims or "")
        return AccessTokenInfo(value, int(expires_at.timestamp()))


class UserCredential(_Credential):
    """
    A `TokenCredential` and `SupportsTokenInfo` of one person, for Microsoft Graph.

    Raise what `Vault.access_token` raises, and `ConfigurationError` for another API than Graph: its
    token would be Graph's. A tenant is not chosen here; `claims` go to Microsoft.
    """

    def get_token(self, *scopes: str, claims: str | None = None, **_: object) -> AccessToken:
        """Return the person's token; `https://graph.microsoft.com/.default` is all they granted."""
        found = self._got(scopes, claims)
        return AccessToken(found.token, found.expires_on)

    def get_token_info(
        self, *scopes: str, options: TokenRequestOptions | None = None
    ) -> AccessTokenInfo:
        """Return the same, as newer versions of azure-core ask for it."""
        return self._got(scopes, (options or {}).get("claims"))

    def close(self) -> None:
        """Nothing is open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncUserCredential(_Credential):
    """The same as an `AsyncTokenCredential`: it waits for the token in a thread."""

    async def get_token(self, *scopes: str, claims: str | None = None, **_: object) -> AccessToken:
        """Return the person's token; `https://graph.microsoft.com/.default` is all they granted."""
        found = await asyncio.to_thread(self._got, scopes, claims)
        return AccessToken(found.token, found.expires_on)

    async def get_token_info(
        self, *scopes: str, options: TokenRequestOptions | None = None
    ) -> AccessTokenInfo:
        """Return the same, as newer versions of azure-core ask for it."""
        return await asyncio.to_thread(self._got, scopes, (options or {}).get("claims"))

    async def close(self) -> None:
        """Nothing is open."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        await self.close()


def _named(scopes: Sequence[str]) -> list[str]:
    """Return the scopes that the token must have; raise `ConfigurationError` for another API's."""
    bare = [each.removeprefix(GRAPH) for each in scopes]
    if any("/" in each for each in bare):
        raise ConfigurationError("A person's token is for https://graph.microsoft.com alone")
    return [each for each in bare if each != DEFAULT]
