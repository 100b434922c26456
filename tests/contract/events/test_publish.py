"""Every `Publish` tells of what happened, and is never the reason why something fails."""

import time
from datetime import UTC, datetime
from typing import Final

import pytest

from multi_user_oauth.ports.events import Event, EventType
from tests.contract.events.places import Place, an_event

NOON: Final = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)
LONGEST: Final = 4.0
"""Seconds; two are meant, and this machine may be busy."""

CONNECTED: Final = Event(
    id="google_workspace:ada@example.com-1-connected",
    type=EventType.CONNECTED,
    subject="google_workspace/ada@example.com",
    at=NOON,
    data={"connector_type": "google_workspace", "user_email": "ada@example.com"},
)
OPENED: Final = Event(
    id="google_workspace-1-opened",
    type=EventType.BREAKER_OPENED,
    subject="google_workspace",
    at=NOON,
    data={"reason": "outage"},
)


@pytest.mark.parametrize("event", [CONNECTED, OPENED], ids=lambda event: event.type)
def test_what_happened_is_told(place: Place, event: Event) -> None:
    """By type, and what it is about; a connection's or a connector type's."""
    place.publish(event)
    assert place.told(1) == [an_event(event)]


def test_events_are_told_in_turn(place: Place) -> None:
    """Each when it is published: nothing waits for a thread that may never run."""
    place.publish(CONNECTED)
    place.publish(OPENED)
    assert sorted(each.type for each in place.told(2)) == [OPENED.type, CONNECTED.type]


def test_data_is_named_as_it_likes(place: Place) -> None:
    """No name of it is in the way of a log record's own."""
    strange = dict.fromkeys(("message", "name", "args", "exc_info", "levelno", "asctime"), "x")
    strange["user_email"] = "y@example.com"
    odd = Event(id="odd", type=EventType.REVOKED, subject="x/y@example.com", at=NOON, data=strange)
    place.publish(odd)
    assert place.told(1) == [an_event(odd)]


def test_a_place_out_of_reach_breaks_nothing_and_holds_nobody_up(place: Place) -> None:
    """Events are hints: the commit was before, and stands."""
    publish = place.lost()
    begun = time.monotonic()
    publish(CONNECTED)
    assert time.monotonic() - begun < LONGEST
