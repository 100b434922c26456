"""Time zones under the names of both worlds, and the times that stand in requests."""

import re
from datetime import UTC, datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

_WINDOWS: Final = {
    "Dateline Standard Time": "Etc/GMT+12",
    "Hawaiian Standard Time": "Pacific/Honolulu",
    "Alaskan Standard Time": "America/Anchorage",
    "Pacific Standard Time": "America/Los_Angeles",
    "US Mountain Standard Time": "America/Phoenix",
    "Mountain Standard Time": "America/Denver",
    "Central Standard Time": "America/Chicago",
    "Central Standard Time (Mexico)": "America/Mexico_City",
    "SA Pacific Standard Time": "America/Bogota",
    "Eastern Standard Time": "America/New_York",
    "Atlantic Standard Time": "America/Halifax",
    "Newfoundland Standard Time": "America/St_Johns",
    "E. South America Standard Time": "America/Sao_Paulo",
    "Argentina Standard Time": "America/Argentina/Buenos_Aires",
    "Azores Standard Time": "Atlantic/Azores",
    "GMT Standard Time": "Europe/London",
    "Greenwich Standard Time": "Atlantic/Reykjavik",
    "W. Europe Standard Time": "Europe/Berlin",
    "Central Europe Standard Time": "Europe/Budapest",
    "Central European Standard Time": "Europe/Warsaw",
    "Romance Standard Time": "Europe/Paris",
    "W. Central Africa Standard Time": "Africa/Lagos",
    "GTB Standard Time": "Europe/Bucharest",
    "FLE Standard Time": "Europe/Kyiv",
    "E. Europe Standard Time": "Europe/Chisinau",
    "Egypt Standard Time": "Africa/Cairo",
    "South Africa Standard Time": "Africa/Johannesburg",
    "Israel Standard Time": "Asia/Jerusalem",
    "Turkey Standard Time": "Europe/Istanbul",
    "Arab Standard Time": "Asia/Riyadh",
    "E. Africa Standard Time": "Africa/Nairobi",
    "Russian Standard Time": "Europe/Moscow",
    "Arabian Standard Time": "Asia/Dubai",
    "Pakistan Standard Time": "Asia/Karachi",
    "India Standard Time": "Asia/Kolkata",
    "Bangladesh Standard Time": "Asia/Dhaka",
    "SE Asia Standard Time": "Asia/Bangkok",
    "China Standard Time": "Asia/Shanghai",
    "Singapore Standard Time": "Asia/Singapore",
    "W. Australia Standard Time": "Australia/Perth",
    "Tokyo Standard Time": "Asia/Tokyo",
    "Korea Standard Time": "Asia/Seoul",
    "AUS Eastern Standard Time": "Australia/Sydney",
    "New Zealand Standard Time": "Pacific/Auckland",
}
"""The usual ones of Unicode's windowsZones (CLDR), for the territory 001."""
_OFFSET: Final = re.compile(r"T.*(?:[Zz]|[+-]\d{2}:\d{2})$")


def zone_named(name: str) -> tzinfo | None:
    """Give a zone by its IANA or its Windows name, None where nobody calls one so."""
    if name in ("UTC", "Etc/UTC", "Etc/GMT"):
        return UTC
    try:
        return ZoneInfo(_WINDOWS.get(name, name))
    except (KeyError, OSError, ValueError):  # no such file, a folder, no name at all
        return None


def has_offset(text: str) -> bool:
    """Tell whether a time says how far it is from UTC (RFC 3339, section 5.6)."""
    return _OFFSET.search(text) is not None


def moment(text: str) -> datetime | None:
    """Give a time in UTC; without offset it is taken for UTC. None for what is no time."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


def wall_time(text: str) -> datetime | None:
    """Give a time as a clock on the wall shows it; None with an offset, or for what is no time."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if read.tzinfo else read.replace(microsecond=0)


def of_wall(wall: datetime, zone: str) -> datetime:
    """Give in UTC what a clock on the wall shows in a zone."""
    return wall.replace(tzinfo=zone_named(zone) or UTC).astimezone(UTC)
