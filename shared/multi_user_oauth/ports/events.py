"""What others may want to hear of: hints, told after the commit. The audit is the truth."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class EventType(StrEnum):
    """The `type` of a CloudEvent, after our prefix."""

    CONNECTED = "connection.connected"
    NEEDS_SIGN_IN = "connection.needs_sign_in"
    REVOKED = "connection.revoked"
    BREAKER_OPENED = "breaker.opened"
    BREAKER_CLOSED = "breaker.closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """
    A CloudEvent (CloudEvents 1.0): the same occurrence always has the same `id`.

    `subject` is the connection's name or the connector type's; `data` holds no secret.
    """

    id: str
    type: EventType
    subject: str
    at: datetime
    data: Mapping[str, str] = field(default_factory=dict)


Publish = Callable[[Event], None]
"""Tell whoever listens; never raises, and never holds up its caller for long."""


def untold(_: Event) -> None:
    """Tell nobody."""
