"""All functions behind one address, as the load balancer does it in the cloud."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from .gateway_catalogue import Function

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

Load = Callable[[str], "WSGIApplication"]
"""From a function's name to the function as a WSGI application."""

NO_ROUTE: Final = json.dumps(
    {
        "type": "urn:multi-user-oauth:problem:not_found",
        "title": "No route has this path",
        "status": 404,
        "code": "not_found",
    }
).encode()
NO_PAGE: Final = (
    b'<!doctype html><html lang="en"><meta charset="utf-8"><title>Not here</title>'
    b'<h1>There is nothing here</h1><p><a href="/">To the first page</a></p></html>'
)
SHOWN: Final = frozenset({"connector_type", "user_email"})
"""Placeholders whose values a log line may hold; a flow's handle, for one, may not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One request that was answered. `path` holds no query, and of placeholders only `SHOWN`."""

    method: str
    path: str
    status: int


class Mount:
    """One path of the catalogue, and the function behind it."""

    def __init__(self, path: str, application: "WSGIApplication") -> None:
        self.path = path
        self.application = application
        segments = path.split("/")
        self.literals = sum(1 for segment in segments if segment and "{" not in segment)
        self._pattern = re.compile("/".join(map(_pattern, segments)) + "/?")

    def match(self, path: str) -> Mapping[str, str] | None:
        """Return the placeholders' values, None where the path is another."""
        found = self._pattern.fullmatch(path)
        return None if found is None else found.groupdict()


class Gateway:
    """A WSGI application. Of two paths that fit, the one with more literal segments wins."""

    def __init__(
        self,
        functions: Iterable[Function],
        load: Load,
        *,
        answered: Callable[[Answered], None] | None = None,
    ) -> None:
        """`answered` is told of each answer. Raise what `load` raises: every function starts now."""
        mounts = []
        for function in functions:
            application = load(function.name)
            mounts += [Mount(route.path, application) for route in function.routes]
        self._mounts = sorted(mounts, key=lambda mount: -mount.literals)
        self._answered = answered

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        # PEP 3333: the path comes as latin-1, whatever its bytes mean.
        path = environ.get("PATH_INFO", "/").encode("latin-1").decode("utf-8", "replace")
        for mount in self._mounts:
            values = mount.match(path)
            if values is not None:
                told = self._telling(environ, start_response, _shown(mount.path, values))
                return mount.application(environ, told)
        return _nowhere(environ, self._telling(environ, start_response, "(no such path)"))

    def _telling(
        self, environ: "WSGIEnvironment", start_response: "StartResponse", path: str
    ) -> "StartResponse":
        tell = self._answered
        if tell is None:
            return start_response
        method = environ["REQUEST_METHOD"]

        def start(
            status: str,
            headers: list[tuple[str, str]],
            exc_info: _ExcInfo | None = None,
            /,
        ) -> Callable[[bytes], object]:
            known = method if method.isascii() and method.isalpha() else "?"
            tell(Answered(method=known, path=path, status=int(status[:3])))
            return start_response(status, headers, exc_info)

        return start


_ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]


def functions_framework(folder: Path) -> Load:
    """Return what loads `folder`/<name>/main.py as Google's platform does; it reads the environment."""
    from functions_framework import create_app  # noqa: PLC0415  # reason: half a second to import

    def load(name: str) -> "WSGIApplication":
        source = str(folder / name / "main.py")
        application: WSGIApplication = create_app(  # type: ignore[no-untyped-call]  # reason: it has no types
            target="main", source=source
        )
        return application

    return load


def _pattern(segment: str) -> str:
    if segment == "{path}":
        return "(?P<path>.+)"
    pieces = re.split(r"\{(\w+)\}", segment)
    # Literals and names take turns.
    return "".join(
        f"(?P<{piece}>[^/]+)" if number % 2 else re.escape(piece)
        for number, piece in enumerate(pieces)
    )


def _shown(path: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        if name in SHOWN:
            path = path.replace(f"{{{name}}}", quote(value, safe="@+"))
    return path


def _nowhere(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    browser = "text/html" in environ.get("HTTP_ACCEPT", "")
    body = NO_PAGE if browser else NO_ROUTE
    headers = [
        ("Content-Type", "text/html; charset=utf-8" if browser else "application/problem+json"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
        ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
        ("Referrer-Policy", "no-referrer"),
        ("X-Content-Type-Options", "nosniff"),
    ]
    start_response("404 Not Found", headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
