"""The Outlook calendar: against the sandbox as Graph publishes itself, and against hostile answers."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import msgspec
import pytest

from multi_user_oauth.connectors.outlook_calendar import OutlookCalendar
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
    graph,
    microsoft_stand,
    sandboxed,
)
from tests.unit.sandbox.conftest import World

SCOPES = ("Calendars.ReadWrite",)
MARK = "0123456789abcdef0123456789abcdef"
FROM = datetime(2026, 3, 2, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
VIEW = "https://graph.microsoft.com/v1.0/me/calendarView"


@pytest.fixture(scope="module")
def world() -> World:
    """A sandbox in which each test makes events of its own."""
    return sandboxed()


@pytest.fixture(scope="module")
def sarah(world: World) -> Stand:
    """Sarah, with a token of the sandbox."""
    return microsoft_stand(world, "sarah", SCOPES)


@pytest.fixture
def calendar(world: World) -> Iterator[OutlookCalendar]:
    """The service; every call is checked against Graph's own description."""
    adapter = described(world)
    yield OutlookCalendar(graph(adapter))
    assert adapter.checked


def query(days: int = 14, **changes: Any) -> EventQuery:  # noqa: ANN401  # reason: any field
    """Return what is asked for."""
    asked: dict[str, Any] = {"begins": FROM, "ends": FROM + timedelta(days=days)}
    return EventQuery(**asked | {"time_zone": "Europe/Berlin"} | changes)


def new_event(begins: datetime, **changes: Any) -> NewEvent:  # noqa: ANN401  # reason: any field
    """Return an event of half an hour."""
    asked: dict[str, Any] = {"subject": "Planning", "time_zone": "Europe/Berlin"}
    times = {"begins": begins, "ends": begins + timedelta(minutes=30)}
    return NewEvent(**asked | times | changes)


def item(**changes: object) -> dict[str, object]:
    """Return an event as Graph lists it, in UTC."""
    return {
        "id": "AAMk1",
        "subject": "Lunch",
        "start": {"dateTime": "2026-03-03T11:00:00.0000000", "timeZone": "UTC"},
        "end": {"dateTime": "2026-03-03T12:00:00.0000000", "timeZone": "UTC"},
        "isAllDay": False,
        "isCancelled": False,
        "location": {"displayName": "Canteen"},
        "attendees": [{"emailAddress": {"address": "john@company.com", "name": "John"}}],
        "webLink": "https://outlook.office365.com/owa/?itemid=AAMk1",
    } | changes


def listed(*items: object, **more: object) -> tuple[Event, ...]:
    """Return what the service makes of these items."""
    adapter = Scripted(Said(body={"value": list(items), **more}))
    return OutlookCalendar(graph(adapter)).events(Stand(*SCOPES), query()).items


def test_events_come_page_by_page_in_order(calendar: OutlookCalendar, sarah: Stand) -> None:
    """Each once; an occurrence of a series is an event; times are told in the zone asked for."""
    whole = calendar.events(sarah, query()).items
    pages = [calendar.events(sarah, query(limit=2))]
    while pages[-1].cursor:
        pages.append(calendar.events(sarah, query(limit=2, cursor=pages[-1].cursor)))
    assert len(pages) > 1
    assert tuple(event for page in pages for event in page.items) == whole
    assert [event.begins for event in whole] == sorted(event.begins for event in whole)
    assert {event.begins.tzinfo for event in whole} == {BERLIN}
    assert any("Weekly" in e.subject or "with Sarah" in e.subject for e in whole)


def test_a_day_is_a_day_in_every_zone(calendar: OutlookCalendar, sarah: Stand) -> None:
    """From midnight to midnight, where the caller looks from."""
    for name in ("UTC", "America/Los_Angeles", "Pacific/Auckland"):
        days = [e for e in calendar.events(sarah, query(time_zone=name)).items if e.all_day]
        assert days
        for event in days:
            assert (event.begins.hour, event.ends - event.begins) == (0, timedelta(days=1))
            assert str(event.begins.tzinfo) == name
            assert event.begins.date() == datetime(2026, 3, 7, tzinfo=UTC).date()


