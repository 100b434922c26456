"""The routes of `web`: the first page, the page to connect, and their assets."""

import mimetypes
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from flask import Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from multi_user_oauth.errors import NotFoundError
from multi_user_oauth.http.endpoint import Route
from multi_user_oauth.http.headers import FOR_FORMS
from multi_user_oauth.http.paths import AUTHORIZE, CONNECT, SESSION_COOKIE
from multi_user_oauth.http.reading import arguments
from multi_user_oauth.model import ConnectorType, ConnectorTypes, Provider

INTENTS: Final = frozenset({"connect", "sign_in", "step_up"})
_KEPT_BY_BROWSERS: Final = "public, max-age=300"


class WebRoutes:
    """Needs no database, no key and no session: the pages ask the API, as everybody does."""

    def __init__(
        self, *, folder: Path, connector_types: ConnectorTypes, form_targets: Iterable[str]
    ) -> None:
        self._assets = (folder / "assets").resolve()
        self._environment = Environment(
            loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined
        )
        self._connector_types = connector_types
        targets = " ".join(("'self'", *sorted(form_targets)))
        self._policy = (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
            "connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
            f"form-action {targets}"
        )

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        return (
            Route(methods=("GET",), paths=("/",), handler=self.page, browser=True),
            Route(methods=("GET",), paths=(CONNECT,), handler=self.page, browser=True),
            # Not /static: what Flask's application around us, the platform's, would answer itself.
            Route(methods=("GET",), paths=("/assets/{path}",), handler=self.asset),
        )

    def page(self, request: Request) -> Response:
        """Answer the page; what the query names is filled in, never acted on."""
        said = arguments(request)
        text = self._environment.get_template("index.html").render(
            action=AUTHORIZE,
            connector_types=self._offered(request),
            titles={
                name: {"title": connector_type.title, "provider": connector_type.provider}
                for name, connector_type in self._connector_types.items()
            },
            # A hint that spares the page a question: what the cookie is worth, the API knows.
            has_session=SESSION_COOKIE in request.cookies,
            user_email=said.get("user_email", "")[:254],
            # Which scopes may be asked for, authorize decides.
            scopes=said.get("scopes", "")[:1000],
            intent=intent if (intent := said.get("intent")) in INTENTS else "connect",
        )
        response = Response(text, content_type="text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = self._policy
        response.headers["Referrer-Policy"] = FOR_FORMS
        return response

    def _offered(self, request: Request) -> list[ConnectorType]:
        said = arguments(request)
        asked = self._connector_types.get(said.get("connector_type", ""))
        if said.get("intent") == "step_up":  # Google proves nothing more
            return [t for t in self._connector_types.values() if t.provider is Provider.MICROSOFT]
        # At the end of a sign-in the first page is told what it was for: no wish for that alone.
        if asked is not None and request.path == CONNECT:
            return [asked]
        return list(self._connector_types.values())

    def asset(self, _: Request, path: str) -> Response:
        """Answer a file of that folder, and of no other."""
        file = self._assets / path
        try:
            file = file.resolve()
            found = file.is_relative_to(self._assets) and file.is_file()
        except (OSError, ValueError):  # no file can have this name
            found = False
        if not found:
            raise NotFoundError("no such file")
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        response = Response(file.read_bytes(), content_type=kind)
        response.headers["Cache-Control"] = _KEPT_BY_BROWSERS
        return response
