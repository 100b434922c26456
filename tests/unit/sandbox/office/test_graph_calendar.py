"""Outlook's calendar in the sandbox: windows, zones, paging, invitations, one event for one id."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from multi_user_oauth.sandbox.company import ACCOUNTS
from multi_user_oauth.sandbox.office.calendar_events import blank, find, occurrences

from ..conftest import ManualClock, World, make_sandbox

ME = "https://graph.microsoft.com/v1.0/me"
WEEK = f"{ME}/calendarView?startDateTime=2026-03-02T00:00:00Z&endDateTime=2026-03-09T00:00:00Z"
YEARS = f"{ME}/calendarView?startDateTime=2026-01-01T00:00:00Z&endDateTime=2027-12-31T00:00:00Z"


def token(world: World, account: str = "sarah", *scopes: str) -> str:
    """Sign a person in for calendars."""
    access_token: str = world.microsoft(account, *(scopes or ("Calendars.ReadWrite",)))[
        "access_token"
    ]
    return access_token


def draft(**changes: Any) -> dict[str, Any]:  # noqa: ANN401  # reason: any field of an event
    """Give an event as Graph takes it."""
    return {
        "subject": "Kick-off",
        "body": {"contentType": "text", "content": "1 < 2 & so on"},
        "start": {"dateTime": "2026-03-04T10:00:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": "2026-03-04T11:00:00", "timeZone": "Europe/Berlin"},
        "location": {"displayName": "Room Ada"},
        "attendees": [{"emailAddress": {"address": "john@company.com"}, "type": "required"}],
    } | changes


def make(world: World, sent: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401  # reason: any field of an event
    """Make an event."""
    answer = world.api(f"{ME}/events", sent, "POST", json=draft(**changes))
    assert answer.status_code == 201
    made: dict[str, Any] = answer.json()
    return made


def test_everybody_starts_with_events_of_their_own(world: World) -> None:
    """The week around now has some, a weekly one among them, and no two people's are alike."""
    seen = []
    for account in ("sarah", "john", "maria", "pat", "admin"):
        events = world.api(WEEK, token(world, account)).json()["value"]
        assert "occurrence" in {event["type"] for event in events}
        assert len(events) >= 3
        seen.append(tuple(event["subject"] for event in events))
    assert len(set(seen)) == len(seen)


def test_an_event_has_graphs_shape(world: World) -> None:
    """Times are naive with seven decimals and their zone beside them; the organizer is me."""
    made = make(world, token(world))
    assert made["start"] == {"dateTime": "2026-03-04T09:00:00.0000000", "timeZone": "UTC"}
    assert made["originalStartTimeZone"] == "Europe/Berlin"
    assert made["createdDateTime"] == "2026-03-02T09:00:00.0000000Z"
    assert made["organizer"]["emailAddress"]["address"] == "sarah@company.com"
    assert made["attendees"][0]["status"]["response"] == "none"
    assert (made["type"], made["isAllDay"], made["recurrence"]) == ("singleInstance", False, None)
    assert made["bodyPreview"] == "1 < 2 & so on"
    assert "1 &lt; 2 &amp; so on" in made["body"]["content"]


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("Europe/Berlin", "2026-03-04T10:00:00.0000000"),
        ("W. Europe Standard Time", "2026-03-04T10:00:00.0000000"),
        ("America/New_York", "2026-03-04T04:00:00.0000000"),
    ],
)
def test_times_come_in_the_zone_that_is_asked_for(world: World, zone: str, shown: str) -> None:
    """Prefer takes IANA and Windows names; the answer says what was applied."""
    sent = token(world)
    made = make(world, sent)
    headers = {
        "Authorization": f"Bearer {sent}",
        "Prefer": f'outlook.timezone="{zone}", outlook.body-content-type="text"',
    }
    answer = world.session.get(f"{ME}/events/{made['id']}", headers=headers, timeout=5)
    assert answer.json()["start"] == {"dateTime": shown, "timeZone": zone}
    assert answer.json()["body"] == {"contentType": "text", "content": "1 < 2 & so on"}
    assert f'outlook.timezone="{zone}"' in answer.headers["Preference-Applied"]


@pytest.mark.parametrize("zone", ["Europe", "Middle Earth Standard Time", "../etc/passwd", ""])
def test_a_zone_that_nobody_knows_is_400(world: World, zone: str) -> None:
    """Neither a reader nor a writer may name one."""
    sent = token(world)
    headers = {"Authorization": f"Bearer {sent}", "Prefer": f'outlook.timezone="{zone or "?"}"'}
    assert world.session.get(WEEK, headers=headers, timeout=5).status_code == 400
    wrong = draft(start={"dateTime": "2026-03-04T10:00:00", "timeZone": zone})
    answer = world.api(f"{ME}/events", sent, "POST", json=wrong)
    assert answer.json()["error"]["code"] == "TimeZoneNotSupportedException"


