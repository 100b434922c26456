"""The routes of `web`: the pages that people see, and their assets."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from flask import Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from multi_user_oauth.errors import NotFoundError
from multi_user_oauth.http.endpoint import Route
from multi_user_oauth.http.gzipped import text_response
from multi_user_oauth.http.headers import FOR_FORMS
from multi_user_oauth.http.paths import ACCOUNT_PAGE, AUTHORIZE, CONNECT, SESSION_COOKIE
from multi_user_oauth.http.reading import arguments
from multi_user_oauth.http.texts import permissions
from multi_user_oauth.model import ConnectorType, ConnectorTypes, Provider

INTENTS: Final = frozenset({"connect", "sign_in", "step_up"})
ADMIN_PAGE: Final = "/admin"
_ENDS: Final = frozenset({"/", ACCOUNT_PAGE, ADMIN_PAGE})
"""Our pages on which a sign-in may end."""
_LONGEST_END: Final = 1024  # as authorize has it
_KEPT_BY_BROWSERS: Final = "public, max-age=300"
_TEXTS: Final = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".md": "text/plain",
    ".svg": "image/svg+xml",
}
"""What assets are; a system's own table may know older names."""


class WebRoutes:
    """Needs no database, no key and no session: the pages ask the API, as everybody does."""

    def __init__(
        self, *, folder: Path, connector_types: ConnectorTypes, form_targets: Iterable[str]
    ) -> None:
        self._assets = (folder / "assets").resolve()
        self._public = folder / "public"
        self._environment = Environment(
            loader=FileSystemLoader(folder),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._connector_types = connector_types
        targets = " ".join(("'self'", *sorted(form_targets)))
        # data: for the small pictures in Pico's style sheet: ticks, arrows, the turning wheel.
        self._policy = (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
            "connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
            f"form-action {targets}"
        )

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        return (
            Route(methods=("GET",), paths=("/",), handler=self.page, browser=True),
            Route(methods=("GET",), paths=(CONNECT,), handler=self.page, browser=True),
            Route(methods=("GET",), paths=(ACCOUNT_PAGE,), handler=self.account, browser=True),
            Route(methods=("GET",), paths=(ADMIN_PAGE,), handler=self.admin, browser=True),
            # Not /static: what Flask's application around us, the platform's, would answer itself.
            Route(methods=("GET",), paths=("/assets/{path}",), handler=self.asset),
            Route(methods=("GET",), paths=("/connect.js",), handler=self.script),
            Route(methods=("GET",), paths=("/connect.d.ts",), handler=self.types),
        )

    def page(self, request: Request) -> Response:
        """Answer the page to sign in and connect; what the query names is filled in, never acted on."""
        said = arguments(request)
        asked = said.get("intent")
        offered = self._offered(request)
        scopes = said.get("scopes", "")[:1000]
        return self._render(
            request,
            "index.html",
            offered=offered,
            consents={each.name: _consent(each, scopes.split()) for each in offered},
            # Which scopes may be asked for, authorize decides.
            scopes=scopes,
            intent=asked if asked in INTENTS else "connect",
            return_to=_end(said.get("return_to", "")),
        )

    def account(self, request: Request) -> Response:
        """Answer a person's own page; whose it is, the script asks the API."""
        return self._render(
            request,
            "account.html",
            offered=self._live(),
            scopes="",
            intent="sign_in",
            return_to=ACCOUNT_PAGE,
        )

    def admin(self, request: Request) -> Response:
        """Answer the administrators' page; who is one, the API knows."""
        return self._render(
            request,
            "admin.html",
            offered=self._live(),
            scopes="",
            intent="sign_in",
            return_to=ADMIN_PAGE,
        )

    def _render(self, request: Request, template: str, **values: object) -> Response:
        text = self._environment.get_template(template).render(
            action=AUTHORIZE,
            titles={
                name: {"title": each.title, "provider": each.provider, "retired": each.retired}
                for name, each in self._connector_types.items()
            },
            # A hint that spares the page a question: what the cookie is worth, the API knows.
            has_session=SESSION_COOKIE in request.cookies,
            user_email=arguments(request).get("user_email", "")[:254],
            **values,
        )
        response = text_response(request, text.encode(), "text/html")
        response.headers["Content-Security-Policy"] = self._policy
        response.headers["Referrer-Policy"] = FOR_FORMS
        return response

    def _live(self) -> list[ConnectorType]:
        return [each for each in self._connector_types.values() if not each.retired]

    def _offered(self, request: Request) -> list[ConnectorType]:
        said = arguments(request)
        live = self._live()
        if said.get("intent") == "step_up":  # Google proves nothing more
            return [each for each in live if each.provider is Provider.MICROSOFT]
        # The first page offers everything, whatever its address says.
        named = said.get("connector_type") if request.path == CONNECT else None
        return [each for each in live if each.name == named] or live

    def script(self, request: Request) -> Response:
        """Answer the script that other origins' pages load; it holds nothing but code."""
        return self._for_everybody(request, "connect.js", "text/javascript")

    def types(self, request: Request) -> Response:
        """Answer that script's types, for TypeScript."""
        return self._for_everybody(request, "connect.d.ts", "text/plain")

    def _for_everybody(self, request: Request, name: str, kind: str) -> Response:
        response = text_response(request, (self._public / name).read_bytes(), kind, keep=True)
        response.headers["Cache-Control"] = _KEPT_BY_BROWSERS
        # A module of another origin is loaded by CORS, and only where the policy lets it.
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response

    def asset(self, request: Request, path: str) -> Response:
        """Answer a file of that folder, and of no other."""
        file = self._assets / path
        try:
            file = file.resolve()
            found = file.is_relative_to(self._assets) and file.is_file()
        except (OSError, ValueError):  # no file can have this name
            found = False
        if not found:
            raise NotFoundError("no such file")
        if kind := _TEXTS.get(file.suffix):
            response = text_response(request, file.read_bytes(), kind, keep=True)
        else:
            response = Response(file.read_bytes(), content_type="application/octet-stream")
        response.headers["Cache-Control"] = _KEPT_BY_BROWSERS
        return response


def _end(text: str) -> str:
    # Authorize judges it once more, as whoever sends a form of their own can write what they like.
    path = text.partition("#")[0].partition("?")[0]
    ours = len(text) <= _LONGEST_END and path in _ENDS
    return text if ours else ACCOUNT_PAGE


def _consent(kind: ConnectorType, extra: list[str]) -> dict[str, list[str]]:
    """Return, in plain words, what is asked for by all means and what may be declined."""
    known = {scope.lower() for scope in kind.allowed_scopes}
    more = (scope for scope in extra if scope.lower() in known)
    required = permissions(kind.required_scopes)
    optional = permissions((*kind.optional_scopes, *more))
    return {"required": required, "optional": [each for each in optional if each not in required]}
