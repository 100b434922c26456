"""Identity tokens that nobody signed: what a deployment has to refuse."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from multi_user_oauth.ports import Draw
from multi_user_oauth.providers.platform_token import REMOVED

ISSUER: Final = "https://accounts.google.com"
LIFE: Final = 3600  # seconds
SUBJECT: Final = "100000000000000000001"


def forged_identities(*, audience: str, email: str, now: datetime, draw: Draw) -> Mapping[str, str]:
    """Return tokens that claim to be this service account's, by the words for what is wrong with them."""
    issued = int(now.timestamp())
    claims = {
        "iss": ISSUER, "aud": audience, "azp": SUBJECT, "sub": SUBJECT, "email": email,
        "email_verified": True, "iat": issued, "exp": issued + LIFE,
    }  # fmt: skip
    signed = {"alg": "RS256", "typ": "JWT", "kid": draw(20).hex()}
    return {
        "an unsigned token": _jws({"alg": "none", "typ": "JWT"}, claims, b""),
        "a token with a made-up signature": _jws(signed, claims, _encoded(draw(256))),
        "one whose signature is said to be checked": _jws(signed, claims, REMOVED.encode()),
    }


def _jws(header: Mapping[str, object], claims: Mapping[str, object], signature: bytes) -> str:
    """Return the compact serialisation (RFC 7515, 3.1; without a signature RFC 7519, 6)."""
    pieces = [_encoded(json.dumps(each).encode()) for each in (header, claims)]
    return b".".join([*pieces, signature]).decode()


def _encoded(raw: bytes) -> bytes:
    return urlsafe_b64encode(raw).rstrip(b"=")
