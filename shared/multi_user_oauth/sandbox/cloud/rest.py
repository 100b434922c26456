"""The local cloud over REST: every RPC at the path, and in the JSON, that Google gives it."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.client import OK, responses
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

import grpc
from google.api_core.exceptions import from_grpc_status
from google.cloud.kms_v1.services.key_management_service.transports import rest_base as kms
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import (
    rest_base as secrets,
)
from google.protobuf.json_format import ParseError

from . import cloud_kms, secret_manager
from .admin import is_asked_here
from .desk import Desk
from .methods import Method
from .refusals import RefusedError, malformed

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

# Google's REST transports hold the paths of `google.api.http`; the messages do not.
_PATHS: Final[Mapping[str, Any]] = {
    cloud_kms.SERVICE: kms._BaseKeyManagementServiceRestTransport,  # noqa: SLF001  # reason: its paths have no public name
    secret_manager.SERVICE: secrets._BaseSecretManagerServiceRestTransport,  # noqa: SLF001  # reason: its paths have no public name
}
_VARIABLE: Final = re.compile(r"\{([a-z_.]+)=([^}]+)\}")
_INTEGERS: Final = "enum-encoding=int"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A method's path: its one variable names a field of the request, `body` another, or all (*)."""

    method: Method
    verb: str
    path: re.Pattern[str]
    variable: str
    body: str


class RestFront:
    """A WSGI application; `callers` tells by the port who asks."""

    def __init__(self, desk: Desk, callers: Mapping[str, str]) -> None:
        self._desk = desk
        self._callers = callers
        self._routes = [
            route
            for service, methods in desk.services.items()
            for method in methods
            for route in _routes(_PATHS[service], method)
        ]

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer one request."""
        try:
            status, text = int(OK), self._answer(environ)
        except RefusedError as refused:
            status = int(from_grpc_status(refused.code, "").code or 500)
            error = {"code": status, "message": refused.text, "status": refused.code.name}
            text = json.dumps({"error": error})
        body = text.encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        start_response(f"{status} {responses.get(status, 'Refused')}", headers)
        return [body]

    def _answer(self, environ: "WSGIEnvironment") -> str:
        if not is_asked_here(environ.get("HTTP_HOST", ""), environ.get("HTTP_ORIGIN")):
            raise RefusedError(grpc.StatusCode.PERMISSION_DENIED, "from this machine only")
        for route in self._routes:
            match = route.path.fullmatch(environ["PATH_INFO"])
            if match and route.verb == environ["REQUEST_METHOD"]:
                break
        else:
            raise RefusedError(grpc.StatusCode.NOT_FOUND, "no such method")
        query = dict(parse_qsl(environ.get("QUERY_STRING", "")))
        integers = _INTEGERS in query.pop("$alt", "")
        body = environ["wsgi.input"].read()
        request = _request(route, match[1], query, body)
        caller = self._callers[environ["SERVER_PORT"]]
        answer = self._desk.answer(caller, route.method, request)
        return str(
            type(answer).to_json(
                answer,
                use_integers_for_enums=integers,
                always_print_fields_with_no_presence=False,
            )
        )


def _routes(paths: Any, method: Method) -> Iterable[Route]:  # noqa: ANN401  # reason: either service's
    for rule in getattr(paths, f"_Base{method.name}")._get_http_options():  # noqa: SLF001  # reason: its paths have no public name
        before, variable, template, after = _VARIABLE.split(rule["uri"])
        resource = template.replace("**", ".+").replace("*", "[^/]+")
        yield Route(
            method=method,
            verb=rule["method"].upper(),
            path=re.compile(f"{re.escape(before)}({resource}){re.escape(after)}"),
            variable=variable,
            body=rule.get("body", ""),
        )


def _request(route: Route, named: str, query: Mapping[str, str], body: bytes) -> Any:  # noqa: ANN401  # reason: one of many messages
    try:
        content: Any = json.loads(body) if route.body else None
        fields: dict[str, Any] = {**content} if route.body == "*" else {**query}
        if route.body not in ("", "*"):
            fields[route.body] = content
        place, *inner = route.variable.split(".")
        if inner:
            fields[place] = {**fields[place], inner[0]: named}
        else:
            fields[place] = named
        return route.method.request.from_json(json.dumps(fields))
    except (ValueError, TypeError, ParseError) as error:
        text = f"the request is no {route.method.name}Request: {type(error).__name__}"
        raise malformed(text) from None
