"""The Google calendar, as www.googleapis.com serves it."""

import base64
from datetime import UTC, datetime
from typing import Final

import msgspec
from flask import Blueprint, Response, jsonify, make_response, request

from ..company import Account
from ..scopes import GOOGLE
from ..state import State
from .calendar_events import Event, Occurrence, blank, find, whole
from .calendar_google import (
    GoogleRefusedError,
    asked_for,
    google_caller,
    google_page,
    google_part,
    zone_asked,
)
from .calendar_google_draft import EventDraft
from .calendar_google_shape import as_calendar, as_google

WRITE: Final = (
    f"{GOOGLE}calendar.events",
    f"{GOOGLE}calendar.events.owned",
    f"{GOOGLE}calendar",
)
READ: Final = (
    f"{GOOGLE}calendar.events.readonly",
    f"{GOOGLE}calendar.events.owned.readonly",
    f"{GOOGLE}calendar.readonly",
    *WRITE,
)
LIST: Final = (
    f"{GOOGLE}calendar.calendarlist.readonly",
    f"{GOOGLE}calendar.calendarlist",
    f"{GOOGLE}calendar.readonly",
    f"{GOOGLE}calendar",
)
SEND_UPDATES: Final = ("all", "externalOnly", "none")


class _Routes:
    """The views, over one state."""

    def __init__(self, state: State) -> None:
        self._state = state

    def events(self, calendar_id: str) -> Response:
        account = google_caller(self._state, READ, calendar_id)
        zone = zone_asked()
        rows, more = google_page(asked_for(self._mine(account)))
        answer = {
            "kind": "calendar#events",
            "etag": '"1"',
            "summary": account.email,
            "description": "",
            "updated": f"{datetime.fromtimestamp(self._state.now(), UTC):%Y-%m-%dT%H:%M:%S}.000Z",
            "timeZone": request.args.get("timeZone", "UTC"),
            "accessRole": "owner",
            "defaultReminders": [{"method": "popup", "minutes": 10}],
        }
        return jsonify(answer | more | {"items": [as_google(o, account, zone) for o in rows]})

    def event(self, calendar_id: str, event_id: str) -> Response:
        account = google_caller(self._state, READ, calendar_id)
        return jsonify(as_google(self._found(account, event_id), account, zone_asked()))

    def insert(self, calendar_id: str) -> Response:
        account = google_caller(self._state, WRITE, calendar_id)
        _check_send_updates()
        try:
            draft = msgspec.json.decode(request.get_data(), type=EventDraft)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise GoogleRefusedError(400, "Parse Error", "parseError") from None
        new = blank("google", account, name=self._new_id(), now=self._state.now())
        event = draft.filled_in(new)
        if self._taken(account, event.id):  # also by one that was deleted
            text = "The requested identifier already exists."
            raise GoogleRefusedError(409, text, "duplicate")
        invited = [a for g in event.guests if (a := self._state.account(g.address))]
        others = [guest for guest in invited if guest.id != account.id]
        copies = {
            guest.id: self._new_id() if self._taken(guest, event.id) else event.id
            for guest in others
        }
        self._state.office.calendars.add(event, copies)
        return jsonify(as_google(whole(event), account, None))

    def delete(self, calendar_id: str, event_id: str) -> Response:
        account = google_caller(self._state, WRITE, calendar_id)
        _check_send_updates()
        found = self._found(account, event_id)
        if found.event.cancelled:
            raise GoogleRefusedError(410, "Resource has been deleted", "deleted")
        self._state.office.calendars.remove(found, account)
        return make_response(b"", 204)

    def calendar_list(self) -> Response:
        account = google_caller(self._state, LIST, "primary")
        entry = as_calendar(account)
        return jsonify(kind="calendar#calendarList", etag='"1"', items=[entry])

    def _mine(self, account: Account) -> list[Event]:
        return self._state.office.calendars.of("google", account, self._state.now())

    def _found(self, account: Account, event_id: str) -> Occurrence:
        found = find(self._mine(account), event_id)
        if found is None:
            raise GoogleRefusedError(404, "Not Found", "notFound")
        return found

    def _taken(self, account: Account, name: str) -> bool:
        return any(event.id == name for event in self._mine(account))

    def _new_id(self) -> str:
        return base64.b32hexencode(self._state.draw(16)).decode().rstrip("=").lower()


def _check_send_updates() -> None:
    if request.args.get("sendUpdates", "none") not in SEND_UPDATES:
        raise GoogleRefusedError(400, "Invalid value for: sendUpdates", "invalidParameter")


def google_calendar_blueprint(state: State) -> Blueprint:
    """Give the routes."""
    routes = _Routes(state)
    blueprint = google_part("google_calendar", "/www.googleapis.com/calendar/v3")
    add = blueprint.add_url_rule
    events = "/calendars/<calendar_id>/events"
    add(events, view_func=routes.events)
    add(events, "insert", routes.insert, methods=["POST"])
    add(f"{events}/<event_id>", view_func=routes.event)
    add(f"{events}/<event_id>", "delete", routes.delete, methods=["DELETE"])
    add("/users/me/calendarList", view_func=routes.calendar_list)
    return blueprint
