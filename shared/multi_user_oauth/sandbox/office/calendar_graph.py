"""What the calendar and Teams have in common at Microsoft Graph: callers, pages, refusals."""

import base64
import binascii
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlencode

import msgspec
from flask import Blueprint, Response, request

from ..apis import bearer, graph_error
from ..house import Person
from ..state import State

BASE: Final = "/graph.microsoft.com/v1.0"
METADATA: Final = "https://graph.microsoft.com/v1.0/$metadata"
MOST_DIGITS: Final = 9
Shape = TypeVar("Shape")
Item = TypeVar("Item")


class GraphRefusedError(Exception):
    """Ends a request with an error as Graph writes it."""

    def __init__(self, status: int, message: str, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whose token it is, and what it allows."""

    person: Person
    scopes: frozenset[str]


def graph_part(name: str) -> Blueprint:
    """Give an empty blueprint that answers refusals as Graph does."""
    blueprint = Blueprint(name, __name__, url_prefix=BASE)

    def refuse(error: GraphRefusedError) -> Response:
        return graph_error(error.status, error.message, error.code)

    blueprint.register_error_handler(GraphRefusedError, refuse)
    return blueprint


def graph_caller(state: State, scopes: Collection[str]) -> Caller:
    """Give the caller. Raises GraphRefusedError without a live token, or without such a scope."""
    token = bearer(state, "microsoft")
    account = state.account(token.account) if token else None
    if token is None or account is None:
        raise GraphRefusedError(401, "Access token has expired or is not yet valid.")
    granted = frozenset(token.scope.split())
    if not granted & set(scopes):
        raise GraphRefusedError(403, "Access is denied. Check credentials and try again.")
    return Caller(person=Person(account=account, tenant=token.tenant), scopes=granted)


def graph_body(shape: type[Shape]) -> Shape:
    """Give the request's JSON. Raises GraphRefusedError for what is not of that shape."""
    try:
        return msgspec.json.decode(request.get_data(), type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError):
        text = "Unable to read JSON request payload."
        raise GraphRefusedError(400, text, "UnableToDeserializePostBody") from None


def only_options(*names: str) -> None:
    """Refuse the OData options that this route does not play, before anybody relies on them."""
    for name in request.args:
        if name.startswith("$") and name not in names:
            raise bad_request(f"The query option '{name}' is not supported here.")


def bad_request(message: str) -> GraphRefusedError:
    """Give the refusal of a wrong query."""
    return GraphRefusedError(HTTPStatus.BAD_REQUEST, message, "BadRequest")


def graph_page(
    items: Sequence[Item], *, usual: int, most: int
) -> tuple[Sequence[Item], dict[str, Any]]:
    """Give the items of the page that is asked for, and `@odata.nextLink` if more follow."""
    top = _number("$top", request.args.get("$top", str(usual)))
    if not 0 < top <= most:
        raise bad_request(f"Invalid page size specified: '{top}'. Must be between 1 and {most}.")
    skip = _skip(request.args.get("$skiptoken", ""))
    if skip + top >= len(items):
        return items[skip:], {}
    token = base64.urlsafe_b64encode(f"skip {skip + top}".encode()).decode()
    kept = {name: value for name, value in request.args.items() if name != "$skiptoken"}
    query = urlencode(kept | {"$skiptoken": token}, safe="$")
    link = f"https:/{quote(request.path, safe='/:@')}?{query}"
    return items[skip : skip + top], {"@odata.nextLink": link}


def _skip(token: str) -> int:
    if not token:
        return 0
    try:
        word, _, number = base64.urlsafe_b64decode(token).decode().partition(" ")
    except (binascii.Error, ValueError):
        word, number = "", ""
    if word != "skip":
        raise bad_request("Skip token is not valid.")
    return _number("$skiptoken", number)


def _number(name: str, text: str) -> int:
    if len(text) > MOST_DIGITS or not text.isascii() or not text.isdecimal():
        raise bad_request(f"The value of '{name}' must be a non-negative number.")
    return int(text)
