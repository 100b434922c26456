"""The header Idempotency-Key: how a request carries it, and how an answer says that it is repeated."""

import hashlib
from typing import Final

import msgspec
from flask import Request, Response

from multi_user_oauth.errors import RequestError
from multi_user_oauth.sending import Sent

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
LONGEST_KEY: Final = 200


def idempotency_key(request: Request) -> str | None:
    """Return the caller's key, as it stands in the header, None where there is none."""
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if not (1 <= len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        message = f"{HEADER} is 1 to {LONGEST_KEY} printable ASCII characters"
        raise RequestError(message, field=HEADER)
    return key


def fingerprint(route: str, body: msgspec.Struct) -> str:
    """Return a digest of what is asked of this route, the same however its JSON was written."""
    digest = hashlib.sha256(route.encode() + b"\n")
    digest.update(msgspec.json.encode(body, order="sorted"))
    return digest.hexdigest()


def replayed(response: Response, sent: Sent) -> Response:
    """Return the answer; it says so if an earlier call did what this one asked for."""
    if sent.replayed:
        response.headers[REPLAYED] = "true"
    return response
