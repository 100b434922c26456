"""One function's routes as one plain callable: matching, error mapping, headers, one log line."""

import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from flask import Request, Response
from werkzeug.exceptions import ClientDisconnected, MethodNotAllowed, NotFound
from werkzeug.routing import Map, RequestRedirect, Rule

from multi_user_oauth import log
from multi_user_oauth.errors import (
    MethodNotAllowedError,
    MultiUserOAuthError,
    NotFoundError,
)
from multi_user_oauth.http import cors
from multi_user_oauth.http.headers import CODE, hardened
from multi_user_oauth.http.problems import problem
from multi_user_oauth.http.tracing import trace_of

logger = logging.getLogger(__name__)

Handler = Callable[..., Response]
"""Takes the request and the path's placeholders; raises what is to be refused."""

ErrorPage = Callable[[Request, MultiUserOAuthError], Response]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Methods and paths (the full one first, then those under the function's bare address)."""

    methods: tuple[str, ...]
    paths: tuple[str, ...]
    handler: Handler
    browser: bool = False
    """A browser route: refuses every host but ours, answers errors with a page."""
    cors: bool = False
    """Scripts on the pages of listed origins may read the answers."""


class Endpoint:
    """A function's front: give it a request, get an answer, whatever happens inside."""

    def __init__(
        self,
        name: str,
        routes: Iterable[Route],
        *,
        host: str,
        now: Callable[[], datetime],
        draw: Callable[[int], bytes],
        error_page: ErrorPage | None = None,
        admit: Callable[[Request], None] | None = None,
        cors_origins: frozenset[str] = frozenset(),
        trace_project: str = "",
    ) -> None:
        self._name = name
        self._host = host
        self._now = now
        self._draw = draw
        self._error_page = error_page
        self._admit = admit
        self._cors_origins = cors_origins
        self._trace_project = trace_project
        self._map = Map(
            [
                Rule(_converted(path), endpoint=route, methods=None)
                for route in routes
                for path in route.paths
            ],
            strict_slashes=False,
            merge_slashes=False,
        )
        self._paths = self._map.bind("")
        self.routes = tuple(dict.fromkeys(rule.endpoint for rule in self._map.iter_rules()))

    def __call__(self, request: Request) -> Response:
        """Answer one request; never raises. Its id, drawn here, is in the answer and in its log lines."""
        request_id = self._draw(8).hex()
        begun = log.begin(request_id, trace_of(request.environ, self._trace_project))
        try:
            response = self._answer(request)
        finally:
            log.end(begun)
        _let_go(request)
        response.headers.add("X-Request-Id", request_id)
        return response

    def _answer(self, request: Request) -> Response:
        started = self._now()
        route, arguments = self._match(request)
        try:
            response = self._dispatch(route, request, arguments)
        except MultiUserOAuthError as error:
            if error.status == HTTPStatus.INTERNAL_SERVER_ERROR:
                extra = {"function": self._name, "code": error.code}
                logger.exception("a fault of ours", extra=extra)
            response = self._refusal(route, request, error)
        except Exception:
            # The text of a stranger's exception may hold anything: only its type and place are logged.
            logger.exception("unforeseen error", extra={"function": self._name})
            response = self._refusal(route, request, MultiUserOAuthError("unforeseen"))
        if route is not None and route.cors:
            cors.share(request, response, self._cors_origins)
        code = hardened(response)
        took = self._now() - started
        logger.info(
            "request",
            extra={
                "function": self._name,
                "method": request.method if request.method.isalpha() else "?",
                "path": route.paths[0] if route else "?",
                "status": response.status_code,
                "outcome": _outcome(response.status_code),
                "duration_ms": int(took.total_seconds() * 1000),
                "code": code,
            },
        )
        return response

    def _match(self, request: Request) -> tuple[Route | None, Mapping[str, str]]:
        try:
            return self._paths.match(request.path or "/", method="GET")
        except (NotFound, MethodNotAllowed, RequestRedirect):
            return None, {}

    def _dispatch(
        self, route: Route | None, request: Request, arguments: Mapping[str, str]
    ) -> Response:
        if route is None or (_is_browsed(route, request) and request.host != self._host):
            raise NotFoundError("no such route")
        if self._admit is not None:
            self._admit(request)
        if route.cors and cors.is_preflight(request, self._cors_origins):
            return cors.preflight(route.methods)
        if request.method not in route.methods:
            raise MethodNotAllowedError(route.methods)
        return route.handler(request, **arguments)

    def _refusal(
        self, route: Route | None, request: Request, error: MultiUserOAuthError
    ) -> Response:
        wants_page = (
            route is not None
            and _is_browsed(route, request)
            and "json" not in request.headers.get("Accept", "")
        )
        if wants_page and self._error_page is not None:
            response = self._error_page(request, error)
        else:
            response = problem(error)
        response.headers[CODE] = error.code
        if isinstance(error, MethodNotAllowedError):
            response.headers["Allow"] = ", ".join(error.allowed)
        return response


def _let_go(request: Request) -> None:
    """Let what is left of the body go by: the framework would read it into its memory, whole."""
    with suppress(ClientDisconnected):
        while request.stream.read(64 * 1024):
            pass


def _outcome(status: int) -> str:
    if status < HTTPStatus.BAD_REQUEST:
        return "ok"
    return "refused" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "failed"


def _is_browsed(route: Route, request: Request) -> bool:
    # A browser's form can not say JSON: that is an API call, which any of our addresses may serve.
    return route.browser and request.mimetype != "application/json"


def _converted(path: str) -> str:
    # {name} is one segment; {path} is all the rest.
    return path.replace("{path}", "<path:path>").replace("{", "<").replace("}", ">")
