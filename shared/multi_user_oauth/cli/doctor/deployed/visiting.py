"""One request to a deployment, as a stranger sends it: with no identity of ours, and nothing followed."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import requests
import urllib3

from multi_user_oauth.errors import RetryableError
from multi_user_oauth.net.http_answer import HttpAnswer, parts
from multi_user_oauth.settings.origins import is_loopback

TIMEOUT: Final = 8.0  # seconds for a whole call
CONNECT: Final = 3.0
LARGEST: Final = 1024 * 1024
"""Bytes of an answer; the largest page is a hundredth of it."""
OURS: Final = "urn:multi-user-oauth:problem:"
_REQUEST_ID: Final = re.compile(r"[0-9a-f]{16}")
_SAFE_CODE: Final = re.compile(r"[a-z_]{1,40}")
JSON: Final = {"Accept": "application/json"}


class NoAnswerError(RetryableError):
    """Nobody answered, or not in time."""


class UntrustedError(NoAnswerError):
    """Whoever answered did not prove to be who is called: nothing was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back; cookies as they stand in `Set-Cookie`, one each."""

    status: int
    headers: Mapping[str, str]
    cookies: tuple[str, ...] = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def code(self) -> str:
        """The code of our problem (RFC 9457); empty where the answer is none of ours."""
        found = HttpAnswer(status=self.status, headers=self.headers, body=self.body).json() or {}
        kind = str(found.get("type", ""))
        code = kind.removeprefix(OURS)
        return code if kind.startswith(OURS) and _SAFE_CODE.fullmatch(code) else ""

    @property
    def is_ours(self) -> bool:
        """Whether code of ours wrote it, and not what stands before it: a problem, or a page of ours."""
        return bool(self.code or _REQUEST_ID.fullmatch(self.headers.get("X-Request-Id", "")))

    @property
    def said(self) -> str:
        """The status, and the code of our problem: what may be printed of it."""
        return f"{self.status} {self.code}".strip()


class Visitor:
    """Sends each request by itself: no cookie, no credential and no connection of one is another's."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic

    def ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> Answer:
        """Return the answer, whatever its status; raise `NoAnswerError`, or `UntrustedError`."""
        try:
            return self._answer(method, url, headers, form)
        except requests.exceptions.SSLError:
            raise UntrustedError("the answer is not proved by a certificate") from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise NoAnswerError(f"no answer: {type(error).__name__}") from None

    def _answer(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        form: Mapping[str, str] | None,
    ) -> Answer:
        deadline = self._monotonic() + TIMEOUT
        with requests.Session() as session:
            session.trust_env = not is_loopback(url)
            session.auth = lambda request: request  # or a password in ~/.netrc would go along
            found = session.request(
                method, url,
                headers={"User-Agent": "multi-user-oauth doctor", **(headers or {})},
                data=form, stream=True, allow_redirects=False,
                timeout=(CONNECT, TIMEOUT - CONNECT),
            )  # fmt: skip
            try:
                left = lambda: deadline - self._monotonic()  # noqa: E731  # reason: one line, used once
                body = b"".join(parts(found.raw, left=left, most=LARGEST))
            finally:
                found.close()
            cookies = tuple(found.raw.headers.getlist("Set-Cookie"))
        return Answer(status=found.status_code, headers=found.headers, cookies=cookies, body=body)
