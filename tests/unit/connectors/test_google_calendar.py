"""The Google calendar: against the sandbox as Google publishes itself, and against hostile answers."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import msgspec
import pytest

from multi_user_oauth.connectors.google_calendar import GoogleCalendar
from multi_user_oauth.errors.connector import (
    ItemNotFoundError,
    OutcomeUnknownError,
    ProviderAnswerRefusedError,
    ProviderRejectedError,
)
from multi_user_oauth.model.calendar import Event, EventQuery, NewEvent
from multi_user_oauth.ports.connectors import Outcome
from tests.unit.connectors.acting import (
    Said,
    Scripted,
    Stand,
    described,
    google,
    google_stand,
    sandboxed,
)
from tests.unit.sandbox.conftest import World

SCOPES = ("https://www.googleapis.com/auth/calendar.events",)
MARK = "0123456789abcdef0123456789abcdef"
FROM = datetime(2026, 3, 2, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture(scope="module")
def world() -> World:
    """A sandbox in which each test makes events of its own."""
    return sandboxed()


@pytest.fixture(scope="module")
def sarah(world: World) -> Stand:
    """Sarah, with a token of the sandbox."""
    return google_stand(world, "sarah", SCOPES)


@pytest.fixture
def calendar(world: World) -> Iterator[GoogleCalendar]:
    """The service; every call is checked against Google's own discovery document."""
    adapter = described(world)
    yield GoogleCalendar(google(adapter))
    assert adapter.checked


def query(**changes: Any) -> EventQuery:  # noqa: ANN401  # reason: any field
    """Return what is asked for."""
    asked: dict[str, Any] = {"begins": FROM, "ends": FROM + timedelta(days=14)}
    return EventQuery(**asked | {"time_zone": "Europe/Berlin"} | changes)


def new_event(begins: datetime, **changes: Any) -> NewEvent:  # noqa: ANN401  # reason: any field
    """Return an event of half an hour."""
    asked: dict[str, Any] = {"subject": "Planning", "time_zone": "Europe/Berlin"}
    times = {"begins": begins, "ends": begins + timedelta(minutes=30)}
    return NewEvent(**asked | times | changes)


def item(**changes: object) -> dict[str, object]:
    """Return an event as Google lists it."""
    return {
        "id": "abc",
        "status": "confirmed",
        "summary": "Lunch",
        "start": {"dateTime": "2026-03-03T12:00:00+01:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": "2026-03-03T13:00:00+01:00"},
        "location": "Canteen",
        "attendees": [{"email": "john@company.com"}],
        "htmlLink": "https://www.google.com/calendar/event?eid=abc",
    } | changes


def listed(*items: object) -> tuple[Event, ...]:
    """Return what the service makes of these items."""
    adapter = Scripted(Said(body={"items": list(items)}))
    return GoogleCalendar(google(adapter)).events(Stand(*SCOPES), query()).items


def test_events_come_page_by_page_in_order(calendar: GoogleCalendar, sarah: Stand) -> None:
    """Each once; an occurrence of a series is an event; times are told in the zone asked for."""
    whole = calendar.events(sarah, query()).items
    pages = [calendar.events(sarah, query(limit=2))]
    while pages[-1].cursor:
        pages.append(calendar.events(sarah, query(limit=2, cursor=pages[-1].cursor)))
    assert len(pages) > 1
    assert tuple(event for page in pages for event in page.items) == whole
    assert [event.begins for event in whole] == sorted(event.begins for event in whole)
    assert {event.begins.tzinfo for event in whole} == {BERLIN}
    assert sum("_" in event.id for event in whole) == 2


def test_a_day_is_a_day_in_every_zone(calendar: GoogleCalendar, sarah: Stand) -> None:
    """From midnight to midnight, where the caller looks from."""
    for name in ("UTC", "America/Los_Angeles", "Pacific/Auckland"):
        days = [e for e in calendar.events(sarah, query(time_zone=name)).items if e.all_day]
        assert days
        for event in days:
            assert (event.begins.hour, event.ends - event.begins) == (0, timedelta(days=1))
            assert str(event.begins.tzinfo) == name


def test_an_event_is_made_once_whatever_happens(calendar: GoogleCalendar, sarah: Stand) -> None:
    """Its id is ours: a second one is refused as a duplicate, which is the first one."""
    begins = FROM + timedelta(days=20, hours=9)
    new = new_event(begins, location="Room Ada", attendees=("john@company.com",), body="a < b")
    making = calendar.making(sarah, new, MARK)
    assert making.look_up("").outcome is Outcome.NOT_SENT
    assert making.send(making.prepare()) == MARK
    assert making.send("") == MARK
    found = making.look_up("")
    assert (found.outcome, found.provider_id) == (Outcome.SENT, MARK)
    event = calendar.event(sarah, MARK, "Europe/Berlin")
    assert (event.subject, event.location) == ("Planning", "Room Ada")
    assert (event.begins, event.ends, event.begins.hour) == (new.begins, new.ends, 10)
    assert event.attendees == ("john@company.com",)
    window = query(begins=begins, ends=begins + timedelta(hours=1))
    assert [each.id for each in calendar.events(sarah, window).items] == [MARK]


