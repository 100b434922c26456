"""A provider that says what a test tells it to, below `requests`."""

import gzip
import io
import json
from collections.abc import Callable, Mapping

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPResponse

from multi_user_oauth.providers.transport import Transport
from tests.support.clock import START, ManualClock

URL = "https://oauth2.googleapis.com/token"

Answer = requests.Response | Exception


def answer(
    body: object = None,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    raw: object = None,
) -> requests.Response:
    """One answer; `body` is sent as JSON unless it is bytes."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = requests.Response()
    response.status_code = status
    response.headers = CaseInsensitiveDict(headers or {})
    response.raw = raw or io.BytesIO(content)
    return response


def zipped(body: bytes) -> requests.Response:
    """An answer as urllib3 gives it, compressed."""
    headers = {"Content-Encoding": "gzip"}
    raw = HTTPResponse(body=io.BytesIO(gzip.compress(body)), headers=headers, preload_content=False)
    return answer(headers=headers, raw=raw)


class Wire(BaseAdapter):
    """Gives the answers in turn, or by what a function says; keeps the requests."""

    def __init__(self, *answers: Answer) -> None:
        super().__init__()
        self.answers = list(answers)
        self.by_url: dict[str, Callable[[], Answer]] = {}
        self.requests: list[requests.PreparedRequest] = []
        self.timeouts: list[object] = []
        self.closed = 0

    def send(  # type: ignore[override]  # reason: only the timeout is looked at
        self, request: requests.PreparedRequest, **options: object
    ) -> requests.Response:
        """Give the next answer."""
        self.requests.append(request)
        self.timeouts.append(options["timeout"])
        url = (request.url or "").partition("?")[0]
        given = self.by_url[url]() if url in self.by_url else self.answers.pop(0)
        if isinstance(given, Exception):
            raise given
        return given

    def close(self) -> None:
        """Count it."""
        self.closed += 1

    def asked(self, part: str) -> int:
        """How many requests went to URLs with this in them."""
        return sum(part in (request.url or "") for request in self.requests)


def transport_over(wire: BaseAdapter, clock: ManualClock | None = None) -> Transport:
    """A transport whose time is the clock's."""
    now = clock or ManualClock()

    def monotonic() -> float:
        return (now() - START).total_seconds()

    return Transport(wire, monotonic=monotonic, trust_env=False)
