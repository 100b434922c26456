"""Times as calendars write them: moments, days, and what a clock on the wall shows in a zone."""

from datetime import UTC, date, datetime, time, tzinfo
from zoneinfo import ZoneInfo


def zone_named(name: str) -> tzinfo | None:
    """Return the zone of this IANA name, None where this machine knows none; UTC it always knows."""
    if name in ("UTC", "Etc/UTC"):
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # no such name, a folder of names, no name at all
        return None


def moment(text: str, zone: tzinfo) -> datetime | None:
    """Return a time with an offset (RFC 3339), told in `zone`; None for what is none."""
    try:
        read = datetime.fromisoformat(text)
        return read.astimezone(zone) if read.tzinfo else None
    except (OverflowError, ValueError):
        return None


def on_the_wall(text: str, there: str, zone: tzinfo) -> datetime | None:
    """Return what a clock shows in the zone named `there`, told in `zone`; None for what is no time."""
    at = zone_named(there)
    try:
        read = datetime.fromisoformat(text)
        return read.replace(tzinfo=at).astimezone(zone) if at and not read.tzinfo else None
    except (OverflowError, ValueError):
        return None


def midnight(text: str, zone: tzinfo) -> datetime | None:
    """Return the first moment of the day that the text begins with, None where it begins with none."""
    try:
        return datetime.combine(date.fromisoformat(text[:10]), time(), zone)
    except ValueError:
        return None


def written(at: datetime, name: str) -> tuple[str, str]:
    """
    Return a time without an offset, and the name of the zone in which it is one: `name`, or UTC.

    An hour that the clock shows twice can not be told in its own zone.
    """
    local = at.astimezone(zone_named(name) or UTC)
    if local.fold or zone_named(name) is None:
        local, name = at.astimezone(UTC), "UTC"
    return local.replace(tzinfo=None).isoformat(), name
