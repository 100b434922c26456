"""The Google calendar in the sandbox: bounds, series, own ids, invitations, scopes."""

from typing import Any
from urllib.parse import quote

import pytest

from ..conftest import World

SCOPE = "https://www.googleapis.com/auth/"
CALENDAR = "https://www.googleapis.com/calendar/v3"
EVENTS = f"{CALENDAR}/calendars/primary/events"
WEEK = "timeMin=2026-03-02T00:00:00Z&timeMax=2026-03-09T00:00:00Z&singleEvents=true"
WEEK += "&orderBy=startTime"


def token(world: World, account: str = "sarah", *scopes: str) -> str:
    """Sign a person in for calendars."""
    wanted = [f"{SCOPE}{scope}" for scope in scopes or ("calendar",)]
    flow = world.flow("openid", f"{SCOPE}userinfo.email", *wanted)
    url, _ = flow.authorization_url(nonce="a-nonce", prompt="consent")
    flow.fetch_token(code=world.browser.sign_in(url, account).answer["code"])
    access_token: str = flow.credentials.token
    return access_token


def draft(**changes: Any) -> dict[str, Any]:  # noqa: ANN401  # reason: any field of an event
    """Give an event as Google takes it."""
    return {
        "summary": "Kick-off",
        "description": "Who does what",
        "location": "Attic",
        "start": {"dateTime": "2026-03-04T10:00:00+01:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": "2026-03-04T11:00:00+01:00", "timeZone": "Europe/Berlin"},
        "attendees": [{"email": "john@company.com"}],
    } | changes


def items(world: World, sent: str, query: str = WEEK) -> list[dict[str, Any]]:
    """List events."""
    answer = world.api(f"{EVENTS}?{query}", sent)
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def test_everybody_starts_with_events_of_their_own(world: World) -> None:
    """The week around now has some, a weekly one among them, and no two people's are alike."""
    seen = []
    for account in ("sarah", "john", "maria", "pat", "admin"):
        events = items(world, token(world, account))
        assert any("recurringEventId" in event for event in events)
        assert len(events) >= 3
        seen.append(tuple(event["summary"] for event in events))
    assert len(set(seen)) == len(seen)


def test_an_event_has_googles_shape(world: World) -> None:
    """Times carry their offset, in the event's zone or the one that is asked for."""
    sent = token(world)
    made = world.api(EVENTS, sent, "POST", json=draft()).json()
    assert (made["kind"], made["status"]) == ("calendar#event", "confirmed")
    assert made["start"] == {"dateTime": "2026-03-04T10:00:00+01:00", "timeZone": "Europe/Berlin"}
    assert made["organizer"]["self"] is True
    assert made["attendees"] == [{"email": "john@company.com", "responseStatus": "needsAction"}]
    shown = world.api(f"{EVENTS}/{made['id']}?timeZone=UTC", sent).json()
    assert shown["start"]["dateTime"] == "2026-03-04T09:00:00Z"
    listed = world.api(f"{EVENTS}?{WEEK}", sent).json()
    assert (listed["kind"], listed["timeZone"], listed["accessRole"]) == (
        "calendar#events",
        "UTC",
        "owner",
    )


def test_a_whole_day_has_dates(world: World) -> None:
    """And no time at all."""
    day = {"start": {"date": "2026-03-05"}, "end": {"date": "2026-03-06"}}
    made = world.api(EVENTS, token(world), "POST", json=draft(**day)).json()
    assert (made["start"], made["end"]) == ({"date": "2026-03-05"}, {"date": "2026-03-06"})


def test_a_series_is_one_event_or_many(world: World) -> None:
    """With singleEvents its occurrences come in order, each to be got; without it the rule."""
    sent = token(world)
    month = WEEK.replace("03-09", "03-30")
    weekly = [event for event in items(world, sent, month) if "recurringEventId" in event]
    assert len(weekly) == 4
    assert weekly[0]["originalStartTime"] == weekly[0]["start"]
    one = world.api(f"{EVENTS}/{weekly[1]['id']}", sent).json()
    assert one["start"] == weekly[1]["start"]
    (series,) = [e for e in items(world, sent, "maxResults=100") if "recurrence" in e]
    assert series["id"] == weekly[0]["recurringEventId"]
    assert series["recurrence"][0].startswith("RRULE:FREQ=WEEKLY;BYDAY=")


