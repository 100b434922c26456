"""Whose account a verified id_token names, and whether that account may sign in at all."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from multi_user_oauth.errors import (
    ConsumerAccountRefusedError,
    GuestRefusedError,
    IdentityUnverifiedError,
    MalformedEmailError,
    ProviderMisconfiguredError,
    WrongTenantError,
)
from multi_user_oauth.model import (
    ConnectorType,
    Identity,
    ProvedPerson,
    Provider,
    Role,
    normalise_email,
)
from multi_user_oauth.providers.id_token import (
    GOOGLE_ISSUERS,
    Claims,
    SigningKeys,
    require,
    unverified_claims,
    verified,
)

CONSUMERS: Final = "9188040d-6c67-4c5b-b112-36a304b66dad"
"""Microsoft's tenant of all personal accounts."""
GUEST: Final = "1"
EXTERNAL: Final = "#ext#"
MOST_ROLES: Final = 20
"""App roles are few; a session's cookie that held any number would be dropped by browsers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """An id_token, and what it is held against: the flow's nonce, and the time."""

    unverified_id_token: str
    nonce: str
    now: datetime


def microsoft_person(
    proof: Proof, *, connector_type: ConnectorType, keys: SigningKeys
) -> ProvedPerson:
    """
    Return who signed in ("Secure applications by validating claims", Microsoft identity platform).

    MSAL sends the SHA-256 of its nonce, in hex. Raise `IdentityUnverifiedError`,
    `ConsumerAccountRefusedError`, `WrongTenantError`, `GuestRefusedError` or a `RetryableError`.
    """
    token = verified(proof.unverified_id_token, keys, now=proof.now)
    nonce = hashlib.sha256(proof.nonce.encode()).hexdigest()
    require(token.claims, audience=connector_type.client_id, nonce=nonce)
    person = microsoft_member(token.claims, connector_type=connector_type)
    tid = person.identity.subject.partition(":")[0]
    issuer = microsoft_issuer(tid)
    if str(token.key.get("issuer", issuer)).replace("{tenantid}", tid) != issuer:
        raise IdentityUnverifiedError("the id_token is signed with another tenant's key")
    return person


def microsoft_member(claims: Claims, *, connector_type: ConnectorType) -> ProvedPerson:
    """Return whom proved claims name, if the account is one of our tenants; raise as above."""
    identity, tid = _microsoft_identity(claims)
    issuer = microsoft_issuer(tid)
    if claims.get("iss") != issuer:
        raise IdentityUnverifiedError("the id_token's issuer is not its tenant's")
    if tid == CONSUMERS:
        raise ConsumerAccountRefusedError("a personal account signed in")
    if tid not in {tenant.lower() for tenant in connector_type.tenant_ids}:
        raise WrongTenantError("an account of another tenant signed in")
    if _is_guest(claims, tid, issuer):
        raise GuestRefusedError("a guest of the tenant signed in")
    labels = (claims.get("preferred_username"), claims.get("email"))
    return ProvedPerson(
        identity=identity,
        emails=emails(labels),
        name=_name(claims),
        roles=frozenset(
            Role(tid, value) for value in sorted(_texts(claims.get("roles")))[:MOST_ROLES]
        ),
        contexts=_texts(claims.get("acrs")),
    )


def google_person(
    proof: Proof, *, connector_type: ConnectorType, keys: SigningKeys
) -> ProvedPerson:
    """
    Return who signed in ("OpenID Connect", Google Identity, validating an ID token).

    The `hd` of the request was a hint to the page; only the claim counts. Raise
    `IdentityUnverifiedError`, `ConsumerAccountRefusedError`, `WrongTenantError` or a `RetryableError`.
    """
    claims = verified(proof.unverified_id_token, keys, now=proof.now).claims
    require(claims, audience=connector_type.client_id, nonce=proof.nonce)
    if claims.get("iss") not in GOOGLE_ISSUERS:
        raise IdentityUnverifiedError("the id_token is not Google's")
    return google_member(claims, connector_type=connector_type)


