"""id_tokens made by hand: right ones, and every kind of wrong one."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from functools import cache

from joserfc import jwt
from joserfc.jwk import RSAKey
from joserfc.jws import JWSRegistry

from multi_user_oauth.model import ConnectorType, Provider
from multi_user_oauth.providers.id_token import SigningKeys
from tests.support.clock import START

NOW = int(START.timestamp())
CLIENT_ID = "8a3f2c57-1f0e-4c39-9d0b-6f2f5f0f9a11"
NONCE = "raw-nonce"
TENANT = "7c0fd12e-3a46-4f1c-9d3b-5b8a1f6e2c40"
OTHER_TENANT = "e2b6a9d4-51c8-4b07-8f2e-0a9d7c3b6f15"
CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad"
OID = "4c1a5caf-5ef7-5509-9ddd-536639f39882"
SUB = "115469674264626316386"
KEYS_URL = "https://www.googleapis.com/oauth2/v3/certs"

MICROSOFT = ConnectorType(
    name="microsoft_teams",
    provider=Provider.MICROSOFT,
    title="Microsoft 365",
    client_id=CLIENT_ID,
    client_secret_name="microsoft",
    required_scopes=("User.Read",),
    tenant_ids=(TENANT,),
)
GOOGLE = ConnectorType(
    name="google_workspace",
    provider=Provider.GOOGLE,
    title="Google Workspace",
    client_id=CLIENT_ID,
    client_secret_name="google",
    required_scopes=("https://www.googleapis.com/auth/gmail.send",),
    hosted_domains=("company.com",),
)


@cache
def rsa(name: str) -> RSAKey:
    """This process's key of that name; making one takes a while."""
    return RSAKey.generate_key(2048, {"kid": name}, private=True)


def public(name: str, **more: object) -> dict[str, object]:
    """The published half, as a JWKS lists it."""
    return dict(rsa(name).as_dict(private=False)) | {"use": "sig", "alg": "RS256"} | more


def microsoft_claims(**changes: object) -> dict[str, object]:
    """The claims of a good token of Sarah's; None takes a claim away."""
    claims = {
        "iss": f"https://login.microsoftonline.com/{TENANT}/v2.0",
        "aud": CLIENT_ID,
        "exp": NOW + 3600,
        "iat": NOW,
        "nbf": NOW,
        "tid": TENANT,
        "oid": OID,
        "sub": "pairwise",
        "nonce": hashlib.sha256(NONCE.encode()).hexdigest(),
        "preferred_username": "Sarah@Company.com",
        "name": "Sarah Jensen",
    }
    return present(claims | changes)


def google_claims(**changes: object) -> dict[str, object]:
    """The claims of a good token of Sarah's; None takes a claim away."""
    claims = {
        "iss": "https://accounts.google.com",
        "azp": CLIENT_ID,
        "aud": CLIENT_ID,
        "exp": NOW + 3600,
        "iat": NOW,
        "sub": SUB,
        "nonce": NONCE,
        "hd": "company.com",
        "email": "sarah@company.com",
        "email_verified": True,
    }
    return present(claims | changes)


def present(claims: Mapping[str, object]) -> dict[str, object]:
    """The claims that are not None."""
    return {name: value for name, value in claims.items() if value is not None}


def signed(claims: Mapping[str, object], *, by: str = "good", **header: object) -> str:
    """The token as `by` signs it; `kid` may lie."""
    lenient = JWSRegistry(strict_check_header=False)
    head = {"alg": "RS256", "kid": by, **header}
    return jwt.encode(head, dict(claims), rsa(by), registry=lenient)


def segment(value: object) -> str:
    """One part of a token."""
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def forged_hs256(claims: Mapping[str, object], key: bytes) -> str:
    """A token signed with a shared secret that everybody has: a public key, say."""
    body = f"{segment({'alg': 'HS256', 'typ': 'JWT', 'kid': 'good'})}.{segment(claims)}"
    return f"{body}.{segment(hmac.digest(key, body.encode(), 'sha256'))}"


def unsigned(claims: Mapping[str, object], alg: str = "none") -> str:
    """A token that asks not to be checked."""
    return f"{segment({'alg': alg, 'kid': 'good'})}.{segment(claims)}."


class Published:
    """A key server: counts, and rotates when told to."""

    def __init__(self, *keys: object) -> None:
        self.keys: list[object] = list(keys)
        self.later: list[object] | None = None
        self.refetched = 0

    def get_json(self, url: str) -> Mapping[str, object]:
        """The keys as last fetched."""
        return {"keys": self.keys}

    def refetch(self, url: str) -> Mapping[str, object]:
        """The keys as they are now."""
        self.refetched += 1
        self.keys = self.keys if self.later is None else self.later
        return {"keys": self.keys}


def published(*keys: object) -> SigningKeys:
    """These keys, or the good one."""
    return SigningKeys(source=Published(*(keys or (public("good"),))), url=KEYS_URL)
