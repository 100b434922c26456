"""Bytes on their way from a provider to whoever asked for them."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from multi_user_oauth.errors import ProviderUnavailableError
from multi_user_oauth.errors.connector import (
    ProviderAnswerRefusedError,
    RangeNotSatisfiableError,
)
from multi_user_oauth.model.files import ByteRange
from multi_user_oauth.net.door import Incoming

UNNAMED: Final = "application/octet-stream"
LARGEST_REFUSAL: Final = 1024 * 1024
_OK: Final = 200
_PARTIAL: Final = 206
_CONTENT_RANGE: Final = re.compile(r"bytes (\d{1,16})-(\d{1,16})/(\d{1,16})")
_LENGTH: Final = re.compile(r"\d{1,16}")
_WORD: Final = r"[A-Za-z0-9!#$&^_.+-]{1,127}"
_CONTENT_TYPE: Final = re.compile(rf"({_WORD}/{_WORD})(; ?charset=[A-Za-z0-9_.:-]{{1,40}})?")


def range_header(wanted: ByteRange | None) -> dict[str, str]:
    """Return the header that asks for these bytes (RFC 9110, 14.2)."""
    return {} if wanted is None else {"Range": f"bytes={wanted.first}-{wanted.last}"}


def most_of(wanted: ByteRange | None) -> int:
    """
    Return how many bytes an answer may have at most; a refusal instead of them has its own limit.

    A provider may send the whole file instead of a range ("Partial range downloads" in Graph's "Download
    driveItem content"), and then as much is read as stands before the range.
    """
    return 1 << 53 if wanted is None else max(wanted.last + 1, LARGEST_REFUSAL)


class Passing:
    """An answer that is passed on as it comes."""

    def __init__(self, incoming: Incoming, wanted: ByteRange | None) -> None:
        self._incoming = incoming
        try:
            self.first, self.last, self.total = _span(incoming.status, incoming.headers, wanted)
        except (ProviderAnswerRefusedError, RangeNotSatisfiableError):
            incoming.close()
            raise
        self._before = self.first if incoming.status == _OK else 0
        said = incoming.headers.get("Content-Type", "")
        self.content_type = said if _CONTENT_TYPE.fullmatch(said) else UNNAMED

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes from `first` to `last`; raise `ProviderUnavailableError` if fewer come."""
        before, left = self._before, self.last - self.first + 1
        for part in self._incoming.chunks() if left else ():
            ours = part[before : before + left]
            before -= min(before, len(part))
            left -= len(ours)
            if ours:
                yield ours
            if not left:
                return
        if left:
            raise ProviderUnavailableError("the provider's answer ended too early")

    def close(self) -> None:
        """Give the connection back, or drop it if the body was not read."""
        self._incoming.close()


class Held:
    """Bytes that are here already."""

    def __init__(self, content: bytes, content_type: str, wanted: ByteRange | None) -> None:
        self.content_type = content_type
        self.total = len(content)
        self.first, self.last = _within(wanted, self.total)
        self._content = content

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes from `first` to `last`."""
        yield self._content[self.first : self.last + 1]

    def close(self) -> None:
        """Do nothing: there is no connection."""


def _span(
    status: int, headers: Mapping[str, str], wanted: ByteRange | None
) -> tuple[int, int, int]:
    if status == _OK and _LENGTH.fullmatch(headers.get("Content-Length", "")):
        total = int(headers["Content-Length"])
        return *_within(wanted, total), total
    said = _CONTENT_RANGE.fullmatch(headers.get("Content-Range", ""))
    if status == _PARTIAL and said and wanted:
        first, last, total = map(int, said.groups())
        if first == wanted.first and first <= last < total and last <= wanted.last:
            return first, last, total
    raise ProviderAnswerRefusedError("bytes that do not say which they are")


def _within(wanted: ByteRange | None, total: int) -> tuple[int, int]:
    if wanted is None:
        return 0, total - 1
    if wanted.first >= total:
        raise RangeNotSatisfiableError("the range begins behind the file's end", field="Range")
    return wanted.first, min(wanted.last, total - 1)