def google_member(claims: Claims, *, connector_type: ConnectorType) -> ProvedPerson:
    """Return whom proved claims name, if the account is of one of our domains; raise as above."""
    identity = _google_identity(claims)
    hosted_domain = claims.get("hd")
    if not isinstance(hosted_domain, str) or not hosted_domain:
        raise ConsumerAccountRefusedError("a personal account signed in")
    if hosted_domain.lower() not in {domain.lower() for domain in connector_type.hosted_domains}:
        raise WrongTenantError("an account of another organisation signed in")
    labels = (claims.get("email"),) if claims.get("email_verified") is True else ()
    return ProvedPerson(identity=identity, emails=emails(labels), name=_name(claims))


def check_refreshed(
    unverified_id_token: object, *, connector_type: ConnectorType, identity: Identity
) -> None:
    """
    Check that a refresh answer's id_token, if there is one, is about the same person and application.

    It came over TLS from the token endpoint, so its signature is not checked (OpenID Connect Core,
    12.2 and 3.1.3.7, 6). Raise `ProviderMisconfiguredError`.
    """
    if unverified_id_token is None:
        return
    claims = unverified_claims(unverified_id_token) or {}
    if claims.get("aud") != connector_type.client_id or not _same_person(claims, identity):
        message = f"{identity.provider} refreshed with another person's or application's id_token"
        raise ProviderMisconfiguredError(message)


def microsoft_issuer(tid: str) -> str:
    """Return the issuer of a tenant's v2.0 tokens."""
    return f"https://login.microsoftonline.com/{tid}/v2.0"


def emails(labels: Iterable[object]) -> tuple[str, ...]:
    """Return those labels that are e-mail addresses, normalised, each once."""
    found: dict[str, None] = {}
    for label in labels:
        try:
            found[normalise_email(str(label or ""))] = None
        except MalformedEmailError:
            continue  # a sign-in name need not be an address
    return tuple(found)


def _same_person(claims: Claims, identity: Identity) -> bool:
    try:
        if identity.provider is Provider.GOOGLE:
            return _google_identity(claims) == identity and claims.get("iss") in GOOGLE_ISSUERS
        named, tid = _microsoft_identity(claims)
    except IdentityUnverifiedError:
        return False
    return named == identity and claims.get("iss") == microsoft_issuer(tid)


def _microsoft_identity(claims: Claims) -> tuple[Identity, str]:
    tid, oid = claims.get("tid"), claims.get("oid")
    if isinstance(tid, str) and isinstance(oid, str):
        try:
            return Identity.microsoft(tid, oid), tid.lower()
        except ValueError:
            pass  # not GUIDs: refused below
    raise IdentityUnverifiedError("the id_token names nobody by `tid` and `oid`")


def _google_identity(claims: Claims) -> Identity:
    sub = claims.get("sub")
    if isinstance(sub, str):
        try:
            return Identity.google(sub)
        except ValueError:
            pass  # not digits: refused below
    raise IdentityUnverifiedError("the id_token names nobody by `sub`")


def _is_guest(claims: Claims, tid: str, issuer: str) -> bool:
    # Three signs, none of which every token carries: the optional claim `acct`, the name that a guest
    # gets in the tenant's directory, and whose identity provider let them in.
    names = (claims.get("preferred_username"), claims.get("upn"))
    home = (None, issuer, f"https://sts.windows.net/{tid}/")
    return (
        str(claims.get("acct")) == GUEST
        or any(EXTERNAL in str(name).lower() for name in names)
        or claims.get("idp") not in home
    )


def _texts(claim: object) -> frozenset[str]:
    listed = claim if isinstance(claim, list) else []
    return frozenset(text for text in listed if isinstance(text, str))


def _name(claims: Claims) -> str:
    name = claims.get("name")
    return name if isinstance(name, str) else ""
