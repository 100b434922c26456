"""One HTTP answer, read whole: within a deadline, within a size, and without a library's error."""

import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final, TypeVar

import requests
import urllib3
from requests.structures import CaseInsensitiveDict

from multi_user_oauth.errors import ProviderUnavailableError

MAX_BODY: Final = 1024 * 1024  # token answers, JWKS and profiles are a hundredth of it
CHUNK: Final = 64 * 1024
RETRY_AFTER: Final = range(1, 3601)  # seconds; what lies outside is brought to the nearer end

T = TypeVar("T")
Json = Mapping[str, object]


class NotReachedError(ProviderUnavailableError):
    """Nobody was reached: nothing was sent, and nothing done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """Status, headers and the whole body, decoded."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def whole(self) -> "HttpAnswer":
        """Return the answer: it is whole already."""
        return self

    def json(self) -> Json | None:
        """Return the JSON object that the body is, or None if it is anything else."""
        try:
            # Not a stricter reader: an answer with NaN in it can hold the only copy of a refresh token.
            document = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return document if isinstance(document, dict) else None

    def response(self, request: requests.PreparedRequest) -> requests.Response:
        """Return the answer as `requests` hands it to libraries; it sets no cookies."""
        response = requests.Response()
        response.status_code = self.status
        response.headers = CaseInsensitiveDict(self.headers)
        response.raw = io.BytesIO(self.body)
        response.encoding = "utf-8"
        response.url = request.url or ""
        response.request = request
        return response


def read(
    send: Callable[[], requests.Response], *, left: Callable[[], float], most: int = MAX_BODY
) -> HttpAnswer:
    """
    Send and return the whole answer, of at most so many bytes, while `left()` seconds are more than none.

    Raise `ProviderUnavailableError`, `NotReachedError` if nothing was sent. It is raised after the
    library's error is forgotten, not from it: that error holds the request, and so the tokens in it.
    """

    def answer() -> HttpAnswer:
        response = send()
        try:
            body = b"".join(parts(response.raw, left=left, most=most))
        finally:
            response.close()
        return HttpAnswer(status=response.status_code, headers=response.headers, body=body)

    return answered(answer)


def answered(ask: Callable[[], T]) -> T:
    """
    Return what this returns; raise `ProviderUnavailableError` with a library's error's name in its place.

    Not a context manager: what is raised in one still holds, as its context, what it replaces.
    """
    failure, kind = "", ProviderUnavailableError
    try:
        return ask()
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        failure = type(error).__name__
        kind = NotReachedError if _never_left(error) else ProviderUnavailableError
    raise kind(f"no answer from the provider: {failure}")


def _never_left(error: Exception) -> bool:
    """Return whether there was no connection at all, so that nothing was sent."""
    reason = getattr(next(iter(error.args), None), "reason", None)
    unconnected = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)
    return isinstance(error, requests.ConnectTimeout) or isinstance(reason, unconnected)


def retry_after(headers: Mapping[str, str]) -> int:
    """Return `Retry-After` in seconds, from 1 to 3600 (RFC 9110, 10.2.3); 1 if there is none."""
    text = headers.get("Retry-After", "")
    if text.isascii() and text.isdigit():
        seconds = int(text[:9])
    else:
        try:
            # The provider's own clock: ours need not agree with it.
            wait = parsedate_to_datetime(text) - parsedate_to_datetime(headers.get("Date", ""))
        except (ValueError, TypeError):  # no date, or one with a zone and one without
            return RETRY_AFTER.start
        seconds = int(wait.total_seconds())
    return max(RETRY_AFTER.start, min(seconds, RETRY_AFTER.stop - 1))


def parts(raw: object, *, left: Callable[[], float], most: int) -> Iterator[bytes]:
    """
    Yield the body as it comes in.

    Raise `ProviderUnavailableError` if it is larger or does not end in time, and what the socket raises.
    """
    size = 0
    while left() > 0:
        part = _part(raw, left())
        if not part:
            return
        size += len(part)
        if size > most:
            raise ProviderUnavailableError("the provider's answer is too large")
        yield part
    raise ProviderUnavailableError("the provider's answer did not end in time")


def _part(raw: object, seconds: float) -> bytes:
    if not isinstance(raw, urllib3.BaseHTTPResponse):
        return raw.read(CHUNK)  # type: ignore[attr-defined, no-any-return]  # reason: an adapter in process gives any file
    socket = getattr(raw.connection, "sock", None)
    if socket is not None:  # else the old timeout stands: at worst twice the deadline
        socket.settimeout(seconds)
    # One receive at a time: `read` would wait for a whole chunk from a server that drips.
    return raw.read1(CHUNK, decode_content=True) or b""