def test_a_weekly_event_stays_at_its_hour_and_is_listed_once(world: World) -> None:
    """The view gives occurrences a week apart, events the series; an occurrence can be got."""
    sent = token(world)
    found = world.api(f"{YEARS}&$top=1000", sent).json()["value"]
    weekly = [event for event in found if event["type"] == "occurrence"]
    assert len(weekly) > 50
    assert len({event["start"]["dateTime"][11:] for event in weekly}) == 1
    assert len({event["id"] for event in weekly}) == len(weekly)
    one = world.api(f"{ME}/events/{weekly[1]['id']}", sent).json()
    assert (one["type"], one["start"]) == ("occurrence", weekly[1]["start"])
    (series,) = [
        event
        for event in world.api(f"{ME}/events", sent).json()["value"]
        if event["type"] == "seriesMaster"
    ]
    assert series["id"] == one["seriesMasterId"]
    assert series["recurrence"]["pattern"]["type"] == "weekly"
    assert series["recurrence"]["range"]["type"] == "noEnd"


def test_a_weekly_event_is_found_years_later(world: World) -> None:
    """A series has no end."""
    later = WEEK.replace("2026-03", "2033-03")
    events = world.api(later, token(world)).json()["value"]
    assert [event["type"] for event in events] == ["occurrence"]


def test_lists_come_in_pages_of_ten(world: World) -> None:
    """The next link is a full address at Graph; all pages together hold each event once."""
    sent = token(world)
    first = world.api(YEARS, sent).json()
    assert len(first["value"]) == 10
    link = first["@odata.nextLink"]
    assert link.startswith("https://graph.microsoft.com/v1.0/me/calendarView?")
    assert "$skiptoken=" in link
    second = world.api(link, sent).json()["value"]
    everything = world.api(f"{YEARS}&$top=20", sent).json()["value"]
    assert first["value"] + second == everything
    starts = [event["start"]["dateTime"] for event in everything]
    assert starts == sorted(starts)


def test_select_and_orderby(world: World) -> None:
    """Only what is selected comes, with the id; the order can be turned round."""
    sent = token(world)
    url = f"{WEEK}&$select=subject,start&$orderby=start/dateTime desc"
    events = world.api(url, sent).json()["value"]
    assert set(events[0]) == {"@odata.etag", "id", "subject", "start"}
    starts = [event["start"]["dateTime"] for event in events]
    assert starts == sorted(starts, reverse=True)


@pytest.mark.parametrize(
    "url",
    [
        f"{ME}/calendarView",
        f"{ME}/calendarView?startDateTime=2026-03-09T00:00:00Z&endDateTime=2026-03-02T00:00:00Z",
        f"{ME}/calendarView?startDateTime=monday&endDateTime=friday",
        f"{WEEK}&$top=0",
        f"{WEEK}&$top=1001",
        f"{WEEK}&$top=ten",
        f"{WEEK}&$orderby=body",
        f"{WEEK}&$select=colour",
        f"{WEEK}&$skiptoken=rubbish",
        f"{WEEK}&$filter=subject eq 'x'",
    ],
)
def test_a_query_that_can_not_be_is_400(world: World, url: str) -> None:
    """Nothing is guessed."""
    assert world.api(url, token(world)).status_code == 400


@pytest.mark.parametrize(
    "changes",
    [
        {"start": {"dateTime": "2026-03-04T12:00:00", "timeZone": "Europe/Berlin"}},
        {"start": {"dateTime": "2026-03-04T10:00:00+01:00", "timeZone": "Europe/Berlin"}},
        {"start": {"dateTime": "soon", "timeZone": "UTC"}},
        {"start": None},
        {"isAllDay": True},
        {"subject": 5},
        {"recurrence": {"pattern": {"type": "daily"}}},
    ],
)
def test_an_event_that_can_not_be_is_400(world: World, changes: dict[str, Any]) -> None:
    """And nothing is made."""
    sent = token(world)
    before = world.api(f"{ME}/events", sent).json()["value"]
    assert world.api(f"{ME}/events", sent, "POST", json=draft(**changes)).status_code == 400
    assert world.api(f"{ME}/events", sent, "POST", data=b"{").status_code == 400
    assert world.api(f"{ME}/events", sent).json()["value"] == before


def test_a_whole_day_is_midnight_in_every_zone(world: World) -> None:
    """It does not move into the day before for somebody further west."""
    sent = token(world)
    day = {"start": {"dateTime": "2026-03-05T00:00:00", "timeZone": "Europe/Berlin"}}
    day |= {"end": {"dateTime": "2026-03-06T00:00:00", "timeZone": "Europe/Berlin"}}
    made = make(world, sent, isAllDay=True, **day)
    assert made["start"]["dateTime"] == "2026-03-05T00:00:00.0000000"
    headers = {"Authorization": f"Bearer {sent}", "Prefer": 'outlook.timezone="America/New_York"'}
    shown = world.session.get(f"{ME}/events/{made['id']}", headers=headers, timeout=5).json()
    assert shown["start"]["dateTime"] == "2026-03-05T00:00:00.0000000"


def test_the_same_transaction_id_makes_one_event(world: World) -> None:
    """A retry gets the event that was made before; another person's id is another thing."""
    sent = token(world)
    first = make(world, sent, transactionId="once")
    again = make(world, sent, transactionId="once", subject="Other")
    assert (again["id"], again["subject"]) == (first["id"], "Kick-off")
    assert make(world, token(world, "john"), transactionId="once")["id"] != first["id"]


