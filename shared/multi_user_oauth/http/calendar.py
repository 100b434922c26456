"""A person's calendar."""

import logging
from dataclasses import dataclass
from typing import Final

import msgspec
from flask import Request, Response

from multi_user_oauth.errors import MultiUserOAuthError
from multi_user_oauth.http.acting import Acts, Asked, SaidInQuery
from multi_user_oauth.http.endpoint import Route
from multi_user_oauth.http.idempotency import fingerprint, idempotency_key, replayed
from multi_user_oauth.http.links import Links
from multi_user_oauth.http.paths import CONNECTORS
from multi_user_oauth.http.reading import answer, json_body, learned, query
from multi_user_oauth.http.words import (
    LONGEST_WINDOW,
    guests,
    limit,
    line,
    window,
    zone_name,
)
from multi_user_oauth.model import Action
from multi_user_oauth.model.calendar import Event, EventQuery, NewEvent
from multi_user_oauth.sending import SendOnce

logger = logging.getLogger(__name__)

EVENTS: Final = "/calendar/events"
LONGEST_BODY: Final = 256 * 1024  # bytes; five hundred attendees are half of it
LONGEST_SUBJECT: Final = 998
LONGEST_LOCATION: Final = 1000


@learned
class CreateEvent(
    msgspec.Struct,
    forbid_unknown_fields=True,
    kw_only=True,
    frozen=True,
    rename={"begins": "from", "ends": "to"},
):
    """An event as it is asked for; its attendees are invited by the provider."""

    user_email: str
    subject: str
    begins: str
    ends: str
    time_zone: str = "UTC"
    body: str = ""
    location: str = ""
    attendees: tuple[str, ...] = ()
    purpose: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """A request that was read, and found to make sense."""

    user_email: str
    purpose: str
    new: NewEvent
    idempotency_key: str | None
    fingerprint: str


class CalendarRoutes:
    """For persons and agents."""

    def __init__(self, *, acts: Acts, send_once: SendOnce, links: Links) -> None:
        self._acts = acts
        self._send_once = send_once
        self._links = links

    def routes(self) -> tuple[Route, ...]:
        """Return the route."""
        paths = (f"{CONNECTORS}{EVENTS}", f"/{{connector_type}}{EVENTS}")
        return (Route(methods=("GET", "POST"), paths=paths, handler=self.events),)

    def events(self, request: Request, connector_type: str) -> Response:
        """Answer a page of events, or make one."""
        if request.method == "GET":
            known = {"from", "to", "time_zone", "limit", "page_token"}
            return self._acts.read(
                request, connector_type, Action.CALENDAR_READ, known, self._listed
            )
        return self._acts.change(request, connector_type, Action.CALENDAR_WRITE, _wish, self._made)

    def _listed(self, asked: Asked, said: SaidInQuery) -> Response:
        begins, ends = window(
            said.fields.get("from"), said.fields.get("to"), longest=LONGEST_WINDOW
        )
        # A page token is good for the same window alone: it is the window's next page.
        name = f"events {begins.isoformat()} {ends.isoformat()}"
        token = said.fields.get("page_token")
        wanted = EventQuery(
            begins=begins,
            ends=ends,
            time_zone=zone_name(said.fields.get("time_zone", "UTC")),
            limit=limit(said.fields.get("limit")),
            cursor=self._links.cursor(asked.caller, asked.key, name, token),
        )
        page = asked.services.calendar.events(asked.person, wanted)
        body: dict[str, object] = {"events": [_shown(event) for event in page.items]}
        following = self._links.page_token(asked.caller, asked.key, name, page.cursor)
        if following is not None:
            body["next_page_token"] = following
        return answer(body)

    def _made(self, asked: Asked, wish: _Wish) -> Response:
        calendar = asked.services.calendar
        asked.person.token(*calendar.write_scopes)
        sent = self._send_once.send(
            asked.caller,
            asked.key,
            idempotency_key=wish.idempotency_key,
            fingerprint=wish.fingerprint,
            make=lambda mark: calendar.making(asked.person, wish.new, mark),
        )
        event = _read_back(asked, wish.new, sent.provider_id)
        return replayed(answer(_shown(event), 201), sent)


def _wish(request: Request) -> _Wish:
    query(request, ())
    said = json_body(request, CreateEvent, longest=LONGEST_BODY)
    begins, ends = window(said.begins, said.ends)
    return _Wish(
        user_email=said.user_email,
        purpose=said.purpose,
        new=NewEvent(
            subject=line(said.subject, "subject", LONGEST_SUBJECT),
            begins=begins,
            ends=ends,
            time_zone=zone_name(said.time_zone),
            body=said.body,
            location=line(said.location, "location", LONGEST_LOCATION),
            attendees=guests(said.attendees),
        ),
        idempotency_key=idempotency_key(request),
        fingerprint=fingerprint(EVENTS, said),
    )


def _read_back(asked: Asked, new: NewEvent, event_id: str) -> Event:
    """Return the event as the provider has it, or else as it was asked for: it was made."""
    try:
        return asked.services.calendar.event(asked.person, event_id, new.time_zone)
    except MultiUserOAuthError as unread:
        extra = {"connection": str(asked.key), "code": unread.code}
        logger.warning("an event that was made was not read back", extra=extra)
    return Event(
        id=event_id,
        subject=new.subject,
        begins=new.begins,
        ends=new.ends,
        time_zone=new.time_zone,
        location=new.location,
        attendees=new.attendees,
    )


def _shown(event: Event) -> dict[str, object]:
    shown: dict[str, object] = {
        "id": event.id,
        "subject": event.subject,
        "from": event.begins,
        "to": event.ends,
        "time_zone": event.time_zone,
        "all_day": event.all_day,
        "location": event.location,
        "attendees": event.attendees,
    }
    return shown | ({"web_url": event.web_url} if event.web_url else {})
