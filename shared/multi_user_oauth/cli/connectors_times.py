"""Times as people type and read them at a terminal."""

from datetime import UTC, datetime

import click


def moment(text: str) -> datetime:
    """Return a time, with a zone only if it says one; refuse it as click does."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("expected a time such as 2026-05-01 or 2026-05-01T09:00") from None


def in_zone(told: datetime, time_zone: str | None = None) -> datetime:
    """Return the time in its own zone, else the named one, else UTC; raise `ConfigurationError`."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    from multi_user_oauth.errors import ConfigurationError

    if told.tzinfo is not None:
        return told
    try:
        return told.replace(tzinfo=ZoneInfo(time_zone) if time_zone else UTC)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = f"{time_zone} is no time zone: expected a name such as Europe/Berlin"
        raise ConfigurationError(message) from None


def minute(text: object, *, utc: bool = True) -> str:
    """Return the API's time to the minute, in UTC or as it stands; nothing if it is none."""
    try:
        told = datetime.fromisoformat(str(text))
    except ValueError:
        return ""
    if utc and told.tzinfo is not None:
        told = told.astimezone(UTC)
    return f"{told:%Y-%m-%d %H:%M}"
