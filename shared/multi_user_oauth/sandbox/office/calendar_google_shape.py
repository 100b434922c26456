"""Events and calendars as Google Calendar writes them."""

import base64
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

from ..company import Account
from .calendar_events import Event, Guest, Occurrence
from .calendar_times import zone_named

_DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def as_google(found: Occurrence, account: Account, zone: tzinfo | None) -> dict[str, Any]:
    """Give an event as Google lists it to its owner; `zone` as asked for, else the event's own."""
    event = found.event
    page = base64.urlsafe_b64encode(f"{found.id} {account.email}".encode()).decode().rstrip("=")
    made = _written(event.created_at)
    return (
        {
            "kind": "calendar#event",
            "etag": f'"{event.created_at:.0f}"',
            "id": found.id,
            "status": "cancelled" if event.cancelled else "confirmed",
            "htmlLink": f"https://www.google.com/calendar/event?eid={page}",
            "created": made,
            "updated": made,
            "summary": event.subject,
            "creator": _somebody(event.organizer, account),
            "organizer": _somebody(event.organizer, account),
            "start": _time(found.begin, event, zone),
            "end": _time(found.end, event, zone),
            "iCalUID": event.uid,
            "sequence": 0,
            "reminders": {"useDefault": True},
            "eventType": "default",
        }
        | _told(event, account)
        | _series(found, zone)
    )


def as_calendar(account: Account) -> dict[str, Any]:
    """Give a person's own calendar as the list of calendars holds it."""
    return {
        "kind": "calendar#calendarListEntry",
        "etag": '"1"',
        "id": account.email,
        "summary": account.email,
        "timeZone": "UTC",
        "colorId": "14",
        "backgroundColor": "#9fe1e7",
        "foregroundColor": "#000000",
        "selected": True,
        "accessRole": "owner",
        "defaultReminders": [{"method": "popup", "minutes": 10}],
        "primary": True,
        "conferenceProperties": {"allowedConferenceSolutionTypes": ["hangoutsMeet"]},
    }


def _written(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _time(at: datetime, event: Event, zone: tzinfo | None) -> dict[str, str]:
    own = zone_named(event.zone) or UTC
    if event.all_day:
        return {"date": f"{at.astimezone(own):%Y-%m-%d}"}
    written = at.astimezone(zone or own).isoformat().replace("+00:00", "Z")
    return {"dateTime": written, "timeZone": event.zone}


def _told(event: Event, account: Account) -> dict[str, Any]:
    """Give what an event only has if somebody said it."""
    told: dict[str, Any] = {}
    if event.body:
        told["description"] = event.body
    if event.location:
        told["location"] = event.location
    if event.guests:
        told["attendees"] = [_attendee(guest, event, account) for guest in event.guests]
    return told


def _series(found: Occurrence, zone: tzinfo | None) -> dict[str, Any]:
    event = found.event
    if found.of_series:
        at = _time(found.begin, event, zone)
        return {"recurringEventId": event.id, "originalStartTime": at}
    if event.weekly:
        return {"recurrence": [f"RRULE:FREQ=WEEKLY;BYDAY={_DAYS[event.start.weekday()]}"]}
    return {}


def _somebody(guest: Guest, account: Account) -> dict[str, Any]:
    somebody: dict[str, Any] = {"email": guest.address}
    if guest.name:
        somebody["displayName"] = guest.name
    if guest.address == account.email:
        somebody["self"] = True
    return somebody


def _attendee(guest: Guest, event: Event, account: Account) -> dict[str, Any]:
    organizer = guest.address == event.organizer.address
    answered = {"responseStatus": "accepted" if organizer else "needsAction"}
    optional = {"optional": True} if guest.kind == "optional" else {}
    return _somebody(guest, account) | answered | optional
