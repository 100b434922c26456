"""Which other origins' scripts may read an answer (Fetch standard, CORS protocol); never with cookies."""

from collections.abc import Iterable
from typing import Final

from flask import Request, Response

_KEPT_BY_BROWSERS: Final = "600"  # seconds


def is_preflight(request: Request, origins: frozenset[str]) -> bool:
    """Return whether a listed origin's browser asks what it may send."""
    return (
        request.method == "OPTIONS"
        and "Access-Control-Request-Method" in request.headers
        and request.headers.get("Origin") in origins
    )


def preflight(methods: Iterable[str]) -> Response:
    """Return what it may send: these methods, JSON, and nothing that proves a caller."""
    response = Response(status=204)
    response.headers["Access-Control-Allow-Methods"] = ", ".join(methods)
    response.headers["Access-Control-Allow-Headers"] = "Content-Type"
    response.headers["Access-Control-Max-Age"] = _KEPT_BY_BROWSERS
    return response


def share(request: Request, response: Response, origins: frozenset[str]) -> None:
    """Let a listed origin read this answer."""
    if not origins:
        return
    response.headers.add("Vary", "Origin")
    origin = request.headers.get("Origin")
    if origin in origins:
        response.headers["Access-Control-Allow-Origin"] = str(origin)
