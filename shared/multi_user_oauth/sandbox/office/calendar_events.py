"""What stands in a calendar: events, and the times at which a weekly one takes place."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from ..company import Account
from ..records import ProviderName
from .calendar_times import of_wall

WEEK: Final = timedelta(weeks=1)
MOST_WEEKS: Final = 104
"""How far a weekly event is followed where nobody says until when."""
_STAMP: Final = re.compile(r"\d{8}T\d{6}Z")
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)
_LATEST: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """Somebody who takes part, or invites."""

    address: str
    name: str
    kind: str = "required"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event in one person's calendar; whoever is invited has a copy with the same uid."""

    id: str
    uid: str
    """The iCalendar identifier: the same in every copy (RFC 5545, section 3.8.4.7)."""
    provider: ProviderName
    owner: str
    """Whose calendar it stands in: an account's id."""
    organizer: Guest
    subject: str
    start: datetime
    """What the clock on the wall shows in `zone`: a weekly event stays at ten all year."""
    end: datetime
    created_at: float
    zone: str = "UTC"
    body: str = ""
    body_type: str = "text"
    location: str = ""
    all_day: bool = False
    guests: tuple[Guest, ...] = ()
    weekly: bool = False
    skipped: tuple[str, ...] = ()
    """Weekly: the stamps of the occurrences that were taken out."""
    cancelled: bool = False
    transaction_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """An event at a time; `of_series` if it is one of a weekly event's."""

    event: Event
    begin: datetime
    end: datetime
    of_series: bool

    @property
    def stamp(self) -> str:
        """Give its beginning as Google puts it behind the identifier of a series."""
        return self.begin.strftime("%Y%m%dT%H%M%SZ")

    @property
    def id(self) -> str:
        """Give the identifier under which it is found."""
        return f"{self.event.id}_{self.stamp}" if self.of_series else self.event.id


def blank(
    provider: ProviderName, account: Account, *, name: str, uid: str = "", now: float
) -> Event:
    """Give an event of a person's own to fill in."""
    epoch = datetime.fromtimestamp(0, UTC).replace(tzinfo=None)
    return Event(
        id=name,
        uid=uid,
        provider=provider,
        owner=account.id,
        organizer=Guest(address=account.email, name=account.name),
        subject="",
        start=epoch,
        end=epoch,
        created_at=now,
    )


def whole(event: Event) -> Occurrence:
    """Give an event itself: of a weekly one the series, at its first time."""
    begin, end = of_wall(event.start, event.zone), of_wall(event.end, event.zone)
    return Occurrence(event=event, begin=begin, end=end, of_series=False)


def occurrences(
    event: Event, after: datetime | None = None, before: datetime | None = None
) -> Iterator[Occurrence]:
    """Give when an event takes place, as far as it touches the time between the two."""
    after, before = after or _EARLIEST, before or _LATEST
    for found in _weekly(event, after) if event.weekly else [whole(event)]:
        if found.begin >= before:
            return
        if found.end > after or found.begin >= after:
            yield found


def find(events: list[Event], name: str) -> Occurrence | None:
    """Find an event, or an occurrence of one, by its identifier."""
    series, _, stamp = name.rpartition("_")
    for event in events:
        if event.id == name:
            return whole(event)
        if event.weekly and event.id == series and _STAMP.fullmatch(stamp):
            return next((o for o in _weekly(event, _EARLIEST) if o.stamp == stamp), None)
    return None


def _weekly(event: Event, after: datetime) -> Iterator[Occurrence]:
    first = whole(event)
    past = max(0, (after - first.end) // WEEK) if after > first.end else 0
    for week in range(past, past + MOST_WEEKS):
        begin = of_wall(event.start + week * WEEK, event.zone)
        end = of_wall(event.end + week * WEEK, event.zone)
        found = Occurrence(event=event, begin=begin, end=end, of_series=True)
        if found.stamp not in event.skipped:
            yield found
