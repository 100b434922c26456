"""A function in another process as a WSGI application: what the load balancer does in the cloud."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

TIMEOUT: Final = 130.0
"""Seconds: longer than every function's own."""
PIECE: Final = 64 * 1024

_ONE_STEP_ONLY: Final = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization"),
        *("proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"),
    }
)
"""RFC 9110, 7.6.1: headers of one connection, not of the message."""

_NO_ANSWER: Final = json.dumps(
    {
        "type": "urn:multi-user-oauth:problem:unavailable",
        "title": "The function does not answer",
        "status": 503,
        "code": "unavailable",
    }
).encode()


def forwarding(port: int) -> "WSGIApplication":
    """Return an application that has each request answered by whoever listens on 127.0.0.1:port."""

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
        try:
            # Not `request`: it would add a Host, and an Accept-Encoding, of its own.
            connection.putrequest(
                environ["REQUEST_METHOD"],
                _target(environ),
                skip_host=True,
                skip_accept_encoding=True,
            )
            body = environ["wsgi.input"].read()
            for name, value in _headers(environ, len(body)):
                connection.putheader(name, value)
            connection.endheaders(body)
            response = connection.getresponse()
        except (OSError, HTTPException):
            connection.close()
            headers = [("Content-Type", "application/problem+json"), ("Retry-After", "1")]
            start_response("503 Service Unavailable", headers)
            return [_NO_ANSWER]
        start_response(f"{response.status} {response.reason}", _answered(response))
        return _passed_on(response, connection)

    return answer


def _passed_on(response: HTTPResponse, connection: HTTPConnection) -> Iterator[bytes]:
    """Yield the body as it comes; the connection ends with it, or when nobody reads on."""
    with closing(connection):
        while piece := response.read(PIECE):
            yield piece


def _target(environ: "WSGIEnvironment") -> str:
    # PEP 3333: the path comes as latin-1, whatever its bytes mean.
    path = quote(environ.get("PATH_INFO", "/").encode("latin-1"), safe="/:@!$&'()*+,;=~")
    query = environ.get("QUERY_STRING")
    return f"{path}?{query}" if query else path


def _headers(environ: "WSGIEnvironment", length: int) -> Iterable[tuple[str, str]]:
    given = {
        name[5:].replace("_", "-"): str(value)
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    yield from _kept(given)
    if environ.get("CONTENT_TYPE"):
        yield "Content-Type", environ["CONTENT_TYPE"]
    if length or environ.get("CONTENT_LENGTH"):
        yield "Content-Length", str(length)


def _kept(headers: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    named = {each.strip().lower() for each in headers.get("CONNECTION", "").split(",")}
    for name, value in headers.items():
        if name.lower() not in _ONE_STEP_ONLY | named:
            yield name, value


def _answered(response: HTTPResponse) -> list[tuple[str, str]]:
    # A list, since there may be several cookies. Each server names itself and the date.
    not_ours = _ONE_STEP_ONLY | {"server", "date"}
    return [(name, value) for name, value in response.getheaders() if name.lower() not in not_ours]
