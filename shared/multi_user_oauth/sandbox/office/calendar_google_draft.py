"""A new event as Google Calendar reads it."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time
from typing import Final

import msgspec

from .calendar_events import Event, Guest
from .calendar_google import GoogleRefusedError
from .calendar_times import has_offset, moment, of_wall, wall_time, zone_named

_OWN_ID: Final = re.compile(r"[0-9a-v]{5,1024}")


class When(msgspec.Struct, rename="camel", frozen=True):
    """A time or a day: EventDateTime."""

    date: str | None = None
    date_time: str | None = None
    time_zone: str | None = None


class Attendee(msgspec.Struct, rename="camel", frozen=True):
    """Somebody who is invited: EventAttendee."""

    email: str
    display_name: str = ""
    optional: bool = False


class EventDraft(msgspec.Struct, rename="camel", frozen=True):
    """What a new event is made of; what else Google would take is not played."""

    id: str | None = None
    summary: str = ""
    description: str = ""
    location: str = ""
    start: When | None = None
    end: When | None = None
    attendees: Sequence[Attendee] = ()
    recurrence: Sequence[str] = ()

    def filled_in(self, blank: Event) -> Event:
        """Fill a blank event in. Raises GoogleRefusedError for an id or times that can not be."""
        if self.id is not None and not _OWN_ID.fullmatch(self.id):
            raise GoogleRefusedError(400, "Invalid resource id value.", "invalid")
        if self.recurrence:
            raise GoogleRefusedError(400, "The sandbox makes single events only.", "invalid")
        zone, start, all_day = _wall(self.start, "start")
        end_zone, end, end_all_day = _wall(self.end, "end")
        if all_day != end_all_day:
            raise GoogleRefusedError(400, "Invalid start or end time.", "invalid")
        if of_wall(end, end_zone) < of_wall(start, zone):
            text = "The specified time range is empty."
            raise GoogleRefusedError(400, text, "timeRangeEmpty")
        if zone != end_zone:
            end = of_wall(end, end_zone).astimezone(zone_named(zone)).replace(tzinfo=None)
        name = self.id or blank.id
        return replace(
            blank,
            id=name,
            uid=f"{name}@google.com",
            subject=self.summary,
            body=self.description,
            location=self.location,
            start=start,
            end=end,
            zone=zone,
            all_day=all_day,
            guests=tuple(_guest(attendee) for attendee in self.attendees),
        )


def _guest(attendee: Attendee) -> Guest:
    kind = "optional" if attendee.optional else "required"
    return Guest(address=attendee.email, name=attendee.display_name, kind=kind)


def _wall(when: When | None, which: str) -> tuple[str, datetime, bool]:
    """Give zone, time on the wall there, and whether it is a whole day."""
    if when is None or (when.date is None) == (when.date_time is None):
        raise GoogleRefusedError(400, f"Missing {which} time.", "required")
    if when.date_time is None:
        return "UTC", datetime.combine(_day(when.date or "", which), time()), True
    if when.time_zone is not None and zone_named(when.time_zone) is None:
        raise GoogleRefusedError(400, "Invalid time zone definition.", "invalid")
    wall = wall_time(when.date_time)
    if wall is not None:
        if when.time_zone is None:
            text = f"Missing time zone definition for {which} time."
            raise GoogleRefusedError(400, text, "required")
        return when.time_zone, wall, False
    at = moment(when.date_time) if has_offset(when.date_time) else None
    if at is None:
        raise GoogleRefusedError(400, f"Invalid {which} time.", "invalid")
    zone = when.time_zone or "UTC"
    return zone, at.astimezone(zone_named(zone)).replace(tzinfo=None, microsecond=0), False


def _day(text: str, which: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise GoogleRefusedError(400, f"Invalid {which} time.", "invalid") from None
