"""A query as a server hands it on: its bytes, whatever they are."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from multi_user_oauth.errors import RequestError
from multi_user_oauth.http.reading import query
from multi_user_oauth.http.web import WebRoutes
from tests.architecture.catalogue import ROOT

WEB: Path = ROOT / "functions/web"


def request(query_string: bytes) -> Request:
    """Return a request for this query."""
    environ = EnvironBuilder(path="/").get_environ()
    return Request({**environ, "QUERY_STRING": query_string.decode("latin-1")})


def page(asked: Request) -> object:
    """Ask for the first page."""
    return WebRoutes(folder=WEB, connector_types={}, form_targets=()).page(asked)


@pytest.mark.parametrize("read", [lambda asked: query(asked, None), page])
@pytest.mark.parametrize("raw", [b"\x80", b"user_email=\xff", b"state=a&code=\xed\xa0\x80"])
def test_bytes_that_are_no_text_are_refused(read: Callable[[Request], object], raw: bytes) -> None:
    """N99: By us, and not by the library's own error: a server passes such bytes on as they came."""
    with pytest.raises(RequestError, match="no text"):
        read(request(raw))


def test_escaped_bytes_and_plain_letters_are_read() -> None:
    """As browsers write and send them."""
    assert query(request(b"a=%80&b=" + "é".encode()), None)["b"] == "é"
