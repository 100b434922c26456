"""Bearer tokens checked for real, and API errors in each provider's shape."""

from http import HTTPStatus
from typing import Any, Final

from flask import Response, make_response, request

from .records import ProviderName, Token
from .state import State

_GRAPH_CODES: Final = {
    401: "InvalidAuthenticationToken",
    403: "ErrorAccessDenied",
    404: "itemNotFound",
    429: "TooManyRequests",
    503: "serviceNotAvailable",
    504: "timeout",
}
_GOOGLE_CODES: Final = {
    400: ("INVALID_ARGUMENT", "badRequest"),
    401: ("UNAUTHENTICATED", "authError"),
    403: ("PERMISSION_DENIED", "insufficientPermissions"),
    404: ("NOT_FOUND", "notFound"),
    429: ("RESOURCE_EXHAUSTED", "rateLimitExceeded"),
    503: ("UNAVAILABLE", "backendError"),
}


def bearer(state: State, provider: ProviderName) -> Token | None:
    """Give the live access token of this request, if it has one of this provider."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.casefold() != "bearer":
        return None
    token = state.find(value.strip(), "access")
    return token if state.alive(token) and token and token.provider == provider else None


def graph_error(status: int, message: str, code: str = "") -> Response:
    """Give an error as Microsoft Graph writes it."""
    name = code or _GRAPH_CODES.get(status, "generalException")
    inner = {"request-id": "sandbox", "client-request-id": "sandbox"}
    answer = {"error": {"code": name, "message": message, "innerError": inner}}
    response = make_response(answer, status)
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Bearer realm="", error="invalid_token"'
    return response


def google_error(status: int, message: str) -> Response:
    """Give an error as Google's APIs write it."""
    name, reason = _GOOGLE_CODES.get(status, ("INTERNAL", "backendError"))
    errors: list[dict[str, Any]] = [{"domain": "global", "reason": reason, "message": message}]
    error = {"code": status, "message": message, "errors": errors, "status": name}
    response = make_response({"error": error}, status)
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Bearer realm="https://accounts.google.com/"'
    return response