def test_an_event_is_made_once_whatever_happens(calendar: OutlookCalendar, sarah: Stand) -> None:
    """Graph knows it by its `transactionId`, and so do we; what was said of it comes back."""
    begins = FROM + timedelta(days=20, hours=9)
    new = new_event(
        begins, body="<b>1 < 2</b>", location="Room Ada", attendees=("john@company.com",)
    )
    making = calendar.making(sarah, new, MARK)
    assert making.look_up("").outcome is Outcome.NOT_SENT
    made = making.send(making.prepare())
    assert making.send("") == made
    found = making.look_up("")
    assert (found.outcome, found.provider_id) == (Outcome.SENT, made)
    assert calendar.making(sarah, new, "f" * 32).look_up("").outcome is Outcome.NOT_SENT
    event = calendar.event(sarah, made, "Europe/Berlin")
    assert (event.subject, event.location) == ("Planning", "Room Ada")
    assert (event.begins, event.ends) == (new.begins, new.ends)
    assert event.begins.hour == 10
    assert event.attendees == ("john@company.com",)


def test_a_text_is_sent_as_text_and_times_as_the_zones_clock_shows_them() -> None:
    """And in UTC for the hour that the clock shows twice."""
    adapter = Scripted(Said(status=201, body={"id": "AAMk1"}))
    twice = datetime(2026, 10, 25, 0, 45, tzinfo=UTC)  # 02:45, of which the second one is 01:45 UTC
    new = new_event(twice, ends=twice + timedelta(hours=1), body="<b>1 < 2</b>")
    OutlookCalendar(graph(adapter)).making(Stand(*SCOPES), new, MARK).send("")
    sent = _json(adapter)
    assert sent["body"] == {"contentType": "text", "content": "<b>1 < 2</b>"}
    assert sent["start"] == {"dateTime": "2026-10-25T02:45:00", "timeZone": "Europe/Berlin"}
    assert sent["end"] == {"dateTime": "2026-10-25T01:45:00", "timeZone": "UTC"}
    assert sent["transactionId"] == MARK
    assert "location" not in sent


def test_times_are_asked_for_in_utc_and_in_order() -> None:
    """Told without offsets, each can be one moment only in UTC; and a page is a part of an order."""
    adapter = Scripted(Said(body={"value": []}))
    begins = FROM.astimezone(BERLIN)
    OutlookCalendar(graph(adapter)).events(Stand(*SCOPES), query(begins=begins, limit=7))
    asked = parse_qs(urlsplit(adapter.urls[0]).query)
    assert asked["startDateTime"] == ["2026-03-02T00:00:00+00:00"]
    assert (asked["$orderby"], asked["$top"]) == (["start/dateTime"], ["7"])
    assert adapter.seen[0].headers["Prefer"] == 'outlook.timezone="UTC"'


def test_people_see_their_own_events_alone(world: World, calendar: OutlookCalendar) -> None:
    """Whose token it is decides: the path says me. Another's id is the id of nothing."""
    sarah, john = (microsoft_stand(world, who, SCOPES) for who in ("sarah", "john"))
    mine, his = (calendar.events(who, query()).items for who in (sarah, john))
    with pytest.raises(ItemNotFoundError):
        calendar.event(john, mine[0].id, "UTC")
    shared = {event.id for event in mine} & {event.id for event in his}
    assert shared == set()


def test_what_was_called_off_is_left_out() -> None:
    """Of a list; and it is not there if it is asked for by its id."""
    assert listed(item(isCancelled=True), item(id="AAMk2"))[0].id == "AAMk2"
    service = OutlookCalendar(graph(Scripted(Said(body=item(isCancelled=True)))))
    with pytest.raises(ItemNotFoundError):
        service.event(Stand(*SCOPES), "AAMk1", "UTC")


@pytest.mark.parametrize(
    "broken",
    [
        None,
        "text",
        {},
        item(id=None),
        item(id=""),
        item(id=7),
        item(start=None),
        item(start={}),
        item(start={"dateTime": "tomorrow", "timeZone": "UTC"}),
        item(start={"dateTime": "2026-03-03T11:00:00Z", "timeZone": "UTC"}),
        item(start={"dateTime": "0001-01-01T00:00:00", "timeZone": "Asia/Tokyo"}),
        item(start={"dateTime": "2026-03-03T11:00:00", "timeZone": "Mars/Olympus"}),
        item(start={"dateTime": "2026-03-03T11:00:00", "timeZone": "../../etc/passwd"}),
        item(isAllDay=True, start={"dateTime": "someday", "timeZone": "UTC"}),
        item(attendees="john@company.com"),
        item(location=["Canteen"]),
    ],
)
def test_an_item_that_makes_no_sense_is_left_out(broken: object) -> None:
    """And the others are there."""
    assert [event.id for event in listed(broken, item(id="AAMk2"))] == ["AAMk2"]


