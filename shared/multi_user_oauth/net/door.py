"""The one way out to the providers' APIs: listed hosts, one send, no redirect, bounded."""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import requests
from requests.adapters import BaseAdapter

from multi_user_oauth.errors.connector import ProviderAnswerRefusedError
from multi_user_oauth.net.hosts import Hosts, UnlistedAddressError
from multi_user_oauth.net.http_answer import HttpAnswer, answered, parts
from multi_user_oauth.ports.connectors import Stream

CONNECT: Final = 5.0  # seconds
WHOLE: Final = 20.0  # seconds for an answer that is read whole, from the first byte sent
STREAMED: Final = 100.0  # seconds for one that is passed on: the platform stops us after 120
LARGEST: Final = 8 * 1024 * 1024
"""Bytes of an answer that is read whole; a page of a thousand items is a quarter of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A request as it leaves. Its address may be a secret, and so may its headers: not shown."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | Stream | None = field(default=None, repr=False)
    seconds: float = WHOLE


class Incoming:
    """An answer whose body is still to come."""

    def __init__(
        self, response: requests.Response, *, left: Callable[[], float], most: int
    ) -> None:
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self._response = response
        self._left = left
        self._most = most

    def chunks(self) -> Iterator[bytes]:
        """Yield the body as it comes; raise `ProviderUnavailableError` if it is too late or too large."""
        try:
            body = parts(self._response.raw, left=self._left, most=self._most)
            while chunk := answered(lambda: next(body, b"")):
                yield chunk
        finally:
            self.close()

    def whole(self) -> HttpAnswer:
        """Return the answer with its body."""
        return HttpAnswer(status=self.status, headers=self.headers, body=b"".join(self.chunks()))

    def close(self) -> None:
        """Give the connection back, or drop it if the body was not read."""
        self._response.close()


class Door:
    """Shared by the whole process; it keeps no cookies and nothing of one call for the next."""

    def __init__(self, adapter: BaseAdapter, *, monotonic: Callable[[], float]) -> None:
        # At DEBUG it writes each address that is called, and some of ours are secrets.
        logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)
        self._adapter = adapter
        self._monotonic = monotonic

    def whole(self, outgoing: Outgoing, hosts: Hosts, *, most: int = LARGEST) -> HttpAnswer:
        """
        Send once and return the whole answer.

        Raise `ProviderAnswerRefusedError` for an address that is not one of `hosts`, before anything is
        sent, and for an answer in a coding; `ProviderUnavailableError` where none comes.
        """
        return self.opened(outgoing, hosts, most=most).whole()

    def opened(self, outgoing: Outgoing, hosts: Hosts, *, most: int) -> Incoming:
        """Send once and return the answer as soon as its head is there; raise as `whole` does."""
        left = self._deadline(outgoing.seconds)
        response = answered(lambda: self._send(outgoing, hosts))
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            response.close()
            raise ProviderAnswerRefusedError("an answer in a coding that was not asked for")
        return Incoming(response, left=left, most=most)

    def _deadline(self, seconds: float) -> Callable[[], float]:
        end = self._monotonic() + seconds
        return lambda: end - self._monotonic()

    def _send(self, outgoing: Outgoing, hosts: Hosts) -> requests.Response:
        prepared = requests.PreparedRequest()
        # In no coding: what is small on the way can not become large here.
        headers = {
            "Accept-Encoding": "identity",
            "User-Agent": "multi-user-oauth",
            **outgoing.headers,
        }
        prepared.prepare_method(outgoing.method)
        prepared.url = required(outgoing.url, hosts)
        prepared.prepare_headers(headers)
        prepared.body = outgoing.body  # type: ignore[assignment]  # reason: http.client reads from files too
        if outgoing.body is not None:
            prepared.headers["Content-Length"] = str(len(outgoing.body))
        elif outgoing.method in ("POST", "PUT", "PATCH"):
            prepared.headers["Content-Length"] = "0"
        return self._adapter.send(
            prepared, stream=True, timeout=(CONNECT, outgoing.seconds), verify=True, proxies={}
        )


def required(url: str, hosts: Hosts) -> str:
    """Return the URL; raise `ProviderAnswerRefusedError`, without it, if it leads elsewhere."""
    try:
        return hosts.require(url)
    except UnlistedAddressError:
        raise ProviderAnswerRefusedError("an address that is not listed") from None
