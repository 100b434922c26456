"""The ids of a provider's items on their way into a path."""

from typing import Final
from urllib.parse import quote

from multi_user_oauth.errors.connector import ItemNotFoundError

LONGEST: Final = 512
_NOT_IN_IDS: Final = frozenset(" #%/?\\")
"""Both providers read `%2F` as if it stood there plainly: with it, it would be a path."""


def in_path(item_id: str) -> str:
    """Return the id as one segment of a path; raise `ItemNotFoundError` for what can be no id."""
    if not is_id(item_id):
        raise ItemNotFoundError("this is no id")
    return quote(item_id, safe="")


def is_id(value: object) -> bool:
    """Return whether this may be an id: short, printable ASCII, and no step in a path."""
    return (
        isinstance(value, str)
        and 0 < len(value) <= LONGEST
        and value.isascii()
        and value.isprintable()
        and _NOT_IN_IDS.isdisjoint(value)
        and value not in (".", "..")
    )
