"""Our paths and the session's cookie, in one place: routes, links and redirect URIs come from here."""

from typing import Final
from urllib.parse import urlencode

from multi_user_oauth.model import ConnectionKey, Provider, normalise_email

API: Final = "/api/v1/oauth"
ACCOUNT: Final = "/api/v1/account"
CONNECTORS: Final = "/api/v1/connectors/{connector_type}"
AUTHORIZE: Final = f"{API}/user/authorize"
CALLBACKS: Final = {provider: f"{API}/callback/{provider}" for provider in Provider}
CONNECT: Final = "/connect"
ACCOUNT_PAGE: Final = "/account"
KEY: Final = "{connector_type}/{user_email}"
SESSION_COOKIE: Final = "__Host-session"


def redirect_uri(origin: str, provider: Provider) -> str:
    """Return where this provider sends the browser back to, as registered there."""
    return origin + CALLBACKS[provider]


def admin_consent_uri(origin: str) -> str:
    """Return where Microsoft sends an administrator back to, as registered there."""
    return f"{origin}{CALLBACKS[Provider.MICROSOFT]}/admin-consent"


def reauthorize_url(origin: str, key: ConnectionKey, *scopes: str) -> str:
    """Return the page, good for ever, where the person connects (again), and grants these scopes too."""
    asked = {"connector_type": key.connector_type, "user_email": key.user_email}
    if scopes:
        asked["scopes"] = " ".join(scopes)
    return f"{origin}{CONNECT}?{urlencode(asked)}"


def delegate_url(origin: str, key: ConnectionKey) -> str:
    """Return the page, good for ever, where the person leaves this connection to an agent."""
    asked = {"connector_type": key.connector_type, "user_email": key.user_email}
    return f"{origin}{ACCOUNT_PAGE}?{urlencode(asked)}#agents"


def step_up_url(origin: str, user_email: str) -> str:
    """Return the page, good for ever, where an administrator proves more."""
    return f"{origin}{CONNECT}?{urlencode({'intent': 'step_up', 'user_email': user_email})}"


def key_of(connector_type: str, user_email: str) -> ConnectionKey:
    """Return the key that a path names; raise `MalformedEmailError`."""
    return ConnectionKey(connector_type, normalise_email(user_email))
