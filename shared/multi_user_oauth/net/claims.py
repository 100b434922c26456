"""A claims challenge: what an API wants to see in a token, as it says when it refuses one."""

import base64
import binascii
import re
from typing import Any, Final

import msgspec

LONGEST: Final = 2048
"""Bytes of JSON; a challenge of Microsoft's is some hundred."""

_EXPECTED: Final = "claims is a JSON object, or one in base64"
_OBJECT: Final = msgspec.json.Decoder(dict[str, Any])
_CLAIMS: Final = re.compile(r'\bclaims="([A-Za-z0-9+/_=-]{1,4096})"')


class MalformedClaimsError(ValueError):
    """The text is no claims challenge; it is not repeated, the message says what was expected."""


def read_claims(text: str) -> str:
    """
    Return the JSON object (OpenID Connect Core, 5.5), as it was written; raise `MalformedClaimsError`.

    It may come as JSON or as `WWW-Authenticate` carries it, in base64 of either alphabet ("Claims
    challenges, claims requests and client capabilities", Microsoft identity platform).
    """
    raw = text.encode() if text.lstrip().startswith("{") else _decoded(text)
    if len(raw) > LONGEST:
        raise MalformedClaimsError(f"claims holds at most {LONGEST} bytes of JSON")
    try:
        _OBJECT.decode(raw)
        return raw.decode()
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise MalformedClaimsError(_EXPECTED) from None


def challenged(www_authenticate: str) -> str | None:
    """Return the claims that this header asks for, None where it asks for none that can be read."""
    for found in _CLAIMS.finditer(www_authenticate):
        try:
            return read_claims(found[1])
        except MalformedClaimsError:
            continue
    return None


def _decoded(text: str) -> bytes:
    padded = text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)
    try:
        return base64.b64decode(padded.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        raise MalformedClaimsError(_EXPECTED) from None
