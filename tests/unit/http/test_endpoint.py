"""The front of a function: whatever happens inside, the answer is one of ours and tells nothing."""

import io
import json
import logging
from collections.abc import Callable, Iterator

import jsonschema
import pytest
from flask import Flask, Request, Response
from werkzeug.test import Client, TestResponse

from multi_user_oauth import errors
from multi_user_oauth.errors import (
    MethodNotAllowedError,
    MultiUserOAuthError,
    RequestError,
    RetryableError,
)
from multi_user_oauth.http.endpoint import Endpoint, Route
from multi_user_oauth.http.pages import Pages
from multi_user_oauth.http.tracing import trace_of
from multi_user_oauth.log import JsonFormatter, name_actor
from tests.support.api import DOCUMENT
from tests.support.clock import ManualClock
from tests.support.draw import CountingDraw
from tests.support.functions import check_rules, flask_app

MARKER = "marker-4f1c9d3b"
ERRORS = [getattr(errors, name) for name in errors.__all__]


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What is logged, as it is written in production."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    ours = logging.getLogger("multi_user_oauth")
    ours.addHandler(handler)
    before = ours.level
    ours.setLevel(logging.INFO)
    yield stream
    ours.setLevel(before)
    ours.removeHandler(handler)


def raised(kind: type[MultiUserOAuthError]) -> MultiUserOAuthError:
    """Return an error of this class with the marker in its message."""
    if issubclass(kind, MethodNotAllowedError):
        return kind(("GET",))
    if issubclass(kind, errors.NeedsSignInError | errors.GrantRefusedError):
        return kind(MARKER, reason="our_word")
    return kind(MARKER)


def endpoint(
    handler: Callable[..., Response], *, browser: bool = False, host: str = "localhost"
) -> Endpoint:
    """Return a function with one route."""
    return Endpoint(
        "tested",
        [
            Route(
                methods=("GET",),
                paths=("/full/{name}", "/{name}"),
                handler=handler,
                browser=browser,
            )
        ],
        host=host,
        now=ManualClock(),
        draw=CountingDraw(),
        error_page=Pages(form_targets=[]).error,
        trace_project="a-project",
    )


def failing(error: Exception, *, browser: bool = False, chained: bool = False) -> Endpoint:
    """Return a function whose handler raises this."""

    def handler(_: Request, **__: str) -> Response:
        if chained:
            raise error from ValueError(MARKER)
        raise error

    return endpoint(handler, browser=browser)


def get(served: Endpoint, path: str = "/full/x", **headers: str) -> TestResponse:
    """Ask for a path."""
    app: Flask = flask_app(served)
    response = Client(app).get(path, base_url="http://localhost", headers=headers)
    check_rules(response)
    return response


@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_is_a_problem_that_keeps_its_message(
    log: io.StringIO, kind: type[MultiUserOAuthError]
) -> None:
    """Status and code are the class's; the message leaves only where it is written for the caller."""
    response = get(failing(raised(kind), chained=True))
    body = response.json or {}
    jsonschema.validate(body, DOCUMENT["components"]["schemas"]["Problem"])
    expected = MultiUserOAuthError if kind is errors.ConfigurationError else kind
    assert (response.status_code, body["code"]) == (expected.status, expected.code)
    assert (MARKER in response.text) is issubclass(kind, RequestError)
    assert ("Retry-After" in response.headers) is issubclass(kind, RetryableError)
    assert MARKER not in log.getvalue()
    (line,) = [
        entry
        for entry in map(json.loads, log.getvalue().splitlines())
        if entry["message"] == "request"
    ]
    assert (line["code"], line["status"]) == (expected.code, expected.status)


@pytest.mark.parametrize("kind", ERRORS)
def test_a_browser_gets_a_page(kind: type[MultiUserOAuthError]) -> None:
    """With the same status, the code, and nothing of the message; JSON where it is asked for."""
    served = failing(raised(kind), browser=True)
    page = get(served)
    assert (page.status_code, page.mimetype) == (kind.status, "text/html")
    assert f'<code id="code">{kind.code}</code>' in page.text
    assert MARKER not in page.text
    assert get(served, Accept="application/json").mimetype == "application/problem+json"


@pytest.mark.parametrize("browser", [False, True])
@pytest.mark.parametrize(
    "error",
    [ValueError(MARKER), KeyError(MARKER), RuntimeError(MARKER, [MARKER]), OSError(5, MARKER)],
)
def test_the_unforeseen_tells_nothing_anywhere(
    log: io.StringIO, error: Exception, browser: bool
) -> None:
    """Neither in the answer nor in the log, where only its type and place stand."""
    response = get(failing(error, browser=browser, chained=True))
    assert response.status_code == 500
    assert MARKER not in response.text
    assert MARKER not in log.getvalue()
    first = json.loads(log.getvalue().splitlines()[0])
    assert (first["severity"], first["error"]) == ("ERROR", type(error).__name__)
    assert first["stack"][-1].endswith(" handler")


