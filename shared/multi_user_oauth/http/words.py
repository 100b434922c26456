"""What requests say in words of their own: times with their offset, zones by name, lines of text."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Never
from zoneinfo import ZoneInfo

from multi_user_oauth.errors import RequestError
from multi_user_oauth.model import normalise_email

LONGEST_WINDOW: Final = timedelta(days=366)
LONGEST_ZONE: Final = 64
MOST_ATTENDEES: Final = 500
MOST_ITEMS: Final = 100
YEARS: Final = range(1900, 9999)
_RFC_3339: Final = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:[0-5]\d)", re.ASCII
)
_NO_PART_OF_A_LINE: Final = frozenset({"Cc", "Zl", "Zp"})


def moment(text: str | None, field: str) -> datetime:
    """Return a time that says how far it is from UTC (RFC 3339, 5.6); raise `RequestError`."""
    written = (text or "").upper()
    try:
        at = datetime.fromisoformat(written) if _RFC_3339.fullmatch(written) else None
    except ValueError:
        at = None
    if at is None or at.year not in YEARS:
        message = f"{field} is a time with its offset, such as 2026-11-23T09:00:00Z; a + is %2B"
        raise RequestError(message, field=field)
    return at


def window(
    begins: str | None, ends: str | None, *, longest: timedelta | None = None
) -> tuple[datetime, datetime]:
    """Return the times `from` and `to`, the first before the second; raise `RequestError`."""
    first, last = moment(begins, "from"), moment(ends, "to")
    if last <= first:
        raise RequestError("to is later than from", field="to")
    if longest is not None and last - first > longest:
        raise RequestError(f"to is at most {longest.days} days after from", field="to")
    return first, last


def zone_name(name: str) -> str:
    """Return the IANA name of a time zone that is known here; raise `RequestError`."""
    if name == "UTC":  # known everywhere; all others are files of the machine
        return name
    try:
        return ZoneInfo(name).key if len(name) <= LONGEST_ZONE else _no_zone()
    except (KeyError, OSError, ValueError):  # no such name, a folder of names, no name at all
        return _no_zone()


def limit(text: str | None, *, usual: int = MOST_ITEMS) -> int:
    """Return how many items a page may have, `usual` where nothing is said; raise `RequestError`."""
    if text is None:
        return usual
    digits = text.isascii() and text.isdigit() and len(text) <= len(str(MOST_ITEMS))
    if not digits or not 1 <= int(text) <= MOST_ITEMS:
        raise RequestError(f"limit is a whole number from 1 to {MOST_ITEMS}", field="limit")
    return int(text)


def line(text: str, field: str, longest: int) -> str:
    """Return the text if it is one line of at most so many characters; raise `RequestError`."""
    broken = any(unicodedata.category(each) in _NO_PART_OF_A_LINE for each in text)
    if broken or len(text) > longest:
        message = f"{field} is one line of at most {longest} characters"
        raise RequestError(message, field=field)
    return text


def guests(addresses: Sequence[str]) -> tuple[str, ...]:
    """Return the addresses, each once; raise `MalformedEmailError`, or `RequestError` for too many."""
    if len(addresses) > MOST_ATTENDEES:
        raise RequestError(f"attendees are at most {MOST_ATTENDEES}", field="attendees")
    return tuple(dict.fromkeys(normalise_email(each, field="attendees") for each in addresses))


def _no_zone() -> Never:
    message = "time_zone is the IANA name of a time zone, such as Europe/Berlin"
    raise RequestError(message, field="time_zone")
