"""Signing keys: what the providers sign with, what they publish, and keys they do not own."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

KEY_BITS = 2048


@cache
def process_key(name: str) -> RSAKey:  # noqa: ARG001  # reason: the name is the cache's key
    """Give this process's own key called `name`: making an RSA key costs up to half a second."""
    return new_key()


def new_key() -> RSAKey:
    """Make a fresh signing key."""
    return RSAKey.generate_key(
        KEY_BITS, {"use": "sig", "alg": "RS256"}, private=True, auto_kid=True
    )


def load_key(saved: Mapping[str, Any]) -> RSAKey:
    """Read a key back from its private JWK."""
    return RSAKey.import_key(dict(saved))


def sign(key: RSAKey, claims: Mapping[str, Any], *, kid: str | None = None) -> str:
    """Give a JWT signed with RS256; `kid` lies about the key when told to."""
    header = {"alg": "RS256", "typ": "JWT", "kid": kid or key.kid}
    return jwt.encode(header, dict(claims), key)


def public_jwk(key: RSAKey) -> dict[str, Any]:
    """Give the public half, as a JWKS lists it."""
    return dict(key.as_dict(private=False))
