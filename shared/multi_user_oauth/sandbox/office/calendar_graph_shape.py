"""Events as Microsoft Graph writes them."""

import html
import re
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any, Final
from urllib.parse import quote

from ..company import Account
from .calendar_events import Event, Guest, Occurrence
from .calendar_times import zone_named

_TAGS: Final = re.compile(r"<[^>]*>")
_NEVER: Final = "0001-01-01T00:00:00Z"
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_PREVIEW: Final = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphStyle:
    """How the caller wants to read events (the header Prefer), and may."""

    zone: tzinfo = UTC
    zone_name: str = "UTC"
    """As the caller wrote it: the answer repeats it."""
    body_type: str = "html"
    basic: bool = False
    """Without the text: all that Calendars.ReadBasic allows."""


def as_graph(found: Occurrence, account: Account, style: GraphStyle) -> dict[str, Any]:
    """Give an event as Graph lists it to its owner."""
    event = found.event
    answer = (
        _identity(found)
        | _facts(event)
        | {
            "subject": event.subject,
            "isOrganizer": event.organizer.address == account.email,
            "responseStatus": _response(event, account.email),
            "start": _time(found.begin, event, style),
            "end": _time(found.end, event, style),
            "location": _place(event.location),
            "locations": [_place(event.location)] if event.location else [],
            "recurrence": _recurrence(event) if event.weekly and not found.of_series else None,
            "attendees": [_attendee(guest) for guest in event.guests],
            "organizer": _person(event.organizer),
        }
    )
    if style.basic:
        return answer
    text = _text(event)
    content = text if style.body_type == "text" else _html(event)
    body = {"contentType": style.body_type, "content": content}
    return answer | {"bodyPreview": text[:_PREVIEW], "body": body}


def _identity(found: Occurrence) -> dict[str, Any]:
    event = found.event
    made = datetime.fromtimestamp(event.created_at, UTC).strftime("%Y-%m-%dT%H:%M:%S.0000000Z")
    single = "seriesMaster" if event.weekly else "singleInstance"
    return {
        "@odata.etag": f'W/"{event.id[-16:]}"',
        "id": found.id,
        "createdDateTime": made,
        "lastModifiedDateTime": made,
        "changeKey": event.id[-16:],
        "transactionId": event.transaction_id,
        "iCalUId": f"{event.uid}{found.stamp}" if found.of_series else event.uid,
        "type": "occurrence" if found.of_series else single,
        "seriesMasterId": event.id if found.of_series else None,
        "webLink": f"https://outlook.office365.com/owa/?itemid={quote(found.id, safe='')}",
    }


def _facts(event: Event) -> dict[str, Any]:
    return {
        "originalStartTimeZone": event.zone,
        "originalEndTimeZone": event.zone,
        "reminderMinutesBeforeStart": 15,
        "isReminderOn": True,
        "hasAttachments": False,
        "importance": "normal",
        "sensitivity": "normal",
        "isAllDay": event.all_day,
        "isCancelled": event.cancelled,
        "responseRequested": True,
        "showAs": "busy",
        "categories": [],
    }


def _time(at: datetime, event: Event, style: GraphStyle) -> dict[str, str]:
    # A day is a day everywhere: midnight, in whichever zone one looks at it.
    zone = zone_named(event.zone) if event.all_day else style.zone
    shown = at.astimezone(zone)
    return {"dateTime": f"{shown:%Y-%m-%dT%H:%M:%S}.0000000", "timeZone": style.zone_name}


def _person(guest: Guest) -> dict[str, Any]:
    return {"emailAddress": {"name": guest.name or guest.address, "address": guest.address}}


def _attendee(guest: Guest) -> dict[str, Any]:
    status = {"response": "none", "time": _NEVER}
    return {"type": guest.kind, "status": status} | _person(guest)


def _response(event: Event, email: str) -> dict[str, str]:
    mine = event.organizer.address == email
    return {"response": "organizer" if mine else "notResponded", "time": _NEVER}


def _place(name: str) -> dict[str, str]:
    kind = {"locationType": "default", "uniqueIdType": "private" if name else "unknown"}
    return {"displayName": name} | kind


def _recurrence(event: Event) -> dict[str, Any]:
    """Give the rule; series of the sandbox have no end (recurrenceRange: noEnd)."""
    weekly = {
        "type": "weekly",
        "interval": 1,
        "month": 0,
        "dayOfMonth": 0,
        "daysOfWeek": [_DAYS[event.start.weekday()]],
        "firstDayOfWeek": "sunday",
        "index": "first",
    }
    until = {
        "type": "noEnd",
        "startDate": f"{event.start:%Y-%m-%d}",
        "endDate": "0001-01-01",
        "recurrenceTimeZone": event.zone,
        "numberOfOccurrences": 0,
    }
    return {"pattern": weekly, "range": until}


def _text(event: Event) -> str:
    if event.body_type != "html":
        return event.body
    return " ".join(html.unescape(_TAGS.sub(" ", event.body)).split())


def _html(event: Event) -> str:
    inside = event.body if event.body_type == "html" else html.escape(event.body)
    return f"<html><head></head><body>{inside}</body></html>" if event.body else ""
