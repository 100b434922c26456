"""Where Microsoft is: authority, pinned discovery, signing keys, and Graph's profile of the person."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from multi_user_oauth.errors import ProviderMisconfiguredError
from multi_user_oauth.log import Alarm, raise_alarm
from multi_user_oauth.model import ConnectorType, ProvedPerson, Secret
from multi_user_oauth.net.http_answer import HttpAnswer
from multi_user_oauth.providers.claims import emails, microsoft_issuer
from multi_user_oauth.providers.id_token import SigningKeys
from multi_user_oauth.providers.transport import OK, Transport

GRAPH: Final = "https://graph.microsoft.com/"
OPENID: Final = frozenset({"openid", "profile", "email", "offline_access"})
LOGIN: Final = "https://login.microsoftonline.com/"
ME: Final = "https://graph.microsoft.com/v1.0/me?$select=mail,userPrincipalName"


def authority(connector_type: ConnectorType) -> str:
    """Return the one tenant's authority, or that of all organisations if several may sign in."""
    tenants = connector_type.tenant_ids
    return LOGIN + (tenants[0].lower() if len(tenants) == 1 else "organizations")


def token_endpoint(connector_type: ConnectorType) -> str:
    """Return where codes and refresh tokens are spent, the audience of a client assertion."""
    return f"{authority(connector_type)}/oauth2/v2.0/token"


def admin_consent_url(connector_type: ConnectorType, redirect_uri: str) -> str:
    """
    Return where an administrator approves the application for everybody.

    ("Admin consent on the Microsoft identity platform".) Its answer proves nothing, so there is no
    state to keep.
    """
    scopes = (*connector_type.required_scopes, *connector_type.optional_scopes)
    query = {
        "client_id": connector_type.client_id,
        "scope": " ".join(s if s in OPENID or ":" in s else GRAPH + s for s in scopes),
        "redirect_uri": redirect_uri,
    }
    return f"{authority(connector_type)}/v2.0/adminconsent?{urlencode(query)}"


def signing_keys(transport: Transport, connector_type: ConnectorType) -> SigningKeys:
    """
    Return the authority's keys, after checking that discovery speaks for Microsoft and this tenant.

    Raise `ProviderMisconfiguredError` if its issuer or an endpoint is not the pinned one, or
    `ProviderUnavailableError`.
    """
    base = authority(connector_type)
    document = discovery(transport, connector_type)
    tenant = base.removeprefix(LOGIN)
    issuer = microsoft_issuer("{tenantid}" if tenant == "organizations" else tenant)
    ends = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    if document.get("issuer") != issuer or not all(_pinned(document, name) for name in ends):
        raise_alarm(Alarm.DISCOVERY_REFUSED, "Microsoft's discovery is not Microsoft's")
        raise ProviderMisconfiguredError("Microsoft's discovery names other hosts than Microsoft's")
    return SigningKeys(source=transport, url=str(document["jwks_uri"]))


def promises_issuer(transport: Transport, connector_type: ConnectorType) -> bool:
    """Return whether each authorization response has to name its issuer (RFC 9207, 3)."""
    document = discovery(transport, connector_type)
    return document.get("authorization_response_iss_parameter_supported") is True


def profile_emails(
    transport: Transport, access_token: Secret, person: ProvedPerson
) -> tuple[str, ...]:
    """
    Return the person's e-mails with those of their Graph profile.

    The id_token names the sign-in name, which need not be the address. Without leave to read the
    profile nothing is added; raise `ProviderUnavailableError` if Graph does not answer.
    """
    with transport.operation() as session:
        headers = {"Authorization": f"Bearer {access_token.reveal()}"}
        response = session.get(ME, headers=headers, allow_redirects=False)
    if response.status_code != OK:
        return person.emails
    profile = HttpAnswer(status=OK, headers={}, body=response.content).json() or {}
    return emails((*person.emails, profile.get("mail"), profile.get("userPrincipalName")))


def discovery(transport: Transport, connector_type: ConnectorType) -> Mapping[str, object]:
    """Return what the authority says of itself, unchecked; raise as `Transport.get_json`."""
    return transport.get_json(f"{authority(connector_type)}/v2.0/.well-known/openid-configuration")


def _pinned(document: Mapping[str, object], name: str) -> bool:
    return str(document.get(name)).startswith(LOGIN)
