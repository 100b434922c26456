"""Errors as application/problem+json (RFC 9457), with a stable `code`."""

from typing import Final

import msgspec
from flask import Response

from multi_user_oauth.errors import (
    ConfigurationError,
    GrantRefusedError,
    InsufficientScopeError,
    MultiUserOAuthError,
    NeedsSignInError,
    RequestError,
    RetryableError,
    UnauthenticatedError,
)
from multi_user_oauth.errors.connector import ProviderRejectedError

_SPOKEN: Final = (RequestError,)
"""Errors whose message may leave: it is written for the caller and holds the field's name only."""


def problem(error: MultiUserOAuthError, **urls: str) -> Response:
    """
    Return the answer for this error: status, code, and what the caller can act on.

    `urls` are pages that help, by their documented names, such as `reauthorize_url`.
    """
    if isinstance(error, ConfigurationError):
        error = MultiUserOAuthError()
    body: dict[str, object] = {
        "type": f"urn:multi-user-oauth:problem:{error.code}",
        "title": _documented(error).split(":", 1)[0].split(";", 1)[0].rstrip("."),
        "status": error.status,
        "detail": str(error) if isinstance(error, _SPOKEN) else _documented(error),
        "code": error.code,
    }
    if isinstance(error, RequestError) and error.field:
        body["field"] = error.field
    if isinstance(error, NeedsSignInError | GrantRefusedError | ProviderRejectedError):
        body["reason"] = error.reason
    if isinstance(error, InsufficientScopeError) and error.scopes:
        body["scope"] = error.scopes[0]
    response = Response(
        msgspec.json.encode(body | urls),
        status=error.status,
        content_type="application/problem+json",
    )
    response.headers.update(headers_of(error))
    return response


def headers_of(error: MultiUserOAuthError) -> dict[str, str]:
    """Return what stands in the headers of an answer with this error, problem or page."""
    match error:
        case RetryableError():
            return {"Retry-After": str(error.retry_after)}
        case UnauthenticatedError():
            return {"WWW-Authenticate": "Bearer"}
        case InsufficientScopeError():
            scope = f', scope="{error.scopes[0]}"' if error.scopes else ""
            return {"WWW-Authenticate": f'Bearer error="insufficient_scope"{scope}'}
        case _:
            return {}


def _documented(error: MultiUserOAuthError) -> str:
    if error.code == MultiUserOAuthError.code:
        return "A fault of ours; there is no more to say here."
    # That of the class whose code it is: a subclass without one is a matter between our modules.
    documented = next(kind for kind in type(error).__mro__ if "code" in vars(kind))
    return (documented.__doc__ or "").strip().splitlines()[0].replace("`", "")
