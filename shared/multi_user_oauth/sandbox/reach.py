"""Ways for `requests` to reach the sandbox while every URL stays the production one."""

import io
from collections.abc import Callable, Iterable
from email.message import Message
from types import SimpleNamespace
from typing import Any, Final

from requests import ConnectionError as RequestsConnectionError
from requests import PreparedRequest, ReadTimeout, Response
from requests.adapters import HTTPAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse
from waitress.channel import ClientDisconnected
from werkzeug.test import EnvironBuilder, run_wsgi_app

from .door import SandboxAdapter, inside
from .records import DELAYS

__all__ = ["InProcessAdapter", "SandboxAdapter"]

LOOPBACK: Final = "127.0.0.1"


class InProcessAdapter(HTTPAdapter):
    """Mount it on `https://`: calls the WSGI application in this thread, without a socket.

    A dropped connection is a ConnectionError; a delay beyond the read timeout is a ReadTimeout,
    after the application has done its work, as it would be over a network.
    """

    def __init__(self, wsgi_app: Callable[..., Iterable[bytes]]) -> None:
        super().__init__(max_retries=0)
        self._app = wsgi_app

    def send(
        self,
        request: PreparedRequest,
        *args: Any,  # noqa: ANN401  # reason: requests' own options
        **options: Any,  # noqa: ANN401  # reason: requests' own options
    ) -> Response:
        """Call the application once. Raises ConnectionError or ReadTimeout of `requests`."""
        timeout = options.get("timeout")
        delays: list[float] = []
        environ = _environ(request) | {DELAYS: delays}
        try:
            body, status, headers = run_wsgi_app(self._app, environ, buffered=True)
        except ClientDisconnected as dropped:
            raise RequestsConnectionError(request=request) from dropped
        read_timeout = timeout[1] if isinstance(timeout, tuple) else timeout
        if read_timeout is not None and sum(delays) > read_timeout:
            raise ReadTimeout(request=request)
        return self._response(request, b"".join(body), status, headers.items())

    def _response(
        self, request: PreparedRequest, body: bytes, status: str, headers: Iterable[tuple[str, str]]
    ) -> Response:
        fields = list(headers)
        message = Message()
        for name, value in fields:
            message[name] = value
        code, _, reason = status.partition(" ")
        raw = HTTPResponse(
            body=io.BytesIO(body),
            headers=HTTPHeaderDict(fields),
            status=int(code),
            reason=reason,
            preload_content=False,
            # Where requests looks for cookies.
            original_response=SimpleNamespace(
                msg=message, isclosed=lambda: True, close=lambda: None
            ),  # type: ignore[arg-type]  # reason: only these three are used
        )
        return self.build_response(request, raw)


def _environ(request: PreparedRequest) -> dict[str, Any]:
    path, query = inside(request.url or "")
    body = request.body
    builder = EnvironBuilder(
        path=path,
        query_string=query,
        method=request.method or "GET",
        base_url=f"http://{LOOPBACK}",
        data=body.encode() if isinstance(body, str) else body,
        headers=[(name, str(value)) for name, value in request.headers.items()],
    )
    environ = builder.get_environ()
    builder.close()
    environ["REMOTE_ADDR"] = LOOPBACK
    return environ
