"""An API on this machine that answers the connectors' commands as it was told to."""

import http.server
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(slots=True)
class ApiServer:
    """Answers by method and path, whatever stands behind `connectors/`; and keeps what it was asked."""

    url: str = ""
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    asked: list[tuple[str, Mapping[str, str], bytes, Mapping[str, str]]] = field(
        default_factory=list
    )

    def say(self, line: str, document: object, status: int = 200) -> None:
        """Answer this line with this JSON, or these bytes."""
        self.answers[line] = (status, document)

    def refuse(self, line: str, code: str, status: int, **more: object) -> None:
        """Answer with a problem."""
        self.say(line, {"code": code, "detail": "Why not.", **more}, status)


@contextmanager
def api_server() -> Iterator[ApiServer]:
    """Serve one."""
    api = ApiServer()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            url = urlsplit(self.path)
            line = f"{self.command} {url.path.removeprefix('/api/v1/connectors/')}"
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            api.asked.append((line, dict(parse_qsl(url.query)), body, dict(self.headers)))
            status, document = api.answers.get(line, (404, {"code": "not_found", "detail": "No."}))
            content = document if isinstance(document, bytes) else json.dumps(document).encode()
            problem = "problem+" if status >= 400 else ""
            self.send_response(status)
            self.send_header("Content-Type", f"application/{problem}json")
            if isinstance(document, dict) and "retry_after" in document:
                self.send_header("Retry-After", str(document["retry_after"]))
            if status == 206:
                last = len(content) - 1
                self.send_header("Content-Range", f"bytes 0-{last}/{len(content)}")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = answer  # noqa: N815  # reason: the base class's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # reason: the base class's name
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as served:
        api.url = f"http://127.0.0.1:{served.server_port}"
        threading.Thread(target=served.serve_forever, args=(0.01,), daemon=True).start()
        yield api
        served.shutdown()
