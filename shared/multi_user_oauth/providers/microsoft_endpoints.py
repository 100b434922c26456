"""Where Microsoft is: authority, pinned discovery, signing keys, and Graph's profile of the person."""

from collections.abc import Mapping
from typing import Final

from multi_user_oauth.errors import ProviderMisconfiguredError
from multi_user_oauth.model import ConnectorType, ProvedPerson, Secret
from multi_user_oauth.providers.claims import emails, microsoft_issuer
from multi_user_oauth.providers.http_answer import HttpAnswer
from multi_user_oauth.providers.id_token import SigningKeys
from multi_user_oauth.providers.transport import OK, Transport

LOGIN: Final = "https://login.microsoftonline.com/"
ME: Final = "https://graph.microsoft.com/v1.0/me?$select=mail,userPrincipalName"


def authority(connector_type: ConnectorType) -> str:
    """Return the one tenant's authority, or that of all organisations if several may sign in."""
    tenants = connector_type.tenant_ids
    return LOGIN + (tenants[0].lower() if len(tenants) == 1 else "organizations")


def signing_keys(transport: Transport, connector_type: ConnectorType) -> SigningKeys:
    """
    Return the authority's keys, after checking that discovery speaks for Microsoft and this tenant.

    Raise `ProviderMisconfiguredError` if its issuer or an endpoint is not the pinned one, or
    `ProviderUnavailableError`.
    """
    base = authority(connector_type)
    document = transport.get_json(f"{base}/v2.0/.well-known/openid-configuration")
    tenant = base.removeprefix(LOGIN)
    issuer = microsoft_issuer("{tenantid}" if tenant == "organizations" else tenant)
    ends = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    if document.get("issuer") != issuer or not all(_pinned(document, name) for name in ends):
        raise ProviderMisconfiguredError("Microsoft's discovery names other hosts than Microsoft's")
    return SigningKeys(source=transport, url=str(document["jwks_uri"]))


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


def _pinned(document: Mapping[str, object], name: str) -> bool:
    return str(document.get(name)).startswith(LOGIN)