def test_a_fault_of_ours_is_an_error_in_the_log(log: io.StringIO) -> None:
    """What opened wrong, or is set up wrong, must not pass as one more request."""
    for kind in (errors.TamperedError, errors.ConfigurationError):
        get(failing(raised(kind)))
    severe = [
        line for line in map(json.loads, log.getvalue().splitlines()) if line["severity"] == "ERROR"
    ]
    assert [line["error"] for line in severe] == ["TamperedError", "ConfigurationError"]


def test_the_log_names_the_route_and_never_what_was_asked(log: io.StringIO) -> None:
    """Addresses hold e-mails, codes and states."""
    get(endpoint(lambda _, **__: Response("fine")), f"/{MARKER}?code={MARKER}")
    assert MARKER not in log.getvalue()
    line = json.loads(log.getvalue())
    assert (line["path"], line["method"], line["status"]) == ("/full/{name}", "GET", 200)
    assert line["request_id"]


def test_all_lines_of_a_request_carry_its_id(log: io.StringIO) -> None:
    """Drawn by us and told in the answer, so that whoever complains can quote it."""

    def handler(_: Request, **__: str) -> Response:
        logging.getLogger("multi_user_oauth.some").warning("on the way")
        raise errors.TamperedError("so")

    served = endpoint(handler)
    ids = []
    for _ in range(2):
        answer = get(served, **{"X-Request-Id": MARKER})
        ids.append(answer.headers["X-Request-Id"])
        lines = [json.loads(line) for line in log.getvalue().splitlines()]
        assert [line["message"] for line in lines] == ["on the way", "a fault of ours", "request"]
        assert {line["request_id"] for line in lines} == {ids[-1]}
        assert MARKER not in log.getvalue()
        log.seek(0)
        log.truncate()
    logging.getLogger("multi_user_oauth.some").warning("afterwards")
    assert "request_id" not in json.loads(log.getvalue())
    assert len(set(ids)) == 2


TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.mark.parametrize(
    ("headers", "known"),
    [
        ({"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}, True),
        ({"traceparent": f"cc-{TRACE}-b7ad6b7169203331-00"}, True),
        ({"X-Cloud-Trace-Context": TRACE}, True),
        ({"X-Cloud-Trace-Context": f"{TRACE}/11;o=1"}, True),
        ({"traceparent": "nonsense", "X-Cloud-Trace-Context": f"{TRACE}/11"}, True),
        ({"traceparent": f"ff-{TRACE}-b7ad6b7169203331-01"}, False),
        ({"traceparent": f"00-{TRACE}-b7ad6b7169203331-01-{MARKER}"}, False),
        ({"traceparent": f"00-{'0' * 32}-b7ad6b7169203331-01"}, False),
        ({"X-Cloud-Trace-Context": f"{TRACE}/{MARKER}"}, False),
        ({"X-Cloud-Trace-Context": f"{TRACE[:31]}g"}, False),
        ({"X-Cloud-Trace-Context": TRACE + "0"}, False),
        ({}, False),
    ],
    ids=str,
)
def test_a_line_belongs_to_the_trace_that_the_platform_began(
    log: io.StringIO, headers: dict[str, str], known: bool
) -> None:
    """If its id has the form of one; anybody may send such a header."""
    get(endpoint(lambda _, **__: Response("fine")), **headers)
    line = json.loads(log.getvalue())
    assert line.get("logging.googleapis.com/trace") == (
        f"projects/a-project/traces/{TRACE}" if known else None
    )


def test_without_a_project_there_is_no_trace() -> None:
    """Cloud Logging finds a trace by its whole name."""
    environ = {"HTTP_X_CLOUD_TRACE_CONTEXT": TRACE}
    assert trace_of(environ, "a-project") == f"projects/a-project/traces/{TRACE}"
    assert trace_of(environ, "") == ""


@pytest.mark.parametrize(
    ("status", "outcome"), [(200, "ok"), (303, "ok"), (404, "refused"), (503, "failed")]
)
def test_the_log_says_who_asked_and_how_it_ended(
    log: io.StringIO, status: int, outcome: str
) -> None:
    """From the moment on at which the caller is proved; whoever is not, has no name there."""

    def handler(_: Request, name: str) -> Response:
        if name == "proved":
            name_actor("agent:reports")
        return Response("so", status)

    served = endpoint(handler)
    app = flask_app(served)
    for name in ("proved", "nobody"):
        Client(app).get(f"/{name}", base_url="http://localhost")
    proved, nobody = map(json.loads, log.getvalue().splitlines())
    assert (proved["actor"], proved["outcome"]) == ("agent:reports", outcome)
    assert "actor" not in nobody


@pytest.mark.parametrize("host", ["localhost", "vault.company.com", "[::1]:8084", "127.0.0.1:1"])
def test_routes_match_whatever_the_host_looks_like(host: str) -> None:
    """Also that of IPv6."""
    served = endpoint(lambda _, name: Response(name), host=host)
    assert get(served, "/full/anna").text == "anna"
