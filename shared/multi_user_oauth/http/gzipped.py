"""Text made smaller on the wire for browsers that take it so (RFC 9110, section 8.4.1.3)."""

import gzip
from functools import lru_cache
from typing import Final

from flask import Request, Response

_KEPT: Final = 64
"""Texts that are kept packed; more than there are assets."""


def text_response(request: Request, text: bytes, kind: str, *, keep: bool = False) -> Response:
    """
    Return this text as the answer, packed if the browser takes gzip.

    `keep` is for what many ask for again: it is packed once, as small as can be. Only for pages that hold
    nothing secret: the length of what is packed tells of its content (BREACH, CVE-2013-3587).
    """
    response = Response(text, content_type=f"{kind}; charset=utf-8")
    if request.accept_encodings.quality("gzip") > 0:
        response.set_data(_kept(text) if keep else gzip.compress(text, 6, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    return response


@lru_cache(maxsize=_KEPT)
def _kept(text: bytes) -> bytes:
    # Without the time of packing: the same text gives the same bytes.
    return gzip.compress(text, 9, mtime=0)
