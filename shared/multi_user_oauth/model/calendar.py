"""An event, as either provider has it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """
    One event, or one occurrence of a series; times with the zone that was asked for.

    Of an `all_day` event they are the midnights before and after it, in that zone.
    """

    id: str
    subject: str
    begins: datetime
    ends: datetime
    time_zone: str
    all_day: bool = False
    location: str = ""
    attendees: tuple[str, ...] = ()
    web_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event to make; its attendees are invited by the provider. `time_zone` is an IANA name."""

    subject: str
    begins: datetime
    ends: datetime
    time_zone: str
    body: str = ""
    location: str = ""
    attendees: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EventQuery:
    """What happens at or after `begins` and before `ends`, told in the zone of this IANA name."""

    begins: datetime
    ends: datetime
    time_zone: str
    limit: int = 100
    cursor: str | None = None
