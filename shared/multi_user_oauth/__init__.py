"""Per-user OAuth for Microsoft 365 and Google Workspace; names are loaded on first use."""

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from multi_user_oauth.manager import MultiUserOAuthManager
    from multi_user_oauth.model import AccessToken, Secret
    from multi_user_oauth.providers.google import GoogleOAuthFlow
    from multi_user_oauth.providers.microsoft import MicrosoftOAuthFlow

__all__ = [
    "AccessToken",
    "GoogleOAuthFlow",
    "MicrosoftOAuthFlow",
    "MultiUserOAuthManager",
    "Secret",
]

_HOMES: Final = {
    "AccessToken": "multi_user_oauth.model",
    "GoogleOAuthFlow": "multi_user_oauth.providers.google",
    "MicrosoftOAuthFlow": "multi_user_oauth.providers.microsoft",
    "MultiUserOAuthManager": "multi_user_oauth.manager",
    "Secret": "multi_user_oauth.model",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(_HOMES[name]), name)
