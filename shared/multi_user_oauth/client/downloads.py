"""The bytes of a file, by ranges: what breaks off goes on at the byte that was reached."""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final

import requests

from multi_user_oauth.client.transport import READS, WAITS, Call, Transport
from multi_user_oauth.errors.client import BROKEN, UNREADABLE, ApiError, NoAnswerError

RANGE: Final = 8 * 1024 * 1024
"""What one answer carries at most."""
PIECE: Final = 64 * 1024
LONGEST_NAME: Final = 200
"""In bytes: with what is added to it, a name stays below the 255 of most file systems."""
_CONTENT_RANGE: Final = re.compile(r"bytes (\d+)-(\d+)/(\d+)", re.ASCII)
_NOT_IN_NAMES: Final = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file at the provider, and who is told how far it is."""

    transport: Transport
    path: str
    params: Mapping[str, str]
    file: Mapping[str, Any] = field(repr=False)
    progress: Callable[[int, int], None]

    @property
    def size(self) -> int | None:
        """In bytes; None for what only the provider's editor has."""
        size = self.file.get("size")
        return size if isinstance(size, int) else None

    @property
    def version(self) -> str:
        """What it is that the bytes belong to: of another file, or a later state, none are added."""
        names = ("id", "size", "modified_at")
        told = "\n".join(str(self.file.get(name)) for name in names)
        return hashlib.sha256(told.encode()).hexdigest()[:8]


def downloaded(source: Source, into: Path) -> Path:
    """Write the file to this path, or under its own name into this folder; return where."""
    whole = into / safe_name(str(source.file.get("name", ""))) if into.is_dir() else into
    part = whole.with_name(f"{whole.name}.{source.version}.part")
    with part.open("ab") as out:
        reached = out.tell()
        if source.size is None or reached > source.size:
            reached = out.truncate(0)
        written(source, out, reached)
    part.replace(whole)
    return whole


def written(source: Source, out: BinaryIO, reached: int) -> None:
    """Write the bytes from `reached` on; raise `ApiError` for bytes that are not those announced."""
    if not source.size:  # nothing to take ranges of, or nobody knows how much
        _written_whole(source, out)
        return
    waits = iter(WAITS)
    while reached < source.size:
        source.progress(reached, source.size)
        before = reached
        try:
            for piece in _range(source, reached, source.size):
                out.write(piece)
                reached += len(piece)
                source.progress(reached, source.size)
        except requests.RequestException as failed:
            broken = type(failed).__name__
        else:
            continue
        waits = iter(WAITS) if reached > before else waits
        wait = next(waits, None)
        if wait is None:
            raise NoAnswerError(f"the download broke off at byte {reached} ({broken})")
        source.transport.sleep(wait)


def _range(source: Source, first: int, size: int) -> Iterator[bytes]:
    last = min(first + RANGE, size) - 1
    call = Call(
        method="GET",
        path=source.path,
        params=source.params,
        headers={"Range": f"bytes={first}-{last}"},
        again=READS,
        streamed=True,
    )
    with source.transport.send(call) as answer:
        left = _announced(answer, first, size)
        for piece in answer.iter_content(PIECE):
            left -= len(piece)
            if left < 0:
                raise ApiError(BROKEN, "more bytes than were announced")
            yield piece
    if left:
        raise requests.ConnectionError  # it ended too early, and nobody had noticed


def _announced(answer: requests.Response, first: int, size: int) -> int:
    """Return how many bytes come; raise `ApiError` if they are others than those that were asked for."""
    if answer.status_code == requests.codes.ok and first == 0:
        length = answer.headers.get("Content-Length", str(size))
        told = (0, size - 1, size) if length == str(size) else None
    else:
        found = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        told = (int(found[1]), int(found[2]), int(found[3])) if found else None
    if told is None:
        raise ApiError(UNREADABLE, "an answer that does not say which bytes it holds")
    begins, ends, total = told
    if begins != first or total != size or not first <= ends < size:
        raise ApiError(BROKEN, "the file has changed meanwhile: begin anew")
    return ends - begins + 1


def _written_whole(source: Source, out: BinaryIO) -> None:
    call = Call(method="GET", path=source.path, params=source.params, again=READS)
    content = source.transport.send(call).content
    if source.size is not None and len(content) != source.size:
        raise ApiError(BROKEN, "other bytes than were announced")
    out.write(content)
    source.progress(len(content), len(content))


def safe_name(name: str) -> str:
    """Return a provider's file name as one that stays in its folder on every system."""
    tame = _NOT_IN_NAMES.sub("_", name).rstrip(" .")
    if len(tame.encode()) > LONGEST_NAME:
        stem, dot, ending = tame.rpartition(".")
        ending = f"{dot}{ending}" if stem and len(ending.encode()) < LONGEST_NAME // 2 else ""
        room = LONGEST_NAME - len(ending.encode())
        tame = tame.encode()[:room].decode(errors="ignore") + ending
    return tame or "download"
