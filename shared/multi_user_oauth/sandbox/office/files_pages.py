"""Lists that come in pages: a token says where the next one begins, for this list alone."""

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence

from .drives import Item


class WrongTokenError(Exception):
    """The token was not made here, or for another list."""


def page_of(
    items: Sequence[Item], top: int, token: str | None, bound: str
) -> tuple[Sequence[Item], str | None]:
    """Give at most `top` items and the token of the page after them, if there is one.

    `bound` is all that makes this list another than others: whose it is, what was asked. Raises
    WrongTokenError.
    """
    mark = hashlib.sha256(bound.encode()).hexdigest()[:16]
    start = _offset(token, mark) if token is not None else 0
    end = start + top
    following = json.dumps([end, mark]).encode()
    more = base64.urlsafe_b64encode(following).decode().rstrip("=") if end < len(items) else None
    return items[start:end], more


def _offset(token: str, mark: str) -> int:
    try:
        offset, made_for = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (binascii.Error, TypeError, ValueError):
        raise WrongTokenError from None
    if made_for != mark or not isinstance(offset, int) or offset < 0:
        raise WrongTokenError
    return offset
