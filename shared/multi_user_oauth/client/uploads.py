"""A file on its way to the provider: at once where it is small, else in chunks that may go once more."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final
from urllib.parse import quote

from multi_user_oauth.client.area import query_of
from multi_user_oauth.client.transport import READS, WAITS, Call, Transport
from multi_user_oauth.errors.client import BROKEN, UNREADABLE, ApiError, NoAnswerError

SMALL: Final = 4 * 1024 * 1024
"""So much goes in one call."""
LARGEST_CHUNK: Final = 32 * 1024 * 1024
BYTES: Final = "application/octet-stream"
NOT_THE_NEXT: Final = "range_not_satisfiable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a file goes, and who is told how far it is."""

    transport: Transport
    path: str
    user_email: str
    name: str
    folder_id: str | None
    content_type: str
    purpose: str
    progress: Callable[[int, int], None]


def uploaded(target: Target, path: Path) -> dict[str, Any]:
    """Store the file; return what the provider made of it; raise `ApiError`, `OSError`."""
    size = path.stat().st_size
    with path.open("rb") as source:
        stored = (
            _at_once(target, source, size) if size <= SMALL else _in_chunks(target, source, size)
        )
    if stored.get("size") not in (size, None):
        raise ApiError(BROKEN, "the provider stored another number of bytes")
    return stored


def _at_once(target: Target, source: BinaryIO, size: int) -> dict[str, Any]:
    target.progress(0, size)
    params = query_of(
        target.user_email, target.purpose, name=target.name, folder_id=target.folder_id
    )
    # Not asked again: nobody knows whether a broken call stored it.
    stored = target.transport.json(
        Call(
            method="PUT",
            path=target.path,
            params=params,
            data=_exactly(source, size),
            headers={"Content-Type": target.content_type},
        )
    )
    target.progress(size, size)
    return stored


def _in_chunks(target: Target, source: BinaryIO, size: int) -> dict[str, Any]:
    session = _Session(target, size)
    waits, offset = iter(WAITS), 0
    while True:
        target.progress(offset, size)
        try:
            reached = session.send(source, offset)
        except ApiError as failed:
            wait = next(waits, None)
            if wait is None or not _passing(failed):
                raise
            target.transport.sleep(max(wait, failed.retry_after or 0))
            reached = session.reached()
        if isinstance(reached, dict):
            target.progress(size, size)
            return reached
        if reached > offset:
            waits = iter(WAITS)
        offset = reached


class _Session:
    """An upload at the provider, by the name that the API gave it."""

    def __init__(self, target: Target, size: int) -> None:
        self._target = target
        self._size = size
        self._params = query_of(target.user_email)
        body = {
            "user_email": target.user_email,
            "name": target.name,
            "size": size,
            "folder_id": target.folder_id,
            "content_type": target.content_type,
            "purpose": target.purpose or None,
        }
        started = target.transport.json(
            Call(
                method="POST",
                path=f"{target.path}/uploads",
                json={name: value for name, value in body.items() if value is not None},
                again=READS,  # an upload to which nothing is sent is forgotten
            )
        )
        self._path = f"{target.path}/uploads/{quote(str(started.get('upload_id')), safe='')}"
        self._chunk = _whole_number(started, "chunk_size")
        if not 0 < self._chunk <= LARGEST_CHUNK:
            raise ApiError(UNREADABLE, "an upload whose chunks have no size")

    def send(self, source: BinaryIO, offset: int) -> dict[str, Any] | int:
        """Send the chunk that begins there; return the file once it is whole, else where to go on."""
        source.seek(offset)
        chunk = _exactly(source, min(self._chunk, self._size - offset))
        place = f"bytes {offset}-{offset + len(chunk) - 1}/{self._size}"
        headers = {"Content-Type": BYTES, "Content-Range": place}
        call = Call(method="PUT", path=self._path, params=self._params, data=chunk, headers=headers)
        return self._told(call)

    def reached(self) -> dict[str, Any] | int:
        """Ask where to go on; return the file where all of it has arrived."""
        return self._told(Call(method="GET", path=self._path, params=self._params, again=READS))

    def _told(self, call: Call) -> dict[str, Any] | int:
        answer = self._target.transport.json(call)
        if "id" in answer:
            return answer
        offset = _whole_number(answer, "next_offset")
        if not 0 <= offset < self._size:
            raise ApiError(UNREADABLE, "an upload that goes on outside of the file")
        return offset


def _passing(failed: ApiError) -> bool:
    mended = isinstance(failed, NoAnswerError) or failed.code == NOT_THE_NEXT
    return mended or failed.status in READS


def _exactly(source: BinaryIO, size: int) -> bytes:
    content = source.read(size)
    if len(content) != size:
        raise ApiError(BROKEN, "the file was changed while it was read")
    return content


def _whole_number(answer: Mapping[str, Any], name: str) -> int:
    value = answer.get(name)
    if not isinstance(value, int):
        raise ApiError(UNREADABLE, f"an upload without {name}")
    return value
