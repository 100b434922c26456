"""The Outlook calendar, as graph.microsoft.com serves it."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from flask import Blueprint, Response, jsonify, make_response, request

from ..state import State
from .calendar_events import Event, Occurrence, blank, find, occurrences, whole
from .calendar_graph import (
    METADATA,
    Caller,
    GraphRefusedError,
    bad_request,
    graph_body,
    graph_caller,
    graph_page,
    graph_part,
    only_options,
)
from .calendar_graph_draft import EventDraft
from .calendar_graph_shape import GraphStyle, as_graph
from .calendar_times import moment, zone_named

READ: Final = ("Calendars.Read", "Calendars.ReadWrite")
READ_BASIC: Final = ("Calendars.ReadBasic", *READ)
WRITE: Final = ("Calendars.ReadWrite",)
USUAL: Final = 10
MOST: Final = 1000
_PREFERENCE: Final = re.compile(r'outlook\.(timezone|body-content-type)\s*=\s*"?([^",;]+)')
_ORDERS: Final = {
    "start/dateTime": lambda o: o.begin,
    "end/dateTime": lambda o: o.end,
    "subject": lambda o: o.event.subject.casefold(),
    "createdDateTime": lambda o: o.event.created_at,
}


class _Routes:
    """The views, over one state."""

    def __init__(self, state: State) -> None:
        self._state = state

    def calendar_view(self) -> Response:
        only_options("$top", "$select", "$orderby", "$skiptoken")
        caller = graph_caller(self._state, READ_BASIC)
        after, before = self._window()
        found = [o for event in self._mine(caller) for o in occurrences(event, after, before)]
        return self._listed(caller, found, "calendarView")

    def events(self) -> Response:
        only_options("$top", "$select", "$orderby", "$skiptoken")
        caller = graph_caller(self._state, READ_BASIC)
        return self._listed(caller, [whole(event) for event in self._mine(caller)], "events")

    def event(self, event_id: str) -> Response:
        only_options("$select")
        caller = graph_caller(self._state, READ_BASIC)
        return self._one(caller, self._found(caller, event_id), 200)

    def create(self) -> Response:
        caller = graph_caller(self._state, WRITE)
        draft = graph_body(EventDraft)
        for event in self._mine(caller):
            if draft.transaction_id and event.transaction_id == draft.transaction_id:
                return self._one(caller, whole(event), 201)
        uid = f"040000008200E00074C5B7101A82E008{self._state.draw(16).hex().upper()}"
        account, now = caller.person.account, self._state.now()
        new = blank("microsoft", account, name=self._new_id(), uid=uid, now=now)
        event = draft.filled_in(new)
        invited = {a.id for g in event.guests if (a := self._state.account(g.address))}
        copies = {name: self._new_id() for name in sorted(invited - {event.owner})}
        self._state.office.calendars.add(event, copies)
        return self._one(caller, whole(event), 201)

    def delete(self, event_id: str) -> Response:
        caller = graph_caller(self._state, WRITE)
        found = self._found(caller, event_id)
        self._state.office.calendars.remove(found, caller.person.account)
        return make_response(b"", 204)

    def _mine(self, caller: Caller) -> list[Event]:
        account = caller.person.account
        events = self._state.office.calendars.of("microsoft", account, self._state.now())
        return [event for event in events if not event.cancelled]

    def _found(self, caller: Caller, event_id: str) -> Occurrence:
        found = find(self._mine(caller), event_id)
        if found is None:
            text = "The specified object was not found in the store."
            raise GraphRefusedError(404, text, "ErrorItemNotFound")
        return found

    def _window(self) -> tuple[datetime, datetime]:
        after = moment(request.args.get("startDateTime", ""))
        before = moment(request.args.get("endDateTime", ""))
        if after is None or before is None or before < after:
            text = "This request requires a time window specified by the query string parameters"
            text += " StartDateTime and EndDateTime."
            raise GraphRefusedError(400, text, "ErrorInvalidParameter")
        return after, before

    def _new_id(self) -> str:
        return f"AAMk{self._state.random_text(45)}"

    def _listed(self, caller: Caller, found: list[Occurrence], name: str) -> Response:
        style = _style(caller)
        field, _, direction = request.args.get("$orderby", "start/dateTime").partition(" ")
        if field not in _ORDERS or direction.strip() not in ("", "asc", "desc"):
            raise bad_request("The query option '$orderby' is not supported for that property.")
        found.sort(key=_ORDERS[field], reverse=direction.strip() == "desc")
        rows, more = graph_page(found, usual=USUAL, most=MOST)
        value = [_selected(as_graph(row, caller.person.account, style)) for row in rows]
        oid = caller.person.account.oid(caller.person.tenant)
        context = {"@odata.context": f"{METADATA}#users('{oid}')/{name}"}
        return _preferred(jsonify(context | {"value": value} | more), style)

    def _one(self, caller: Caller, found: Occurrence, status: int) -> Response:
        style = _style(caller)
        account = caller.person.account
        context = f"{METADATA}#users('{account.oid(caller.person.tenant)}')/events/$entity"
        answer = {"@odata.context": context} | _selected(as_graph(found, account, style))
        return _preferred(make_response(jsonify(answer), status), style)


def _style(caller: Caller) -> GraphStyle:
    asked = dict(_PREFERENCE.findall(", ".join(request.headers.getlist("Prefer"))))
    name = asked.get("timezone", "UTC")
    zone = zone_named(name)
    if zone is None:
        text = "A valid TimeZone value must be specified. The following TimeZone value is not"
        raise GraphRefusedError(
            400, f"{text} supported: '{name}'.", "TimeZoneNotSupportedException"
        )
    return GraphStyle(
        zone=zone,
        zone_name=name,
        body_type="text" if asked.get("body-content-type") == "text" else "html",
        basic=not caller.scopes & set(READ),
    )


def _preferred(response: Response, style: GraphStyle) -> Response:
    sent = ", ".join(request.headers.getlist("Prefer"))
    applied = []
    if "outlook.timezone" in sent:
        applied.append(f'outlook.timezone="{style.zone_name}"')
    if "outlook.body-content-type" in sent:
        applied.append(f'outlook.body-content-type="{style.body_type}"')
    if applied:
        response.headers["Preference-Applied"] = ", ".join(applied)
    return response


def _selected(event: dict[str, Any]) -> dict[str, Any]:
    wanted: Sequence[str] = [n.strip() for n in request.args.get("$select", "").split(",") if n]
    unknown = [name for name in wanted if name not in event and name not in ("body", "bodyPreview")]
    if unknown:
        text = f"Could not find a property named '{unknown[0]}' on type 'microsoft.graph.event'."
        raise GraphRefusedError(400, text, "RequestBroker--ParseUri")
    always = ("@odata.etag", "id")
    return {n: v for n, v in event.items() if not wanted or n in wanted or n in always}


def graph_calendar_blueprint(state: State) -> Blueprint:
    """Give the routes."""
    routes = _Routes(state)
    blueprint = graph_part("graph_calendar")
    add = blueprint.add_url_rule
    add("/me/calendarView", view_func=routes.calendar_view)
    add("/me/events", view_func=routes.events)
    add("/me/events", "create", routes.create, methods=["POST"])
    add("/me/events/<event_id>", view_func=routes.event)
    add("/me/events/<event_id>", "delete", routes.delete, methods=["DELETE"])
    return blueprint
