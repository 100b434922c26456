"""An event as the Google Calendar API writes it (resource `Events`)."""

import html
from datetime import UTC, datetime, tzinfo

import msgspec

from multi_user_oauth.connectors.calendar_times import midnight, moment, zone_named
from multi_user_oauth.connectors.lists import web_address
from multi_user_oauth.model.calendar import Event, NewEvent

CANCELLED = "cancelled"
FIELDS = "id,status,summary,start,end,location,attendees/email,htmlLink"


class _When(msgspec.Struct, rename="camel", frozen=True):
    """EventDateTime: a moment, or a day."""

    date_time: str | None = None
    date: str | None = None


class _Attendee(msgspec.Struct, frozen=True):
    email: str | None = None


class _Item(msgspec.Struct, rename="camel", frozen=True):
    id: str
    start: _When
    end: _When
    status: str | None = None
    summary: str | None = None
    location: str | None = None
    attendees: tuple[_Attendee, ...] | None = None
    html_link: str | None = None


# Learned now, under the lock of the import: at its first use by two threads the process would die.
msgspec.json.Decoder(_Item)


def event_of(item: object, time_zone: str) -> Event | None:
    """Return the event, told in this zone; None for one that was called off, or that makes no sense."""
    try:
        found = msgspec.convert(item, _Item)
    except msgspec.ValidationError:
        return None
    zone = zone_named(time_zone) or UTC
    begins, ends = _at(found.start, zone), _at(found.end, zone)
    if found.status == CANCELLED or not found.id or begins is None or ends is None:
        return None
    return Event(
        id=found.id,
        subject=found.summary or "",
        begins=begins,
        ends=ends,
        time_zone=time_zone,
        all_day=found.start.date is not None,
        location=found.location or "",
        attendees=tuple(each.email for each in found.attendees or () if each.email),
        web_url=web_address(found.html_link),
    )


def document_of(new: NewEvent, mark: str) -> dict[str, object]:
    """
    Return the event as it is asked for, under an id of our own: a second one is refused.

    `mark` is hexadecimal, which base32hex contains (RFC 4648, 7).
    """
    document: dict[str, object] = {
        "id": mark,
        "summary": new.subject,
        "start": {"dateTime": new.begins.isoformat(), "timeZone": new.time_zone},
        "end": {"dateTime": new.ends.isoformat(), "timeZone": new.time_zone},
        "attendees": [{"email": address} for address in new.attendees],
    }
    if new.body:
        # Google reads HTML here: what was written as text is to be seen as it was written.
        document["description"] = html.escape(new.body, quote=False)
    if new.location:
        document["location"] = new.location
    return document


def _at(when: _When, zone: tzinfo) -> datetime | None:
    if when.date is not None:
        return midnight(when.date, zone)
    return moment(when.date_time or "", zone)
