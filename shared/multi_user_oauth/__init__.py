"""Per-user OAuth for Microsoft 365 and Google Workspace; names are loaded on first use."""

from typing import TYPE_CHECKING

from multi_user_oauth.loading import offers

if TYPE_CHECKING:
    from multi_user_oauth.manager import MultiUserOAuthManager
    from multi_user_oauth.model import AccessToken, Secret
    from multi_user_oauth.providers.google import GoogleOAuthFlow
    from multi_user_oauth.providers.microsoft import MicrosoftOAuthFlow
else:
    __getattr__ = offers(
        __name__,
        {
            "manager": "MultiUserOAuthManager",
            "model": "AccessToken Secret",
            "providers.google": "GoogleOAuthFlow",
            "providers.microsoft": "MicrosoftOAuthFlow",
        },
    )

__all__ = [
    "AccessToken",
    "GoogleOAuthFlow",
    "MicrosoftOAuthFlow",
    "MultiUserOAuthManager",
    "Secret",
]
