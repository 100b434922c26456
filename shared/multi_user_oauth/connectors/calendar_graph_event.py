"""An event as Microsoft Graph writes it (resource type `event`)."""

from datetime import UTC, datetime, tzinfo

import msgspec

from multi_user_oauth.connectors.calendar_times import (
    midnight,
    on_the_wall,
    written,
    zone_named,
)
from multi_user_oauth.connectors.lists import web_address
from multi_user_oauth.model.calendar import Event, NewEvent

FIELDS = "id,subject,start,end,isAllDay,isCancelled,location,attendees,webLink"


class _When(msgspec.Struct, rename="camel", frozen=True):
    """dateTimeTimeZone: with as many as seven decimals, and without an offset."""

    date_time: str
    time_zone: str = "UTC"


class _Place(msgspec.Struct, rename="camel", frozen=True):
    display_name: str | None = None


class _Address(msgspec.Struct, frozen=True):
    address: str | None = None


class _Attendee(msgspec.Struct, rename="camel", frozen=True):
    email_address: _Address | None = None


class _Item(msgspec.Struct, rename="camel", frozen=True):
    id: str
    start: _When
    end: _When
    subject: str | None = None
    is_all_day: bool | None = None
    is_cancelled: bool | None = None
    location: _Place | None = None
    attendees: tuple[_Attendee, ...] | None = None
    web_link: str | None = None


# Learned now, under the lock of the import: at its first use by two threads the process would die.
msgspec.json.Decoder(_Item)


def event_of(item: object, time_zone: str) -> Event | None:
    """Return the event, told in this zone; None for one that was called off, or that makes no sense."""
    try:
        found = msgspec.convert(item, _Item)
    except msgspec.ValidationError:
        return None
    zone = zone_named(time_zone) or UTC
    begins, ends = (
        _at(when, zone, whole_day=bool(found.is_all_day)) for when in (found.start, found.end)
    )
    if found.is_cancelled or not found.id or begins is None or ends is None:
        return None
    people = (each.email_address for each in found.attendees or ())
    return Event(
        id=found.id,
        subject=found.subject or "",
        begins=begins,
        ends=ends,
        time_zone=time_zone,
        all_day=bool(found.is_all_day),
        location=(found.location and found.location.display_name) or "",
        attendees=tuple(each.address for each in people if each and each.address),
        web_url=web_address(found.web_link),
    )


def document_of(new: NewEvent, mark: str) -> dict[str, object]:
    """Return the event as it is asked for; Graph makes one for each `transactionId`."""
    document: dict[str, object] = {
        "subject": new.subject,
        "start": _when(new.begins, new.time_zone),
        "end": _when(new.ends, new.time_zone),
        "attendees": [
            {"emailAddress": {"address": address}, "type": "required"} for address in new.attendees
        ],
        "transactionId": mark,
    }
    if new.body:
        document["body"] = {"contentType": "text", "content": new.body}
    if new.location:
        document["location"] = {"displayName": new.location}
    return document


def _at(when: _When, zone: tzinfo, *, whole_day: bool) -> datetime | None:
    if whole_day:  # a day is a day in every zone
        return midnight(when.date_time, zone)
    return on_the_wall(when.date_time, when.time_zone, zone)


def _when(at: datetime, time_zone: str) -> dict[str, str]:
    text, name = written(at, time_zone)
    return {"dateTime": text, "timeZone": name}
