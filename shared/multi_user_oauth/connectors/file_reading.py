"""Reading what a provider says of a file: nothing in its answer is taken at its word."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from multi_user_oauth.connectors.item_ids import in_path
from multi_user_oauth.errors import ProviderUnavailableError
from multi_user_oauth.errors.connector import ItemNotFoundError
from multi_user_oauth.net.http_answer import Json

_DIGITS: Final = re.compile(r"[0-9]{1,15}")
_PAGE: Final = re.compile(r"https://[!-~]{1,4096}")
_LARGEST: Final = 1 << 53
"""What is above is no size: no number in JSON is exact there."""


def segment(item_id: str) -> str:
    """
    Return an id as one segment of a path; raise `ItemNotFoundError` for what can be no id.

    No slash and no colon among it, escaped or not: who decodes it early would read a path.
    """
    if ":" in item_id:
        raise ItemNotFoundError("no id of a file")
    return in_path(item_id)


def objects(document: Json, name: str) -> list[Json]:
    """Return the objects of a list in an answer; raise `ProviderUnavailableError` if there is no list."""
    found = document.get(name)
    if not isinstance(found, list):
        raise ProviderUnavailableError("the provider's answer holds no list")
    return [each for each in found if isinstance(each, dict)]


def facet(item: Json, name: str) -> Mapping[str, object] | None:
    """Return an object in an item, None where there is none."""
    found = item.get(name)
    return found if isinstance(found, dict) else None


def text(value: object) -> str:
    """Return a text that can be encoded, empty for anything else; half a character becomes `?`."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def count(value: object) -> int | None:
    """Return a number of bytes, which Google writes as a text."""
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value <= _LARGEST else None


def moment(value: object) -> datetime | None:
    """Return a time (RFC 3339); one without an offset is in UTC."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found


def page_address(value: object) -> str | None:
    """Return the address of a page for people, if it is one that a page of ours may link to."""
    return value if isinstance(value, str) and _PAGE.fullmatch(value) else None
