"""Which bytes a request asks for, and which it carries (RFC 9110, 14)."""

import re
from dataclasses import dataclass
from typing import Final

from flask import Request

from multi_user_oauth.errors import RequestError
from multi_user_oauth.errors.connector import RangeNotSatisfiableError, RangeRequiredError
from multi_user_oauth.model.files import ByteRange

MOST: Final = 8 * 1024 * 1024
"""Bytes of one answer: a range that is longer is answered by its first so many (15.3.7)."""
_RANGE: Final = re.compile(r"bytes=(\d{0,15})-(\d{0,15})", re.IGNORECASE)
_CONTENT_RANGE: Final = re.compile(r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15})", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """`first` to `last`; without `first` the last so many, without `last` all that follows."""

    first: int | None
    last: int | None

    def within(self, total: int | None) -> ByteRange | None:
        """
        Return the bytes of a file that one answer carries; None: as if no range had been asked for.

        `total` is None where nobody knows it before. Raise `RangeNotSatisfiableError`.
        """
        if self.first is None:
            return self._at_the_end(total)
        if total is not None and self.first >= total:
            raise RangeNotSatisfiableError("the file ends before", field="Range")
        end = self.first + MOST
        if self.last is not None:
            end = min(end, self.last + 1)
        if total is not None:
            end = min(end, total)
        return ByteRange(first=self.first, last=end - 1)

    def _at_the_end(self, total: int | None) -> ByteRange | None:
        if self.last == 0:
            raise RangeNotSatisfiableError("no bytes were asked for", field="Range")
        if not total:
            return None
        first = max(total - (self.last or 0), 0)
        return ByteRange(first=first, last=min(first + MOST, total) - 1)


def wanted_range(request: Request) -> Wanted | None:
    """
    Return the range that is asked for.

    None where none is, or one that may be ignored: several, another unit, one that is upside down
    (14.2), or one for a version that we do not know (13.1.5).
    """
    found = _RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    if found is None or "If-Range" in request.headers:
        return None
    first, last = (int(text) if text else None for text in found.groups())
    nothing = first is None and last is None
    upside_down = first is not None and last is not None and first > last
    return None if nothing or upside_down else Wanted(first=first, last=last)


def within_one_answer(asked: Wanted | None, total: int | None) -> ByteRange | None:
    """Return the bytes to answer with, None for all; raise `RangeRequiredError` for too many."""
    found = asked.within(total) if asked else None
    if found is None and total is not None:
        require_small(total)
    return found


def require_small(total: int) -> None:
    """Raise `RangeRequiredError` for what no single answer carries: no file is cut off unsaid."""
    if total > MOST:
        raise RangeRequiredError(f"an answer carries {MOST} bytes: send Range", field="Range")


def content_range(request: Request) -> tuple[ByteRange, int]:
    """Return which bytes of how many a request carries; raise `RequestError`."""
    found = _CONTENT_RANGE.fullmatch(request.headers.get("Content-Range", ""))
    first, last, total = map(int, found.groups()) if found else (0, -1, 0)
    if not first <= last < total:
        raise RequestError("Content-Range is `bytes first-last/total`", field="Content-Range")
    return ByteRange(first=first, last=last), total
