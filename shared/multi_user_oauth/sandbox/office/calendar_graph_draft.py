"""A new event as Microsoft Graph reads it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time
from typing import Any

import msgspec

from .calendar_events import Event, Guest
from .calendar_graph import GraphRefusedError
from .calendar_times import of_wall, wall_time, zone_named


class When(msgspec.Struct, rename="camel", frozen=True):
    """A time: dateTimeTimeZone."""

    date_time: str
    time_zone: str = "UTC"


class Body(msgspec.Struct, rename="camel", frozen=True):
    """A text: itemBody."""

    content: str = ""
    content_type: str = "text"


class Place(msgspec.Struct, rename="camel", frozen=True):
    """A place: location."""

    display_name: str = ""


class Address(msgspec.Struct, rename="camel", frozen=True):
    """Somebody: emailAddress."""

    address: str
    name: str = ""


class Attendee(msgspec.Struct, rename="camel", frozen=True):
    """Somebody who is invited: attendee."""

    email_address: Address
    type: str = "required"


class EventDraft(msgspec.Struct, rename="camel", frozen=True):
    """What a new event is made of; what else Graph would take is not played."""

    start: When
    end: When
    subject: str | None = None
    body: Body | None = None
    location: Place | None = None
    attendees: Sequence[Attendee] = ()
    is_all_day: bool = False
    transaction_id: str | None = None
    recurrence: dict[str, Any] | None = None

    def filled_in(self, blank: Event) -> Event:
        """Fill a blank event in. Raises GraphRefusedError for times that can not be."""
        start, end = _wall(self.start), _wall(self.end)
        if of_wall(end, self.end.time_zone) < of_wall(start, self.start.time_zone):
            raise _invalid("The Event.End property must not lie before the start.")
        if self.is_all_day and (start.time() != time() or end.time() != time() or start == end):
            raise _invalid("An all-day event lasts from midnight to midnight.")
        if self.recurrence:
            raise _invalid("The sandbox makes single events only.")
        text = self.body or Body()
        zone = self.start.time_zone
        return replace(
            blank,
            subject=self.subject or "",
            start=start,
            end=_in_zone(end, self.end.time_zone, zone),
            zone=zone,
            body=text.content,
            body_type=text.content_type.casefold(),
            location=self.location.display_name if self.location else "",
            all_day=self.is_all_day,
            guests=tuple(_guest(attendee) for attendee in self.attendees),
            transaction_id=self.transaction_id,
        )


def _guest(attendee: Attendee) -> Guest:
    address = attendee.email_address
    return Guest(address=address.address, name=address.name, kind=attendee.type)


def _wall(when: When) -> datetime:
    if zone_named(when.time_zone) is None:
        text = f"The following TimeZone value is not supported: '{when.time_zone}'."
        raise GraphRefusedError(400, text, "TimeZoneNotSupportedException")
    wall = wall_time(when.date_time)
    if wall is None:
        raise _invalid("A dateTime is {date}T{time}; its zone stands beside it.")
    return wall


def _in_zone(wall: datetime, zone: str, wanted: str) -> datetime:
    if zone == wanted:
        return wall
    return of_wall(wall, zone).astimezone(zone_named(wanted)).replace(tzinfo=None)


def _invalid(message: str) -> GraphRefusedError:
    return GraphRefusedError(400, message, "ErrorPropertyValidationFailure")
