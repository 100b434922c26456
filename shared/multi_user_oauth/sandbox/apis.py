"""Bearer tokens checked for real, and API errors in each provider's shape."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

from flask import Response, make_response, request

from .records import ProviderName, Token
from .state import State

_GRAPH_CODES: Final = {
    400: "invalidRequest",
    401: "InvalidAuthenticationToken",
    403: "ErrorAccessDenied",
    404: "itemNotFound",
    409: "nameAlreadyExists",
    412: "preconditionFailed",
    416: "invalidRange",
    429: "TooManyRequests",
    503: "serviceNotAvailable",
    504: "timeout",
    507: "quotaLimitReached",
}
_GOOGLE_CODES: Final = {
    400: ("INVALID_ARGUMENT", "badRequest"),
    401: ("UNAUTHENTICATED", "authError"),
    403: ("PERMISSION_DENIED", "insufficientPermissions"),
    404: ("NOT_FOUND", "notFound"),
    409: ("ALREADY_EXISTS", "duplicate"),
    412: ("FAILED_PRECONDITION", "conditionNotMet"),
    413: ("INVALID_ARGUMENT", "uploadTooLarge"),
    416: ("OUT_OF_RANGE", "requestedRangeNotSatisfiable"),
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
    told = request.headers.get("client-request-id", "sandbox")
    inner = {"request-id": "sandbox", "client-request-id": told}
    answer = {"error": {"code": name, "message": message, "innerError": inner}}
    response = make_response(answer, status)
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Bearer realm="", error="invalid_token"'
    return response


def google_error(
    status: int, message: str, reason: str = "", *, scope_insufficient: Sequence[str] = ()
) -> Response:
    """Give an error as Google's APIs write it; `reason` is the word in `errors`.

    `scope_insufficient` names the scopes any of which would have done: the answer then says
    ACCESS_TOKEN_SCOPE_INSUFFICIENT, in its details and in WWW-Authenticate (RFC 6750, 3.1).
    """
    name, usual = _GOOGLE_CODES.get(status, ("INTERNAL", "backendError"))
    reason = reason or usual
    domain = "usageLimits" if reason.endswith(("imitExceeded", "uotaExceeded")) else "global"
    errors: list[dict[str, Any]] = [{"domain": domain, "reason": reason, "message": message}]
    error: dict[str, Any] = {"code": status, "message": message, "errors": errors, "status": name}
    if scope_insufficient:
        kind = "type.googleapis.com/google.rpc.ErrorInfo"
        why = {"reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "domain": "googleapis.com"}
        error["details"] = [{"@type": kind, **why}]
    response = make_response({"error": error}, status)
    challenge = 'Bearer realm="https://accounts.google.com/"'
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = f'{challenge}, error="invalid_token"'
    elif scope_insufficient:
        scopes = " ".join(scope_insufficient)
        wanted = f'{challenge}, error="insufficient_scope", scope="{scopes}"'
        response.headers["WWW-Authenticate"] = wanted
    return response
