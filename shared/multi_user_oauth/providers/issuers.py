"""Bearer tokens of configured issuers: a company's own sign-in, GitHub, Entra workload identities.

Who issues, for whom, by which algorithms and how the claims name somebody is the policy file's word; a
token says nothing about how it wants to be verified but the id of its key.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from multi_user_oauth.errors import MalformedEmailError, UnauthenticatedError
from multi_user_oauth.model import (
    Agent,
    Identity,
    Issuer,
    IssuerKind,
    Person,
    Secret,
    normalise_email,
)
from multi_user_oauth.ports import Clock
from multi_user_oauth.providers.id_token import (
    Claims,
    JsonSource,
    expiry,
    in_time,
    unverified_claims,
)

MOST_ACTORS: Final = 4
_MEMBERS: Final = {"RSA": ("kty", "n", "e"), "EC": ("kty", "crv", "x", "y")}
_CLAIM: Final = re.compile(r"\{([^{}]+)\}")
_BROKEN: Final = (JoseError, ValueError, TypeError, KeyError, RecursionError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proved:
    """Who a bearer token proves to call, and until when by its own `exp`."""

    caller: Agent | Person
    expires_at: datetime


class ConfiguredIssuers:
    """Verifies the tokens of those that the policy names, and of nobody else."""

    def __init__(
        self, *, source: JsonSource, issuers: Callable[[], Mapping[str, Issuer]], now: Clock
    ) -> None:
        self._source = source
        self._issuers = issuers
        self._now = now

    def prove(self, unverified_token: Secret) -> Proved:
        """
        Return whom the token proves (RFC 7519, 4.1; `act`: RFC 8693, 4.1).

        Raise `UnauthenticatedError`, or `RetryableError` if the issuer's keys can not be fetched.
        """
        token = unverified_token.reveal()
        unverified = unverified_claims(token) or {}
        for issuer in self._issuers().values():
            if _is_for(issuer, unverified):
                claims = self._verified(issuer, token)
                return Proved(caller=_caller(issuer, claims), expires_at=expiry(claims))
        raise UnauthenticatedError("the bearer token is of no issuer that counts here")

    def _verified(self, issuer: Issuer, token: str) -> Claims:
        try:
            header = jws.extract_compact(token.encode()).headers()
            algorithm, kid = header["alg"], header["kid"]
            if algorithm not in issuer.algorithms or not isinstance(kid, str):
                raise UnauthenticatedError("the bearer token is not signed as its issuer signs")
            key = self._key(issuer, algorithm, kid)
            public = _public(key)
            registry = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)
            payload = jws.deserialize_compact(token, public, registry=registry).payload
            claims = json.loads(payload or b"")
        except _BROKEN:
            raise UnauthenticatedError("the bearer token does not verify") from None
        # Once more, of what was signed: the first look only chose the issuer.
        if not isinstance(claims, dict) or not _is_for(issuer, claims):
            raise UnauthenticatedError("the bearer token is another's")
        if not in_time(claims, self._now().timestamp()):
            raise UnauthenticatedError("the bearer token is expired, or from the future")
        return claims

    def _key(self, issuer: Issuer, algorithm: str, kid: str) -> Mapping[str, object]:
        for fetch in (self._source.get_json, self._source.refetch):
            keys = fetch(issuer.jwks_uri).get("keys")
            for key in keys if isinstance(keys, list) else []:
                if isinstance(key, dict) and _is_signing_key(key, algorithm, kid):
                    return key
        raise UnauthenticatedError("the bearer token is signed with a key that is not published")


def _is_for(issuer: Issuer, claims: Claims) -> bool:
    audience = claims.get("aud")
    ours = audience in (issuer.audience, [issuer.audience])
    return claims.get("iss") == issuer.issuer and ours


def _is_signing_key(key: Mapping[str, object], algorithm: str, kid: str) -> bool:
    kind = "EC" if algorithm == "ES256" else "RSA"
    return (
        key.get("kid") == kid
        and key.get("kty") == kind
        and key.get("crv", "P-256") == "P-256"
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
    )


def _public(key: Mapping[str, object]) -> RSAKey | ECKey:
    # Only the members that make the public key: others may be written as joserfc refuses them.
    kind = str(key["kty"])
    members: dict[str, str | list[str]] = {name: str(key[name]) for name in _MEMBERS[kind]}
    return ECKey.import_key(members) if kind == "EC" else RSAKey.import_key(members)


def _caller(issuer: Issuer, claims: Claims) -> Agent | Person:
    if issuer.kind is IssuerKind.AGENT:
        name, *actors = (f"{issuer.name}/{_subject(issuer, part)}" for part in _chain(claims))
        return Agent(name=name, actors=tuple(actors))
    if "act" in claims:
        raise UnauthenticatedError("a person's token that somebody else acts by is not accepted")
    try:
        identity = Identity.parse(_subject(issuer, claims).lower())
    except ValueError:
        raise UnauthenticatedError("the bearer token names no identity") from None
    return Person(identities=frozenset({identity}), email=_email(issuer, claims), by_bearer=True)


def _chain(claims: Claims) -> list[Claims]:
    """Return the subject's claims and those of each actor, the nearest first."""
    chain = [claims]
    while (actor := chain[-1].get("act")) is not None:
        if not isinstance(actor, dict) or len(chain) > MOST_ACTORS:
            raise UnauthenticatedError("the bearer token names its actors in a way we do not know")
        chain.append(actor)
    return chain


def _subject(issuer: Issuer, claims: Claims) -> str:
    def said(match: re.Match[str]) -> str:
        value = claims.get(match[1])
        if not isinstance(value, str) or not value or not value.isprintable():
            raise UnauthenticatedError("the bearer token lacks a claim that names its subject")
        return value

    return _CLAIM.sub(said, issuer.subject)


def _email(issuer: Issuer, claims: Claims) -> str:
    try:
        return normalise_email(str(claims.get(issuer.email_claim, "")))
    except MalformedEmailError:
        return ""  # it only says how they are called
