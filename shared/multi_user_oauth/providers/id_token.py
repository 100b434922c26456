"""Proof of who signed in: an id_token's signature and times, and service accounts' tokens (joserfc).

MSAL and google-auth-oauthlib check next to nothing of an id_token; this module relies on neither, so
that functions without a provider's library can use it.
"""

import hmac
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from multi_user_oauth.errors import IdentityUnverifiedError, UnauthenticatedError

ALGORITHM: Final = "RS256"
LEEWAY: Final = 60.0  # seconds
GOOGLE_KEYS: Final = "https://www.googleapis.com/oauth2/v3/certs"
GOOGLE_ISSUERS: Final = ("https://accounts.google.com", "accounts.google.com")
SERVICE_ACCOUNT: Final = ".gserviceaccount.com"
_LAST: Final = datetime.max.replace(tzinfo=UTC, microsecond=0).timestamp()
# A header that we do not know is ignored unless it is critical (RFC 7515, 4 and 4.1.11).
_JWS: Final = jws.JWSRegistry(algorithms=[ALGORITHM], strict_check_header=False)
_BROKEN: Final = (JoseError, ValueError, TypeError, KeyError, RecursionError)

Claims = Mapping[str, object]


class JsonSource(Protocol):
    """Where public documents come from: the transport. Raises `RetryableError`."""

    def get_json(self, url: str) -> Mapping[str, object]:
        """Return the document, at most a day old."""

    def refetch(self, url: str) -> Mapping[str, object]:
        """Return the document anew, at most once a minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKeys:
    """A provider's published keys (RFC 7517, 5), by URL."""

    source: JsonSource
    url: str

    def load(self) -> None:
        """Have the keys at hand, so that nothing need be fetched when it matters."""
        self.source.get_json(self.url)

    def find(self, kid: str) -> Mapping[str, object] | None:
        """Return the RSA signing key of this id; an unknown id has the keys fetched anew, once."""
        return _listed(self.source.get_json(self.url), kid) or _listed(
            self.source.refetch(self.url), kid
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """The claims of a token whose signature and times are good, and the key that signed it."""

    claims: Claims
    key: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccount:
    """Whom an OIDC token of Google's proves, and when that token ends."""

    email: str
    expires_at: datetime


def verified(unverified_token: str, keys: SigningKeys, *, now: datetime) -> Verified:
    """
    Return the claims after checking algorithm, key, signature and times (RFC 7519, 4.1).

    Who issued it, for whom and about whom is the caller's question. Raise `IdentityUnverifiedError`,
    or `RetryableError` if the keys can not be fetched.
    """
    key = keys.find(_kid(unverified_token))
    if key is None:
        raise IdentityUnverifiedError("the id_token is signed with a key that is not published")
    claims = _signed(unverified_token, key)
    if claims is None:
        raise IdentityUnverifiedError("the id_token's signature is wrong")
    if not in_time(claims, now.timestamp()):
        raise IdentityUnverifiedError("the id_token is expired, or from the future")
    return Verified(claims=claims, key=key)


def require(claims: Claims, *, audience: str, nonce: str) -> None:
    """
    Check that the token is for this application and this flow (OpenID Connect Core, 3.1.3.7).

    An `aud` of several is refused, be ours among them or not. Raise `IdentityUnverifiedError`.
    """
    if claims.get("aud") != audience or claims.get("azp", audience) != audience:
        raise IdentityUnverifiedError("the id_token is another application's")
    sent = claims.get("nonce")
    if not isinstance(sent, str) or not hmac.compare_digest(sent.encode(), nonce.encode()):
        raise IdentityUnverifiedError("the id_token is another sign-in's")


def unverified_claims(unverified_token: object) -> Claims | None:
    """Return the claims without any check, or None if there are none to read."""
    if not isinstance(unverified_token, str):
        return None
    try:
        return _object(jws.extract_compact(unverified_token.encode(), registry=_JWS).payload)
    except _BROKEN:
        return None


def verify_google_service_account(
    unverified_token: str, *, keys: SigningKeys, audience: str, now: datetime
) -> ServiceAccount:
    """
    Return the service account that an OIDC token of Google's proves.

    Raise `UnauthenticatedError`, or `RetryableError` if Google's keys can not be fetched.
    """
    return service_account(_claims_if_verified(unverified_token, keys, now), audience=audience)


def service_account(claims: Claims, *, audience: str) -> ServiceAccount:
    """Return whom claims of Google's name for this audience; raise `UnauthenticatedError`."""
    email = claims.get("email")
    if (
        claims.get("iss") not in GOOGLE_ISSUERS
        or claims.get("aud") != audience
        or claims.get("email_verified") is not True
        or not isinstance(email, str)
        or not email.endswith(SERVICE_ACCOUNT)
    ):
        raise UnauthenticatedError("the bearer token proves no service account")
    return ServiceAccount(email=email, expires_at=expiry(claims))


def _claims_if_verified(unverified_token: str, keys: SigningKeys, now: datetime) -> Claims:
    try:
        return verified(unverified_token, keys, now=now).claims
    except IdentityUnverifiedError:
        return {}


def _kid(unverified_token: str) -> str:
    try:
        header = jws.extract_compact(unverified_token.encode(), registry=_JWS).headers()
    except _BROKEN:
        header = {}
    kid = header.get("kid")
    if header.get("alg") != ALGORITHM or not isinstance(kid, str):
        raise IdentityUnverifiedError("the id_token is not signed as this provider signs")
    return kid


def _listed(document: Mapping[str, object], kid: str) -> Mapping[str, object] | None:
    keys = document.get("keys")
    for key in keys if isinstance(keys, list) else []:
        if (
            isinstance(key, dict)
            and key.get("kid") == kid
            and key.get("kty") == "RSA"
            and key.get("use", "sig") == "sig"
            and key.get("alg", ALGORITHM) == ALGORITHM
        ):
            return key
    return None


def _signed(unverified_token: str, key: Mapping[str, object]) -> Claims | None:
    try:
        # Only the members that make the public key: others may be written as joserfc refuses them.
        public = RSAKey.import_key({name: str(key[name]) for name in ("kty", "n", "e")})
        return _object(jws.deserialize_compact(unverified_token, public, registry=_JWS).payload)
    except _BROKEN:
        return None


def _object(payload: bytes | None) -> Claims | None:
    claims = json.loads(payload or b"")
    return claims if isinstance(claims, dict) else None


def in_time(claims: Claims, now: float) -> bool:
    """Return whether `exp`, `iat` and `nbf` allow it, give or take a minute (RFC 7519, 4.1)."""
    expires, issued = _seconds(claims.get("exp")), _seconds(claims.get("iat"))
    not_before = _seconds(claims.get("nbf", 0))
    if expires is None or issued is None or not_before is None:
        return False
    return now - LEEWAY < expires and max(issued, not_before) <= now + LEEWAY


def expiry(claims: Claims) -> datetime:
    """Return when claims that are `in_time` end."""
    # Of a claim that was found to be a finite number. In a far future the calendar has an end.
    seconds = _seconds(claims.get("exp")) or 0.0
    return datetime.fromtimestamp(min(seconds, _LAST), UTC)


def _seconds(value: object) -> float | None:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return value if number and math.isfinite(value) else None  # type: ignore[arg-type, return-value]  # reason: a number