def test_what_is_text_is_never_html_and_guests_are_told() -> None:
    """Google reads a description as HTML."""
    adapter = Scripted(Said(body={"id": MARK}))
    new = new_event(FROM, body='<b>1 < 2 & "3"</b>', attendees=("john@company.com",))
    GoogleCalendar(google(adapter)).making(Stand(*SCOPES), new, MARK).send("")
    sent = msgspec.json.decode(adapter.seen[0].body or b"")
    assert sent["description"] == '&lt;b&gt;1 &lt; 2 &amp; "3"&lt;/b&gt;'
    assert sent["id"] == MARK
    assert "location" not in sent
    assert parse_qs(urlsplit(adapter.urls[0]).query) == {"sendUpdates": ["all"]}


def test_people_see_their_own_events_alone(world: World, calendar: GoogleCalendar) -> None:
    """Whose token it is decides: the path says primary. Another's id is the id of nothing."""
    sarah, john = (google_stand(world, who, SCOPES) for who in ("sarah", "john"))
    mine, his = (calendar.events(who, query()).items for who in (sarah, john))
    with pytest.raises(ItemNotFoundError):
        calendar.event(john, mine[0].id, "UTC")
    assert {event.id for event in mine} & {event.id for event in his} == set()


def test_what_was_called_off_is_left_out_and_was_made_all_the_same() -> None:
    """Google keeps it as cancelled: it is in no list, and a look for our mark finds it."""
    off = item(id=MARK, status="cancelled")
    assert [event.id for event in listed(off, item())] == ["abc"]
    service = GoogleCalendar(google(Scripted(Said(body=off))))
    with pytest.raises(ItemNotFoundError):
        service.event(Stand(*SCOPES), MARK, "UTC")
    found = service.making(Stand(*SCOPES), new_event(FROM), MARK).look_up("")
    assert found.outcome is Outcome.SENT


@pytest.mark.parametrize(
    "broken",
    [
        None,
        [],
        {},
        item(id=None),
        item(id=""),
        item(start=None),
        item(start={}),
        item(start={"dateTime": "2026-03-03T12:00:00"}),
        item(start={"dateTime": "soon"}),
        item(start={"dateTime": "0001-01-01T00:00:00+14:00"}),
        item(start={"date": "2026-02-30"}),
        item(start={"date": 20260303}),
        item(attendees={"email": "john@company.com"}),
        item(summary=["Lunch"]),
    ],
)
def test_an_item_that_makes_no_sense_is_left_out(broken: object) -> None:
    """And the others are there."""
    assert [event.id for event in listed(broken, item(id="def"))] == ["def"]


def test_what_google_leaves_out_is_empty() -> None:
    """A partial answer has no empty fields, and no empty list."""
    bare = {name: item()[name] for name in ("id", "start", "end")}
    event = listed(bare)[0]
    assert (event.subject, event.location, event.attendees) == ("", "", ())
    assert listed(item(htmlLink="javascript:alert(1)"))[0].web_url is None
    nothing = GoogleCalendar(google(Scripted(Said()))).events(Stand(*SCOPES), query())
    assert (nothing.items, nothing.cursor) == ((), None)


def test_a_list_that_is_none_is_refused() -> None:
    """Rather than taken for an empty calendar."""
    service = GoogleCalendar(google(Scripted(Said(body={"items": {"id": "1"}}))))
    with pytest.raises(ProviderAnswerRefusedError):
        service.events(Stand(*SCOPES), query())


def test_a_cursor_is_one_value_of_the_query() -> None:
    """It leads nowhere else, whatever it says."""
    adapter = Scripted(Said(body={"nextPageToken": "next"}))
    cursor = "https://evil.example/?a=1&b=2"
    page = GoogleCalendar(google(adapter)).events(Stand(*SCOPES), query(cursor=cursor))
    parts = urlsplit(adapter.urls[0])
    assert parts.path == "/calendar/v3/calendars/primary/events"
    assert parse_qs(parts.query)["pageToken"] == [cursor]
    assert page.cursor == "next"


def test_only_a_duplicate_is_the_event_that_was_made_before() -> None:
    """Another refusal is one; what gets no answer may have been made."""
    for status, reason, error in (
        (409, "conflict", ProviderRejectedError),
        (400, "invalid", ProviderRejectedError),
        (503, "backendError", OutcomeUnknownError),
    ):
        body = {"error": {"code": status, "errors": [{"reason": reason}]}}
        service = GoogleCalendar(google(Scripted(Said(status=status, body=body))))
        with pytest.raises(error):
            service.making(Stand(*SCOPES), new_event(FROM), MARK).send("")