def test_lists_come_in_pages(world: World) -> None:
    """All pages together hold each event once, in order."""
    sent = token(world)
    everything = items(world, sent)
    first = world.api(f"{EVENTS}?{WEEK}&maxResults=2", sent).json()
    assert len(first["items"]) == 2
    found, page = first["items"], first
    while "nextPageToken" in page:
        page = world.api(
            f"{EVENTS}?{WEEK}&maxResults=2&pageToken={page['nextPageToken']}", sent
        ).json()
        found += page["items"]
    assert found == everything
    starts = [next(iter(event["start"].values()))[:10] for event in found]
    assert starts == sorted(starts)


def test_words_are_searched(world: World) -> None:
    """In title, text, place and guests."""
    sent = token(world)
    world.api(EVENTS, sent, "POST", json=draft())
    for words in ("kick-off", "WHO does", "attic", "john@company.com"):
        assert [e["summary"] for e in items(world, sent, f"q={quote(words)}")] == ["Kick-off"]
    assert items(world, sent, "q=nonsense") == []


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("timeMin=2026-03-02T00:00:00", "badRequest"),
        ("timeMax=2026-03-02", "badRequest"),
        ("timeMin=2026-03-09T00:00:00Z&timeMax=2026-03-02T00:00:00Z", "timeRangeEmpty"),
        ("orderBy=startTime", "badRequest"),
        ("orderBy=summary", "invalid"),
        ("maxResults=0", "invalid"),
        ("maxResults=2501", "invalid"),
        ("pageToken=rubbish", "invalid"),
        ("timeZone=Middle_Earth", "invalid"),
        ("singleEvents=yes", "invalid"),
    ],
)
def test_a_query_that_can_not_be_is_400(world: World, query: str, reason: str) -> None:
    """A time without offset, an order without single events, and whatever else is wrong."""
    answer = world.api(f"{EVENTS}?{query}", token(world))
    assert answer.status_code == 400
    assert answer.json()["error"]["errors"][0]["reason"] == reason


@pytest.mark.parametrize(
    "changes",
    [
        {"start": None},
        {"start": {"dateTime": "2026-03-04T12:00:00+01:00"}},
        {"start": {"dateTime": "2026-03-04T10:00:00"}},
        {"start": {"dateTime": "2026-03-04T10:00:00", "timeZone": "Middle_Earth"}},
        {"start": {"date": "2026-03-04"}},
        {"start": {"date": "soon"}, "end": {"date": "2026-03-05"}},
        {"id": "with-a-hyphen"},
        {"id": "abcd"},
        {"id": "wxyzwxyz"},
        {"attendees": [{}]},
        {"recurrence": ["RRULE:FREQ=DAILY"]},
    ],
)
def test_an_event_that_can_not_be_is_400(world: World, changes: dict[str, Any]) -> None:
    """And nothing is made."""
    sent = token(world)
    before = items(world, sent, "")
    assert world.api(EVENTS, sent, "POST", json=draft(**changes)).status_code == 400
    assert world.api(f"{EVENTS}?sendUpdates=some", sent, "POST", json=draft()).status_code == 400
    assert items(world, sent, "") == before


def test_the_same_id_again_is_409(world: World) -> None:
    """Also after the event was deleted; the first event stays as it was."""
    sent = token(world)
    own = "0123456789abcdefv"
    first = world.api(f"{EVENTS}?sendUpdates=all", sent, "POST", json=draft(id=own))
    again = world.api(EVENTS, sent, "POST", json=draft(id=own, summary="Other"))
    assert (first.status_code, first.json()["id"]) == (200, own)
    assert (again.status_code, again.json()["error"]["errors"][0]["reason"]) == (409, "duplicate")
    assert world.api(f"{EVENTS}/{own}", sent).json()["summary"] == "Kick-off"
    assert world.api(f"{EVENTS}/{own}", sent, "DELETE").status_code == 204
    assert world.api(EVENTS, sent, "POST", json=draft(id=own)).status_code == 409


