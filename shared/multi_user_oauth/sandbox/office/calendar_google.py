"""What the Google calendar's routes stand on: callers, queries, pages, refusals."""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Any, Final, TypeVar

from flask import Blueprint, Response, request

from ..apis import bearer, google_error
from ..company import Account
from ..state import State
from .calendar_events import Event, Occurrence, occurrences, whole
from .calendar_times import has_offset, moment, zone_named

USUAL: Final = 250
MOST: Final = 2500
Item = TypeVar("Item")


class GoogleRefusedError(Exception):
    """Ends a request with an error as Google writes it."""

    def __init__(
        self, status: int, message: str, reason: str = "", scopes: Sequence[str] = ()
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.reason = reason
        self.scopes = scopes
        """Any of which would have done."""


def google_part(name: str, prefix: str) -> Blueprint:
    """Give an empty blueprint that answers refusals as Google does."""
    blueprint = Blueprint(name, __name__, url_prefix=prefix)

    def refuse(error: GoogleRefusedError) -> Response:
        wanted = error.scopes
        return google_error(error.status, error.message, error.reason, scope_insufficient=wanted)

    blueprint.register_error_handler(GoogleRefusedError, refuse)
    return blueprint


def google_caller(state: State, scopes: Sequence[str], calendar_id: str) -> Account:
    """Give whose token it is. Raises GoogleRefusedError, also for somebody else's calendar."""
    token = bearer(state, "google")
    account = state.account(token.account) if token else None
    if token is None or account is None:
        raise GoogleRefusedError(401, "Request had invalid authentication credentials.")
    if not set(scopes) & set(token.scope.split()):
        text = "Request had insufficient authentication scopes."
        raise GoogleRefusedError(403, text, "insufficientPermissions", scopes)
    if calendar_id not in ("primary", account.email):
        raise GoogleRefusedError(404, "Not Found", "notFound")
    return account


def asked_for(events: list[Event]) -> list[Occurrence]:
    """Give what the query asks for: timeMin, timeMax, q, singleEvents, orderBy, showDeleted."""
    after, before = _bound("timeMin"), _bound("timeMax")
    if after and before and before <= after:
        raise _invalid("The specified time range is empty.", "timeRangeEmpty")
    single, order = flag("singleEvents"), request.args.get("orderBy", "")
    if order not in ("", "startTime", "updated"):
        raise _invalid("Invalid value for: Invalid ordering.")
    if order == "startTime" and not single:
        text = "The requested ordering is not available for the particular query."
        raise _invalid(text, "badRequest")
    words = request.args.get("q", "").casefold().split()
    wanted = [e for e in events if flag("showDeleted") or not e.cancelled]
    wanted = [e for e in wanted if all(word in _searched(e) for word in words)]
    if single:
        found = [o for event in wanted for o in occurrences(event, after, before)]
    else:
        found = [whole(e) for e in wanted if next(occurrences(e, after, before), None)]
    return sorted(found, key=lambda o: o.begin) if order == "startTime" else found


def google_page(items: Sequence[Item]) -> tuple[Sequence[Item], dict[str, Any]]:
    """Give the items of the page that is asked for, and `nextPageToken` if more follow."""
    most = request.args.get("maxResults", str(USUAL))
    if not most.isascii() or not most.isdecimal() or not 0 < int(most[:9]) <= MOST:
        raise _invalid(f"Invalid value for maxResults: must be between 1 and {MOST}.")
    skip = _skip(request.args.get("pageToken", ""))
    end = skip + int(most)
    token = base64.urlsafe_b64encode(f"skip {end}".encode()).decode()
    return items[skip:end], {"nextPageToken": token} if end < len(items) else {}


def zone_asked() -> tzinfo | None:
    """Give the zone in which to answer, None where each event keeps its own."""
    name = request.args.get("timeZone")
    if name is None:
        return None
    zone = zone_named(name)
    if zone is None:
        raise _invalid("Invalid time zone.")
    return zone


def flag(name: str) -> bool:
    """Give a yes or no of the query."""
    value = request.args.get(name, "false")
    if value not in ("true", "false"):
        raise _invalid(f"Invalid boolean value for {name}.")
    return value == "true"


def _bound(name: str) -> datetime | None:
    text = request.args.get(name)
    if text is None:
        return None
    at = moment(text) if has_offset(text) else None
    if at is None:
        raise _invalid("Bad Request", "badRequest")
    return at


def _searched(event: Event) -> str:
    people = [text for guest in event.guests for text in (guest.name, guest.address)]
    return " ".join([event.subject, event.body, event.location, *people]).casefold()


def _skip(token: str) -> int:
    if not token:
        return 0
    try:
        word, _, number = base64.urlsafe_b64decode(token).decode().partition(" ")
    except (binascii.Error, ValueError):
        word, number = "", ""
    if word != "skip" or not number.isdecimal():
        raise _invalid("Invalid page token value.")
    return int(number[:9])


def _invalid(message: str, reason: str = "invalid") -> GoogleRefusedError:
    return GoogleRefusedError(400, message, reason)
