"""Bytes in and out of the sandbox: bodies in blocks, answers by ranges (RFC 9110, 14)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Final

from flask import Response, request

from .blobs import Blobs
from .drives import Item, Part

BLOCK: Final = 4 * 1024 * 1024
"""So much of a body is in memory at a time."""
_CONTENT_RANGE: Final = re.compile(r"bytes (?:(\d{1,15})-(\d{1,15})|\*)/(?:(\d{1,15})|\*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentRange:
    """Where the bytes of a request stand; a span of None asks how far an upload has come."""

    span: tuple[int, int] | None
    """First and last byte."""
    total: int | None


def content_range() -> ContentRange | None:
    """Read this request's Content-Range; None for none, or for one that says nothing."""
    found = _CONTENT_RANGE.fullmatch(request.headers.get("Content-Range", ""))
    if found is None:
        return None
    first, last, total = (None if text is None else int(text) for text in found.groups())
    if first is None or last is None:
        return ContentRange(span=None, total=total)
    if first > last or (total is not None and last >= total):
        return None
    return ContentRange(span=(first, last), total=total)


def received(blobs: Blobs) -> tuple[Part, ...]:
    """Keep this request's body block by block. Raises ClientDisconnected if it ends too early."""
    parts = []
    while block := _block(request.stream):
        parts.append(Part(blob=blobs.put(block), size=len(block)))
    return tuple(parts)


def _block(stream: IO[bytes]) -> bytes:
    pieces = []
    left = BLOCK
    while left and (piece := stream.read(left)):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def answer(blobs: Blobs, item: Item, unsatisfiable: Response) -> Response:
    """Give a file's bytes, or the one range asked for; `unsatisfiable` where it has none of it."""
    size = item.size
    asked = request.range
    if not asked or asked.units != "bytes" or len(asked.ranges) != 1:
        return _bytes(blobs, item, (0, size))
    span = asked.range_for_length(size)
    if span is None:
        unsatisfiable.headers["Content-Range"] = f"bytes */{size}"
        return unsatisfiable
    response = _bytes(blobs, item, span)
    response.status_code = 206
    response.headers["Content-Range"] = f"bytes {span[0]}-{span[1] - 1}/{size}"
    return response


def _bytes(blobs: Blobs, item: Item, span: tuple[int, int]) -> Response:
    content = _slices(blobs, item.parts, *span)
    response = Response(content, content_type=item.mime_type)
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Content-Length"] = str(span[1] - span[0])
    return response


def whole(blobs: Blobs, item: Item) -> bytes:
    """Give all bytes of a file that is known to be small."""
    return b"".join(_slices(blobs, item.parts, 0, item.size))


def _slices(blobs: Blobs, parts: tuple[Part, ...], start: int, stop: int) -> Iterator[bytes]:
    for part in parts:
        if start < part.size and stop > 0:
            yield blobs.get(part.blob)[max(start, 0) : stop]
        start -= part.size
        stop -= part.size