def test_who_is_invited_has_the_event_too(world: World) -> None:
    """Under the same id; cancelled for all once the organizer deletes it, 410 the second time."""
    sarah, john = token(world), token(world, "john")
    made = world.api(EVENTS, sarah, "POST", json=draft()).json()
    copy = world.api(f"{EVENTS}/{made['id']}", john).json()
    assert (copy["summary"], copy["iCalUID"]) == ("Kick-off", made["iCalUID"])
    assert copy["organizer"] == {"email": "sarah@company.com", "displayName": "Sarah Jensen"}
    assert copy["attendees"][0]["self"] is True
    assert world.api(f"{EVENTS}/{made['id']}", sarah, "DELETE").status_code == 204
    assert world.api(f"{EVENTS}/{made['id']}", john).json()["status"] == "cancelled"
    assert made["id"] not in [event["id"] for event in items(world, john)]
    assert made["id"] in [event["id"] for event in items(world, john, f"{WEEK}&showDeleted=true")]
    again = world.api(f"{EVENTS}/{made['id']}", sarah, "DELETE")
    assert (again.status_code, again.json()["error"]["errors"][0]["reason"]) == (410, "deleted")


def test_a_taken_id_does_not_hide_an_invitation(world: World) -> None:
    """Whoever has an event of that id already gets the other one under another id."""
    john, sarah = token(world, "john"), token(world)
    own = draft(id="abcde12345", summary="John's own", attendees=[])
    world.api(EVENTS, john, "POST", json=own)
    world.api(EVENTS, sarah, "POST", json=draft(id="abcde12345"))
    assert world.api(f"{EVENTS}/abcde12345", john).json()["summary"] == "John's own"
    assert [event["summary"] for event in items(world, john, "q=Kick-off")] == ["Kick-off"]


def test_only_ones_own_calendar_is_there(world: World) -> None:
    """`primary` and the own address name it; another person's is 404, and so are their events."""
    sarah, john = token(world), token(world, "john")
    own = world.api(f"{CALENDAR}/calendars/sarah%40company.com/events?{WEEK}", sarah)
    assert own.json()["items"] == items(world, sarah)
    other = world.api(f"{CALENDAR}/calendars/john%40company.com/events", sarah)
    assert (other.status_code, other.json()["error"]["status"]) == (404, "NOT_FOUND")
    made = world.api(EVENTS, sarah, "POST", json=draft(attendees=[])).json()
    assert world.api(f"{EVENTS}/{made['id']}", john).status_code == 404
    assert world.api(f"{EVENTS}/{made['id']}", john, "DELETE").status_code == 404


def test_the_list_of_calendars_has_the_own_one(world: World) -> None:
    """One entry, the primary one."""
    sent = token(world, "pat", "calendar.calendarlist.readonly")
    answer = world.api(f"{CALENDAR}/users/me/calendarList", sent).json()
    (entry,) = answer["items"]
    assert (answer["kind"], entry["id"]) == ("calendar#calendarList", "pat.lee@company.com")
    assert (entry["primary"], entry["accessRole"]) == (True, "owner")


def test_scopes_are_checked(world: World) -> None:
    """A reader may not write; the answer names the scopes that would do."""
    reader = token(world, "sarah", "calendar.events.readonly")
    refused = world.api(EVENTS, reader, "POST", json=draft())
    assert refused.status_code == 403
    assert refused.json()["error"]["details"][0]["reason"] == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"
    assert "calendar.events" in refused.headers["WWW-Authenticate"]
    assert items(world, reader) != []
    assert world.api(f"{CALENDAR}/users/me/calendarList", reader).status_code == 403
    assert world.api(EVENTS, "x").json()["error"]["status"] == "UNAUTHENTICATED"
