"""Whatever is raised in whatever handler, with whatever text: the answer and the log do not repeat it."""

import io
import json
import logging
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

import pytest
import requests
from flask import Request, Response
from google.api_core.exceptions import ServiceUnavailable
from google.auth.exceptions import RefreshError
from joserfc.errors import JoseError
from oauthlib.oauth2 import OAuth2Error  # type: ignore[import-untyped]  # reason: it has no types
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge
from werkzeug.test import Client

from multi_user_oauth import errors
from multi_user_oauth.errors import MultiUserOAuthError, RequestError
from multi_user_oauth.http.endpoint import Endpoint, Route
from multi_user_oauth.log import JsonFormatter
from tests.support.api import BUILT
from tests.support.functions import Installation, check_rules, flask_app
from tests.support.installation import ORIGIN

MARKER: Final = "marker-4f1c9d3b"
STRANGERS: Final[tuple[Callable[[], Exception], ...]] = (
    lambda: ValueError(MARKER),
    lambda: KeyError(MARKER),
    lambda: TypeError(MARKER),
    lambda: RuntimeError(MARKER),
    lambda: OSError(5, MARKER, MARKER),
    lambda: TimeoutError(MARKER),
    lambda: RecursionError(MARKER),
    lambda: MemoryError(MARKER),
    lambda: UnicodeDecodeError("utf-8", MARKER.encode(), 0, 1, MARKER),
    lambda: json.JSONDecodeError(MARKER, MARKER, 0),
    lambda: sqlite3.OperationalError(MARKER),
    lambda: requests.ConnectionError(MARKER),
    lambda: requests.HTTPError(MARKER, request=requests.Request("POST", f"https://x/?{MARKER}")),
    lambda: ServiceUnavailable(MARKER),
    lambda: RefreshError(MARKER, {"error_description": MARKER}),
    lambda: OAuth2Error(MARKER, uri=f"https://x/?{MARKER}"),
    lambda: JoseError(MARKER),
    lambda: BadRequest(MARKER),
    lambda: RequestEntityTooLarge(MARKER),
    lambda: ExceptionGroup(MARKER, [ValueError(MARKER)]),
)
OURS: Final = tuple(
    kind
    for kind in (getattr(errors, name) for name in errors.__all__)
    if issubclass(kind, MultiUserOAuthError)
)


def ours(kind: type[MultiUserOAuthError]) -> MultiUserOAuthError:
    """Return an error of ours; what is written for the caller holds no marker, all else does."""
    text = "written for the caller" if issubclass(kind, RequestError) else MARKER
    if kind is errors.MethodNotAllowedError:
        error: MultiUserOAuthError = errors.MethodNotAllowedError(("GET",))
    elif issubclass(kind, errors.NeedsSignInError | errors.GrantRefusedError):
        error = kind(text, reason="our_word")
    else:
        error = kind(text)
    error.__cause__ = ValueError(MARKER)
    error.add_note(MARKER)
    return error


RAISED: Final = (*STRANGERS, *((lambda kind=kind: ours(kind)) for kind in OURS))


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What is logged, as it is written in production."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    logger = logging.getLogger("multi_user_oauth")
    logger.addHandler(handler)
    yield stream
    logger.removeHandler(handler)


def raising(built: Endpoint, name: str, current: list[Callable[[], Exception]]) -> Endpoint:
    """Return the function as it was built, with its own error page, but for what its handlers do."""

    def handler(_: Request, **__: str) -> Response:
        make = current[0]
        raise make()

    return Endpoint(
        name,
        [replace(route, handler=handler) for route in built.routes],
        host=ORIGIN.partition("://")[2],
        now=built._now,  # noqa: SLF001  # reason: the function's own parts
        draw=built._draw,  # noqa: SLF001  # reason: the function's own parts
        error_page=built._error_page,  # noqa: SLF001  # reason: the function's own parts
    )


def place(route: Route) -> str:
    """Return an address of the route, with the marker wherever it can stand."""
    return route.paths[0].replace("{", MARKER).replace("}", "")


@pytest.mark.parametrize("name", BUILT)
def test_no_error_in_any_handler_shows_its_text(
    untouched: Installation, log: io.StringIO, name: str
) -> None:
    """N58: every error of ours and of libraries, in every route, for programs and browsers."""
    current: list[Callable[[], Exception]] = [RuntimeError]
    endpoint = raising(untouched.endpoint(name), name, current)
    client = Client(flask_app(endpoint))
    asked = 0
    for route in endpoint.routes:
        for raised in RAISED:
            current[0] = raised
            for accept in ("application/json", "text/html"):
                answer = client.open(
                    place(route) + f"?q={MARKER}",
                    method=route.methods[0],
                    base_url=ORIGIN,
                    headers={"Accept": accept, "Authorization": f"Bearer {MARKER}"},
                )
                check_rules(answer)
                assert answer.status_code >= 400
                assert MARKER not in answer.text
                assert MARKER not in str(answer.headers)
                assert len(answer.headers["X-Request-Id"]) == 16
                asked += 1
    assert asked == 2 * len(RAISED) * len(endpoint.routes) > 0
    assert MARKER not in log.getvalue()
    told = [json.loads(line) for line in log.getvalue().splitlines()]
    assert len([line for line in told if line["message"] == "request"]) == asked