def test_who_is_invited_has_the_event_too(world: World) -> None:
    """Under an id of their own and the same iCalUId; the organizer's delete takes all away."""
    sarah, john = token(world), token(world, "john")
    made = make(world, sarah)
    (copy,) = [
        event
        for event in world.api(WEEK, john).json()["value"]
        if event["iCalUId"] == made["iCalUId"]
    ]
    assert copy["id"] != made["id"]
    assert (copy["isOrganizer"], copy["responseStatus"]["response"]) == (False, "notResponded")
    assert world.api(f"{ME}/events/{made['id']}", sarah, "DELETE").status_code == 204
    gone = world.api(f"{ME}/events/{copy['id']}", john)
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "ErrorItemNotFound")
    assert world.api(f"{ME}/events/{made['id']}", sarah, "DELETE").status_code == 404


def test_a_guest_deletes_their_own_copy_only(world: World) -> None:
    """The organizer keeps the event."""
    sarah, john = token(world), token(world, "john")
    made = make(world, sarah)
    events = world.api(f"{ME}/events?$top=50", john).json()["value"]
    (copy,) = [event["id"] for event in events if event["iCalUId"] == made["iCalUId"]]
    assert world.api(f"{ME}/events/{copy}", john, "DELETE").status_code == 204
    assert world.api(f"{ME}/events/{made['id']}", sarah).status_code == 200


def test_one_occurrence_can_be_taken_out(world: World) -> None:
    """The week after it still takes place."""
    sent = token(world)
    weekly = [e for e in world.api(YEARS, sent).json()["value"] if e["type"] == "occurrence"]
    assert world.api(f"{ME}/events/{weekly[0]['id']}", sent, "DELETE").status_code == 204
    left = [e["id"] for e in world.api(YEARS, sent).json()["value"] if e["type"] == "occurrence"]
    assert weekly[0]["id"] not in left
    assert weekly[1]["id"] in left


def test_somebody_elses_event_is_404(world: World) -> None:
    """Whoever knows the id sees nothing by it."""
    made = make(world, token(world), attendees=[])
    for method in ("GET", "DELETE"):
        assert (
            world.api(f"{ME}/events/{made['id']}", token(world, "maria"), method).status_code == 404
        )


def test_scopes_are_checked(world: World) -> None:
    """Reading does not allow to write, ReadBasic not to see the text, mail nothing at all."""
    read = token(world, "sarah", "Calendars.Read")
    basic = token(world, "sarah", "Calendars.ReadBasic")
    mail = token(world, "sarah", "Mail.Read")
    assert world.api(f"{ME}/events", read, "POST", json=draft()).status_code == 403
    assert "body" in world.api(f"{ME}/events", read).json()["value"][0]
    assert "body" not in world.api(f"{ME}/events", basic).json()["value"][0]
    assert world.api(WEEK, mail).json()["error"]["code"] == "ErrorAccessDenied"
    assert world.api(WEEK, "x").status_code == 401


def test_events_outlive_a_restart(clock: ManualClock, tmp_path: Path) -> None:
    """Made, taken out and started with: all of it is there again."""
    before = World.around(make_sandbox(clock, tmp_path / "state.json"), clock)
    sent = token(before)
    make(before, sent)
    told = before.api(WEEK, sent).json()["value"]
    after = World.around(make_sandbox(clock, tmp_path / "state.json", 10_000), clock)
    assert after.api(WEEK, sent).json()["value"] == told


def test_the_page_shows_a_persons_events(world: World) -> None:
    """Of both providers, escaped; somebody unknown is the first person of the company."""
    make(world, token(world), subject="<b>Fair</b>")
    page = world.sandbox.app.test_client().get("/calendar?who=sarah").text
    assert "&lt;b&gt;Fair&lt;/b&gt;" in page
    assert "Outlook" in page
    assert "Google" in page
    assert (
        "invited by Sarah Jensen" in world.sandbox.app.test_client().get("/calendar?who=john").text
    )
    nobody = world.sandbox.app.test_client().get("/calendar?who=nobody").text
    assert f"Calendar of {ACCOUNTS[0].name}" in nobody


def test_a_weekly_event_follows_the_clock_on_the_wall() -> None:
    """At ten in Berlin all year: an hour earlier in UTC once summer time begins."""
    start = datetime.fromisoformat("2026-03-25T10:00:00")
    event = replace(
        blank("microsoft", ACCOUNTS[0], name="x", now=0.0),
        start=start,
        end=start + timedelta(hours=1),
        zone="Europe/Berlin",
        weekly=True,
        skipped=("20260408T080000Z",),
    )
    before = datetime.fromisoformat("2026-04-20T00:00:00+00:00")
    stamps = [found.stamp for found in occurrences(event, before=before)]
    assert stamps == ["20260325T090000Z", "20260401T080000Z", "20260415T080000Z"]
    assert find([event], "x_20260401T080000Z") is not None
    assert find([event], "x_20260401T090000Z") is None
    assert find([event], "x_20260408T080000Z") is None
