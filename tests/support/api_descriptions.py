"""Oracles: a call to Google or Graph, and its answer, held against what the provider publishes.

What is wrong is named in an AssertionError, without any value: a request carries tokens and mail.
"""

import io
from collections.abc import Callable, Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

from multi_user_oauth.sandbox.server import Sandbox

from . import described_google, described_graph

NOT_DESCRIBED = ("/oauth2/",)
"""Paths of Google's sign-in at a host that its APIs share."""
UNREAD = b"?"
"""Stands for a body that is sent piece by piece: no JSON is."""


def check_google_request(
    method: str, url: str, headers: Mapping[str, str], body: bytes | None, scopes: Collection[str]
) -> None:
    """Fail unless Google's discovery documents have that method, query, body and scope."""
    described_google.check_request(method, url, headers, body or b"", scopes)


def check_google_answer(method: str, url: str, status: int, body: bytes) -> None:
    """Fail unless the answer has the response schema's fields only, with their types."""
    described_google.check_answer(method, url, status, body)


def check_graph_request(
    method: str, url: str, headers: Mapping[str, str], body: bytes | None, scopes: Collection[str]
) -> None:
    """Fail unless Graph v1.0 publishes that path, query, body and scope."""
    described_graph.check_request(method, url, headers, body or b"", scopes)


def check_graph_answer(method: str, url: str, status: int, body: bytes) -> None:
    """Fail unless the answer has the published status, fields and types only."""
    described_graph.check_answer(method, url, status, body)


def granted_by(sandbox: Sandbox) -> Callable[[str], Collection[str]]:
    """Give what looks a bearer token's scopes up at a sandbox; none for a dead one."""
    state = sandbox.app.extensions["sandbox"]

    def scopes(token: str) -> Collection[str]:
        found = state.find(token, "access")
        return frozenset(found.scope.split() if found and state.alive(found) else ())

    return scopes


class Described(BaseAdapter):
    """Stands before an adapter: checks every call to Google's APIs and Graph, and its answer.

    A scope is checked where the answer is no refusal: a client may try, and be told 403, but
    whoever lets a call through without one of its published scopes plays another API.
    """

    def __init__(self, inner: BaseAdapter, scopes_of: Callable[[str], Collection[str]]) -> None:
        super().__init__()
        self._inner = inner
        self._scopes_of = scopes_of
        self.checked: list[str] = []
        """Method and host of each call that was held against a description."""

    def send(self, request: PreparedRequest, *args: Any, **options: Any) -> Response:  # noqa: ANN401  # reason: requests' own options
        """Send it on. Raises AssertionError for a call or an answer that nobody publishes."""
        url, method = request.url or "", request.method or ""
        parts = urlsplit(url)
        graph = parts.hostname == described_graph.HOST
        google = parts.hostname in described_google.HOSTS
        if not (graph or google) or parts.path.startswith(NOT_DESCRIBED):
            return self._inner.send(request, *args, **options)
        self.checked.append(f"{method} {parts.hostname}")
        self._check(request, graph=graph, scopes=None)
        response = self._inner.send(request, *args, **options)
        if response.ok:
            token = request.headers.get("Authorization", "").removeprefix("Bearer ")
            self._check(request, graph=graph, scopes=self._scopes_of(token))
        check = described_graph.check_answer if graph else described_google.check_answer
        check(method, url, response.status_code, _body(response))
        return response

    def close(self) -> None:
        """Close what is behind it."""
        self._inner.close()

    def _check(
        self, request: PreparedRequest, *, graph: bool, scopes: Collection[str] | None
    ) -> None:
        sent = request.body.encode() if isinstance(request.body, str) else request.body or b""
        body = sent if isinstance(sent, bytes) else UNREAD
        url, method = request.url or "", request.method or ""
        headers = {name: str(value) for name, value in request.headers.items()}
        check = described_graph.check_request if graph else described_google.check_request
        check(method, url, headers, body, scopes)


def _body(response: Response) -> bytes:
    """Give an answer's JSON, and leave it to be read; another body is not touched."""
    json = response.headers.get("Content-Type", "").partition(";")[0] == "application/json"
    if not json:
        return UNREAD if response.headers.get("Content-Length", "0") != "0" else b""
    content: bytes = response.raw.read(decode_content=True)
    response.raw = HTTPResponse(
        body=io.BytesIO(content),
        headers={n: v for n, v in response.headers.items() if n.lower() != "content-encoding"},
        status=response.status_code,
        reason=response.reason,
        preload_content=False,
    )
    return content
