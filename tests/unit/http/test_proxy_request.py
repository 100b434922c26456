"""What is to be passed on is read as it came over the wire, and only where that is one thing."""

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from multi_user_oauth.errors import BodyTooLargeError, RequestError
from multi_user_oauth.http.proxy_request import LONGEST_BODY, SaidToProxy, said_to_proxy

BARE = "/microsoft_teams/proxy/"
FULL = f"/api/v1/connectors{BARE}"
GRAPH = "graph.microsoft.com/v1.0/me"


def arrived(written: str, path: str, *, name: str = "RAW_URI", method: str = "GET") -> Request:
    """Return a request as a server hands it on: the target as it was written, and the path decoded."""
    environ = EnvironBuilder(method=method, path="/x").get_environ()
    del environ["RAW_URI"], environ["REQUEST_URI"]
    bytes_as_latin = path.encode().decode("latin-1")  # PEP 3333
    environ |= {name: written, "PATH_INFO": bytes_as_latin}
    environ["QUERY_STRING"] = written.partition("?")[2]
    return Request(environ)


def said(text: str, query: str = "user_email=a@b.c", *, prefix: str = FULL) -> SaidToProxy:
    """Read a request for `host/path` whose route's path says the same."""
    return said_to_proxy(arrived(f"{prefix}{text}?{query}", prefix + text), text)


@pytest.mark.parametrize("name", ["RAW_URI", "REQUEST_URI"])
@pytest.mark.parametrize("prefix", [FULL, BARE, f"http://localhost:8084{FULL}"])
def test_the_path_is_taken_as_it_was_written(name: str, prefix: str) -> None:
    """By whichever name a server gives it, behind the load balancer or not."""
    written = f"{GRAPH}/drive/root:/M%C3%BCll%20%23.txt:/content"
    decoded = f"{GRAPH}/drive/root:/M\u00fcll #.txt:/content"
    request = arrived(f"{prefix}{written}?user_email=a@b.c", prefix + decoded, name=name)
    target = said_to_proxy(request, decoded).target
    assert target.host + target.path == written


@pytest.mark.parametrize(
    ("written", "path"),
    [
        (f"{FULL}{GRAPH}", f"{GRAPH}/messages"),
        (f"{FULL}{GRAPH}/", GRAPH),
        (f"/api/v1/connectors/proxy/proxy/{GRAPH}", GRAPH),
        (f"/api/v1/connectors/microsoft_teams/pro%78y/{GRAPH}", GRAPH),
        (f"http://proxy{FULL}{GRAPH}", GRAPH),
        (f"{FULL}{GRAPH}/%252e", f"{GRAPH}/%2e"),
        (f"{FULL}{GRAPH}/a%2fb", f"{GRAPH}/a/b"),
        (f"{FULL}{GRAPH}/%e4", f"{GRAPH}/\ufffd"),
        ("", GRAPH),
    ],
)
def test_two_readings_of_one_address_are_refused(written: str, path: str) -> None:
    """N71: What the route was found by, and what would be sent, have to be the same."""
    request = arrived(f"{written}?user_email=a@b.c", path)
    with pytest.raises(RequestError) as refused:
        said_to_proxy(request, path)
    assert refused.value.field == "path"


@pytest.mark.parametrize(
    ("query", "passed_on"),
    [
        ("user_email=a@b.c", ""),
        ("user_email=a%40b.c&purpose=x+y", ""),
        ("b=2&user_email=a@b.c&a=1&b=1&purpose=x&$top=%35", "b=2&a=1&b=1&$top=%35"),
        ("user_email=a@b.c&&x&=y&", "&x&=y&"),
        ("user_email=a@b.c&$expand=x($select=a;$top=2)", "$expand=x($select=a;$top=2)"),
    ],
)
def test_the_query_goes_on_in_its_order_without_what_was_for_us(query: str, passed_on: str) -> None:
    """Byte for byte, twice the same name too."""
    read = said(GRAPH, query)
    assert (read.user_email, read.query) == ("a@b.c", passed_on)


@pytest.mark.parametrize("query", ["user_email=a&x='\"'", "user_email=a&x=\u00e4", "user_email=a#"])
def test_a_query_that_is_none_is_refused(query: str) -> None:
    """As RFC 3986 has it."""
    with pytest.raises(RequestError):
        said(GRAPH, query)


def test_a_body_is_read_up_to_eight_mebibytes() -> None:
    """Announced or in chunks; what is announced is refused unread."""
    environ = EnvironBuilder(method="POST", data=bytes(LONGEST_BODY)).get_environ()
    read = said(GRAPH)
    post = SaidToProxy(
        user_email="a@b.c",
        purpose="",
        target=type(read.target).read("POST", GRAPH),
        query="",
    )
    call = post.call(Request(environ))
    assert call.body is not None
    assert len(call.body) == LONGEST_BODY
    too_long = Request(EnvironBuilder(method="POST").get_environ())
    too_long.environ["CONTENT_LENGTH"] = str(LONGEST_BODY + 1)
    with pytest.raises(BodyTooLargeError):
        post.call(too_long)
    assert "Cookie" not in repr(call)


@pytest.mark.parametrize("sent", [{"CONTENT_LENGTH": "1"}, {"HTTP_TRANSFER_ENCODING": "chunked"}])
def test_a_call_without_a_body_has_none(sent: dict[str, str]) -> None:
    """Two servers could not agree on where it ends."""
    request = Request(EnvironBuilder(method="GET").get_environ() | sent)
    with pytest.raises(RequestError, match="no body"):
        said(GRAPH).call(request)
