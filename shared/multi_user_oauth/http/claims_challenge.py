"""Reading a claims challenge: what an API wants to see in a token, as it says when it refuses one."""

import base64
import binascii
from typing import Any, Final

import msgspec

from multi_user_oauth.errors import RequestError

LONGEST: Final = 2048
"""Bytes of JSON; a challenge of Microsoft's is some hundred."""

_OBJECT: Final = msgspec.json.Decoder(dict[str, Any])


def claims_challenge(text: str) -> str:
    """
    Return the JSON object (OpenID Connect Core, 5.5), as it was written.

    It may come as JSON or as `WWW-Authenticate` carries it, in base64 of either alphabet ("Claims
    challenges, claims requests and client capabilities", Microsoft identity platform). Raise a
    `RequestError` that names the field and repeats nothing.
    """
    raw = text.encode() if text.lstrip().startswith("{") else _decoded(text)
    if len(raw) > LONGEST:
        raise _refused(f"claims holds at most {LONGEST} bytes of JSON")
    try:
        _OBJECT.decode(raw)
        return raw.decode()
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise _refused("claims is a JSON object, or one in base64") from None


def _decoded(text: str) -> bytes:
    padded = text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)
    try:
        return base64.b64decode(padded.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        raise _refused("claims is a JSON object, or one in base64") from None


def _refused(message: str) -> RequestError:
    return RequestError(message, field="claims")
