"""Reading a request strictly: what is unknown, double or too large is refused by name."""

import json
import re
from collections.abc import Collection
from datetime import timedelta
from typing import Any, Final, Never, TypeVar
from urllib.parse import parse_qsl

import msgspec
from flask import Request, Response
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import ClientDisconnected

from multi_user_oauth.errors import (
    BodyTooLargeError,
    DuplicateParameterError,
    ForbiddenFieldError,
    NotJsonError,
    RequestError,
    UnknownFieldError,
)

T = TypeVar("T")
LONGEST_BODY: Final = 64 * 1024
LONGEST_VALUE: Final = 8192
MOST_FIELDS: Final = 100
OURS_ALONE: Final = frozenset({"client_id", "client_secret", "tenant_id"})
_FIELD: Final = re.compile(r"`\$\.([A-Za-z_]\w*)|field `([^`]*)`")


def query(request: Request, known: Collection[str] | None) -> dict[str, str]:
    """
    Return the query parameters.

    Raise `DuplicateParameterError`, and `UnknownFieldError` for a name that is not in `known`; None
    admits every name, for what a provider adds to its answers.
    """
    found: dict[str, str] = {}
    if not request.query_string:
        return found  # most calls; an empty one takes its time to be parsed too
    for name, value in arguments(request).items(multi=True):
        _require_new(found, name)
        if known is not None and name not in known:
            raise UnknownFieldError("unknown query parameter", field=_shown(name))
        if len(value) > LONGEST_VALUE:
            raise RequestError("query parameter is too long", field=_shown(name))
        found[name] = value
    return found


def arguments(request: Request) -> MultiDict[str, str]:
    """Return the query's parameters; raise `RequestError` for bytes that are no text (RFC 3986, 2)."""
    try:
        return request.args
    except UnicodeDecodeError:
        raise RequestError("the query is no text") from None


def form(request: Request, known: Collection[str]) -> dict[str, str]:
    """Return the fields of a form; raise as `query` does, or `BodyTooLargeError`."""
    text = body_of(request).decode("utf-8", "replace")
    try:
        fields = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise RequestError(f"the form may hold {MOST_FIELDS} fields") from None
    found: dict[str, str] = {}
    for name, value in fields:
        _require_new(found, name)
        if name in OURS_ALONE:
            raise _forbidden(name)
        if name not in known:
            raise UnknownFieldError("unknown field", field=_shown(name))
        found[name] = value
    return found


def json_body(
    request: Request,
    shape: type[T],
    *,
    ours_alone: Collection[str] = (),
    longest: int = LONGEST_BODY,
) -> T:
    """
    Return the JSON body as this shape; fields that only our configuration decides are refused as such.

    Raise `NotJsonError`, `BodyTooLargeError`, or a `RequestError` that names the field.
    """
    if request.mimetype != "application/json":
        raise NotJsonError("the body must be application/json")
    raw = body_of(request, longest)
    try:
        body = json.loads(raw, object_pairs_hook=_no_doubles, parse_constant=_no_constants)
        # Half a surrogate pair is no text: no store could take it.
        json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise RequestError("the body is not JSON") from None
    if not isinstance(body, dict):
        raise RequestError("the body must be a JSON object")
    for name in sorted(body.keys() & set(ours_alone)):
        raise _forbidden(name)
    return shaped(body, shape)


def has_no_body(request: Request) -> bool:
    """Return whether nothing was sent. A body that says that it is JSON has to be, the empty one too."""
    announced = request.content_length or "Transfer-Encoding" in request.headers
    return not announced and request.mimetype != "application/json"


def learned(shape: type[T]) -> type[T]:
    """
    Decorate the shape of a body: msgspec learns it now, under the lock of the import.

    At its first use the process dies (SIGSEGV, with 0.22) if two threads are first at the same time.
    """
    msgspec.json.Decoder(shape)
    return shape


def shaped(body: object, shape: type[T]) -> T:
    """Return the plain value as this shape; raise a `RequestError` that names the field."""
    try:
        return msgspec.convert(body, shape)
    except msgspec.ValidationError as invalid:
        raise _invalid(str(invalid)) from None


def seconds(text: str | None, *, field: str, highest: int) -> timedelta | None:
    """Return a whole number of seconds between 0 and `highest`, None for None."""
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(highest))):
        raise RequestError(f"{field} is a whole number of seconds", field=field)
    if int(text) > highest:
        raise RequestError(f"{field} is at most {highest} seconds", field=field)
    return timedelta(seconds=int(text))


def answer(body: object, status: int = 200) -> Response:
    """Return the body as JSON."""
    return Response(msgspec.json.encode(body), status=status, content_type="application/json")


def _require_new(found: dict[str, str], name: str) -> None:
    if name in found:
        raise DuplicateParameterError("given twice", field=_shown(name))


def body_of(request: Request, longest: int = LONGEST_BODY) -> bytes:
    """Return the body, of at most so many bytes; raise `BodyTooLargeError` or `RequestError`."""
    # Never more than we serve, whether the length is announced or the body comes in chunks.
    length = request.content_length or 0
    body = bytearray()
    try:
        while max(length, len(body)) <= longest:
            chunk = request.stream.read(longest + 1 - len(body))
            if not chunk:
                return bytes(body)
            body += chunk
    except ClientDisconnected:
        raise RequestError("the body is shorter than announced") from None
    raise BodyTooLargeError(f"the body may hold {longest} bytes")


def _forbidden(name: str) -> ForbiddenFieldError:
    return ForbiddenFieldError(
        f"{name} comes from the server's own configuration and is never taken from a request",
        field=name,
    )


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise RequestError("given twice", field=_shown(name))
        found[name] = value
    return found


def _no_constants(_: str) -> Never:
    raise ValueError


def _invalid(message: str) -> RequestError:
    match = _FIELD.search(message)
    name = next((group for group in match.groups() if group), None) if match else None
    field = _shown(name) if name else None
    if "unknown field" in message:
        return UnknownFieldError("unknown field", field=field)
    if "missing required field" in message:
        return RequestError("a required field is missing", field=field)
    return RequestError("the field has the wrong type or value", field=field)


def _shown(name: str) -> str:
    # A name is echoed only as far as it can be a name.
    return re.sub(r"[^A-Za-z0-9_.\-]", "?", name)[:64]