def test_what_graph_leaves_open_is_empty() -> None:
    """Null, or not there."""
    bare = {name: item()[name] for name in ("id", "start", "end")}
    nulls = dict.fromkeys(("subject", "location", "attendees", "webLink", "isAllDay"))
    for sparse in (bare, item(**nulls), item(attendees=[{}, {"emailAddress": None}], subject="")):
        event = listed(sparse)[0]
        assert (event.subject, event.attendees, event.all_day) == ("", (), False)
    assert listed(item(webLink="javascript:alert(1)"))[0].web_url is None


@pytest.mark.parametrize("body", [{}, {"value": None}, {"value": {"id": "1"}}])
def test_a_list_that_is_none_is_refused(body: dict[str, object]) -> None:
    """Rather than taken for an empty calendar."""
    with pytest.raises(ProviderAnswerRefusedError):
        OutlookCalendar(graph(Scripted(Said(body=body)))).events(Stand(*SCOPES), query())


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/v1.0/me/calendarView?$skiptoken=1",
        "https://graph.microsoft.com.evil.example/v1.0/me/calendarView",
        "https://graph.microsoft.com/v1.0/me/messages?$skiptoken=1",
        "https://graph.microsoft.com/v1.0/users/john@company.com/calendarView",
        "https://graph.microsoft.com/v1.0/me/calendarView/../messages",
        "https://graph.microsoft.com/v1.0/me/calendarView%2F..%2Fmessages",
        "http://graph.microsoft.com/v1.0/me/calendarView",
        "//graph.microsoft.com/v1.0/me/calendarView",
        "",
    ],
)
def test_the_next_page_is_one_of_the_same_list(link: str) -> None:
    """N73: nothing is sent to anywhere else."""
    adapter = Scripted(Said(body={"value": []}))
    with pytest.raises(ProviderAnswerRefusedError):
        OutlookCalendar(graph(adapter)).events(Stand(*SCOPES), query(cursor=link))
    assert adapter.seen == []


def test_a_link_to_the_next_page_is_called_as_it_came() -> None:
    """What stands in its query is Graph's own."""
    link = f"{VIEW}?%24skiptoken=a%2Fb&startDateTime=2026"
    adapter = Scripted(Said(body={"value": [], "@odata.nextLink": 7}))
    page = OutlookCalendar(graph(adapter)).events(Stand(*SCOPES), query(cursor=link))
    assert adapter.urls == [link]
    assert page.cursor is None


@pytest.mark.parametrize(
    "event_id", ["", ".", "..", "../messages", "a/b", "a%2Fb", "a?b", "a\nb", "x" * 513]
)
def test_what_can_be_no_id_is_not_sent(event_id: str) -> None:
    """There is no such event."""
    adapter = Scripted(Said(body=item()))
    with pytest.raises(ItemNotFoundError):
        OutlookCalendar(graph(adapter)).event(Stand(*SCOPES), event_id, "UTC")
    assert adapter.seen == []


def test_an_answer_that_names_no_event_is_an_unknown_outcome() -> None:
    """It was sent."""
    named = [Said(status=201, body=body) for body in ({}, {"id": ""}, {"id": 7})]
    for lost in (*named, Said(status=201, body=b"<html>"), Said(status=504)):
        with pytest.raises(OutcomeUnknownError):
            _making(Scripted(lost)).send("")


@pytest.mark.parametrize("status", [400, 409])
def test_a_mark_that_was_used_for_what_was_changed_since_is_looked_up(status: int) -> None:
    """`ErrorDuplicateTransactionId`: it was made, and nobody makes it again; other refusals stay."""
    used = {"error": {"code": "ErrorDuplicateTransactionId", "message": "x"}}
    with pytest.raises(OutcomeUnknownError):
        _making(Scripted(Said(status=status, body=used))).send("")
    with pytest.raises(ProviderRejectedError):
        _making(Scripted(Said(status=status, body={"error": {"code": "BadRequest"}}))).send("")


def test_a_day_too_full_to_look_through_says_nothing() -> None:
    """Not that it was not made."""
    full = {"value": [{"id": "1"}, None], "@odata.nextLink": f"{VIEW}?$skiptoken=1"}
    assert _making(Scripted(Said(body=full))).look_up("").outcome is Outcome.UNKNOWN
    ours = full | {"value": [{"id": "AAMk1", "transactionId": MARK}]}
    assert _making(Scripted(Said(body=ours))).look_up("").provider_id == "AAMk1"


def _making(adapter: Scripted) -> Any:  # noqa: ANN401  # reason: the service's own
    return OutlookCalendar(graph(adapter)).making(Stand(*SCOPES), new_event(FROM), MARK)


def _json(adapter: Scripted) -> Any:  # noqa: ANN401  # reason: JSON
    return msgspec.json.decode(adapter.seen[0].body or b"")
