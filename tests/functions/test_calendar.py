"""A person's calendar through the functions: lists, and events that are made once, of either provider."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from werkzeug.test import TestResponse

from multi_user_oauth.sandbox.company import JOHN, SARAH
from multi_user_oauth.sandbox.office.calendar_events import find
from tests.support.connectors import CONNECTORS, agent_for, connected, wide
from tests.support.functions import FORM, GOOGLE, MICROSOFT, Installation, Visitor, code, identity

BOTH = pytest.mark.parametrize("connector_type", [MICROSOFT, GOOGLE])
ENDPOINTS = {MICROSOFT: "graph", GOOGLE: "google_calendar"}
PROVIDERS = {MICROSOFT: "microsoft", GOOGLE: "google"}
WINDOW = {"from": "2026-01-05T00:00:00Z", "to": "2026-01-26T00:00:00Z"}
HOLD = 150
"""Seconds for which nobody sends what somebody may be sending."""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, keys: Mapping[str, str]) -> Installation:
    """Sarah and John, connected to both; what a test makes has a subject of its own."""
    office = connected(wide(tmp_path_factory.mktemp("office"), keys), SARAH, JOHN)
    office.agent().call("connectors", "GET", path(GOOGLE), query_string=whose())  # keys are fetched
    return office


@pytest.fixture
def agent(office: Installation) -> Visitor:
    """An agent who may do everything."""
    return office.agent()


def path(connector_type: str) -> str:
    """Return the route."""
    return f"{CONNECTORS}/{connector_type}/calendar/events"


def whose(**changes: str) -> dict[str, str]:
    """Return a query for Sarah's events of some weeks."""
    return {"user_email": SARAH.email} | WINDOW | changes


def get(visitor: Visitor, connector_type: str, **changes: str) -> TestResponse:
    """Ask for Sarah's events."""
    query = {name: value for name, value in whose(**changes).items() if value}
    return visitor.call("connectors", "GET", path(connector_type), query_string=query)


def events(response: TestResponse) -> list[dict[str, Any]]:
    """Return what a list holds."""
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = (response.json or {})["events"]
    return found


def wish(subject: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401  # reason: any JSON
    """Return an event to make."""
    return {
        "user_email": SARAH.email,
        "subject": subject,
        "from": "2026-02-03T09:00:00+01:00",
        "to": "2026-02-03T08:30:00Z",
        "time_zone": "Europe/Berlin",
    } | changes


def make(
    visitor: Visitor, connector_type: str, body: dict[str, Any], key: str | None = None
) -> TestResponse:
    """Make an event of Sarah's."""
    headers = dict(FORM) | ({"Idempotency-Key": key} if key else {})
    return visitor.call("connectors", "POST", path(connector_type), json=body, headers=headers)


def made(visitor: Visitor, connector_type: str, subject: str) -> list[dict[str, Any]]:
    """Return the events of this subject that are in Sarah's calendar."""
    window = {"from": "2026-02-01T00:00:00Z", "to": "2026-02-10T00:00:00Z"}
    found = events(get(visitor, connector_type, **window))
    return [event for event in found if event["subject"] == subject]


def fail(office: Installation, connector_type: str, kind: str, **fields: Any) -> None:  # noqa: ANN401  # reason: of Fault
    """Let the calendar's API fail, by default once."""
    provider, endpoint = PROVIDERS[connector_type], ENDPOINTS[connector_type]
    office.sandbox.add_fault(provider=provider, endpoint=endpoint, kind=kind, **fields)


@BOTH
def test_everybody_sees_their_own_events_and_nobody_elses(
    office: Installation, connector_type: str
) -> None:
    """A person by a session reads their own, and is told of nobody else's."""
    sarah = office.person(identity(connector_type, SARAH))
    mine = events(get(sarah, connector_type))
    theirs = events(get(office.agent(), connector_type, user_email=JOHN.email))
    assert mine
    assert theirs
    assert not {each["id"] for each in mine} & {each["id"] for each in theirs}
    refused = get(sarah, connector_type, user_email=JOHN.email)
    assert (refused.status_code, code(refused)) == (404, "not_connected")


@BOTH
def test_events_come_in_order_and_page_by_page(agent: Visitor, connector_type: str) -> None:
    """Series as single events; the pages hold what the whole list holds."""
    whole = events(get(agent, connector_type))
    page = get(agent, connector_type, limit="2")
    paged = events(page)
    assert len(paged) == 2
    while token := (page.json or {}).get("next_page_token"):
        page = get(agent, connector_type, limit="2", page_token=token)
        paged += events(page)
    assert paged == whole
    assert [each["from"] for each in whole] == sorted(each["from"] for each in whole)
    assert len({each["subject"] for each in whole}) < len(whole), (
        "a weekly one is there three times"
    )


@BOTH
def test_a_page_token_is_good_for_its_caller_and_its_list_alone(
    office: Installation, agent: Visitor, connector_type: str
) -> None:
    """N73: it is sealed; what it says is never sent on for another list or person."""
    token = (get(agent, connector_type, limit="1").json or {})["next_page_token"]
    assert "googleapis" not in token
    assert "graph" not in token
    other = office.agent(agent_for("calendar.read"))
    for refused in (
        get(other, connector_type, limit="1", page_token=token),
        get(agent, connector_type, limit="1", page_token=token, to="2026-01-20T00:00:00Z"),
        get(agent, connector_type, limit="1", page_token=token, user_email=JOHN.email),
        get(agent, connector_type, page_token=f"{token}x"),
        get(agent, connector_type, page_token="https://evil.example/"),
    ):
        assert (refused.status_code, code(refused)) == (400, "invalid_request")
        assert (refused.json or {})["field"] == "page_token"


@BOTH
def test_times_are_told_in_the_zone_that_is_asked_for(agent: Visitor, connector_type: str) -> None:
    """The same moments; and UTC where none is named. A whole day is one where the caller looks from."""
    plain = events(get(agent, connector_type))
    there = events(get(agent, connector_type, time_zone="America/New_York"))
    assert {each["time_zone"] for each in plain} == {"UTC"}
    assert {each["time_zone"] for each in there} == {"America/New_York"}
    for one, other in zip(plain, there, strict=True):
        begins = [datetime.fromisoformat(each["from"]) for each in (one, other)]
        assert begins[1].utcoffset() == timedelta(hours=-5)
        if one["all_day"]:
            assert begins[0].replace(tzinfo=None) == begins[1].replace(tzinfo=None)
            assert begins[0].hour == 0
        else:
            assert begins[0] == begins[1]
    assert any(each["all_day"] for each in plain)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"from": ""}, "from"),
        ({"to": ""}, "to"),
        ({"from": "2026-01-05"}, "from"),
        ({"from": "2026-01-05T00:00:00"}, "from"),
        ({"from": "2026-01-05 00:00:00Z"}, "from"),
        ({"from": "2026-01-05T00:00:00 01:00"}, "from"),
        ({"from": "20260105T000000Z"}, "from"),
        ({"from": "2026-13-05T00:00:00Z"}, "from"),
        ({"from": "0001-01-01T00:00:00+01:00"}, "from"),
        ({"to": "9999-12-31T23:59:59-01:00"}, "to"),
        ({"to": "2026-01-05T00:00:00Z"}, "to"),
        ({"to": "2026-01-05T00:30:00+01:00"}, "to"),
        ({"to": "2027-01-06T00:00:01Z"}, "to"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"time_zone": "/etc/passwd"}, "time_zone"),
        ({"time_zone": "Europe"}, "time_zone"),
        ({"time_zone": "Europe/" + "x" * 99}, "time_zone"),
        ({"time_zone": "W. Europe Standard Time"}, "time_zone"),
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"limit": "-1"}, "limit"),
        ({"limit": "1e1"}, "limit"),
        ({"limit": "٣"}, "limit"),
        ({"page": "2"}, "page"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_by_name(
    office: Installation, agent: Visitor, changes: dict[str, str], field: str
) -> None:
    """Before anybody's token is touched."""
    office.sandbox.clear_requests()
    refused = get(agent, MICROSOFT, **changes)
    assert refused.status_code == 400
    assert (refused.json or {})["field"] == field
    assert office.sandbox.requests() == []


def test_a_whole_leap_year_may_be_asked_for(agent: Visitor) -> None:
    """366 days, with an offset in small letters too."""
    window = {"from": "2026-01-05t00:00:00z", "to": "2027-01-06T00:00:00Z"}
    assert get(agent, GOOGLE, **window).status_code == 200


@BOTH
def test_an_event_is_made_and_told_as_the_provider_has_it(
    agent: Visitor, connector_type: str
) -> None:
    """Guests are invited: it stands in their calendars too."""
    subject = f"Planning with {connector_type} 🧑‍💻"
    guests = ["John@Company.com", "orders@partner.example", "john@company.com"]
    more = {"location": "Room Ada", "body": "<b>1 < 2</b>\nBring coffee", "attendees": guests}
    response = make(agent, connector_type, wish(subject, **more))
    assert response.status_code == 201, response.text
    event = response.json or {}
    assert event["from"] == "2026-02-03T09:00:00+01:00"
    assert event["to"] == "2026-02-03T09:30:00+01:00"
    assert (event["subject"], event["location"]) == (subject, "Room Ada")
    assert event["attendees"] == ["john@company.com", "orders@partner.example"]
    assert event["time_zone"] == "Europe/Berlin"
    assert event["web_url"].startswith("https://")
    assert "Idempotency-Replayed" not in response.headers
    assert len(made(agent, connector_type, subject)) == 1
    window = {"from": "2026-02-03T00:00:00Z", "to": "2026-02-04T00:00:00Z"}
    johns = events(get(agent, connector_type, user_email=JOHN.email, **window))
    assert subject in {each["subject"] for each in johns}


@BOTH
def test_the_same_key_makes_one_event(
    office: Installation, agent: Visitor, connector_type: str
) -> None:
    """N69: the answer is that of the first call; another body is refused, another caller is another."""
    subject, key = f"Once {connector_type}", f"once-{connector_type}"
    first = make(agent, connector_type, wish(subject), key)
    again = make(agent, connector_type, wish(subject), key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json == again.json
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(made(agent, connector_type, subject)) == 1
    other = make(agent, connector_type, wish(subject, location="Elsewhere"), key)
    assert (other.status_code, code(other)) == (409, "idempotency_key_reused")
    somebody = office.agent(agent_for("calendar.write"))
    assert make(somebody, connector_type, wish(subject), key).status_code == 201
    assert len(made(agent, connector_type, subject)) == 2
    for _ in range(2):
        assert make(agent, connector_type, wish(subject)).status_code == 201
    assert len(made(agent, connector_type, subject)) == 4, "without a key, each call is one"


@BOTH
@pytest.mark.parametrize("kind", ["status_after", "drop_after"])
def test_an_event_whose_answer_was_lost_is_found(
    office: Installation, agent: Visitor, connector_type: str, kind: str
) -> None:
    """N67: made, then 504; the provider is asked for what it made, and a repeat makes nothing."""
    subject, key = f"Lost {connector_type} {kind}", f"lost-{connector_type}-{kind}"
    fail(office, connector_type, kind, status=504)
    first = make(agent, connector_type, wish(subject), key)
    assert first.status_code == 201, first.text
    again = make(agent, connector_type, wish(subject), key)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json == first.json
    assert len(made(agent, connector_type, subject)) == 1


@BOTH
def test_an_event_that_nobody_could_ask_for_is_found_later(
    office: Installation, agent: Visitor, connector_type: str
) -> None:
    """N67: made, then 504, and the look fails too: unknown, until the next call with the same key."""
    subject, key = f"Unknown {connector_type}", f"unknown-{connector_type}"
    fail(office, connector_type, "status_after", status=504, times=2)
    first = make(agent, connector_type, wish(subject), key)
    assert (first.status_code, code(first)) == (409, "outcome_unknown")
    again = make(agent, connector_type, wish(subject), key)
    assert again.status_code == 201, again.text
    assert again.headers["Idempotency-Replayed"] == "true"
    ids = [each["id"] for each in made(agent, connector_type, subject)]
    assert ids == [(again.json or {})["id"]]


@BOTH
def test_an_event_that_was_not_made_is_made_by_the_next_call(
    office: Installation, agent: Visitor, connector_type: str
) -> None:
    """504 and nothing done; nobody sends it again until the first call is surely over."""
    subject, key = f"Not made {connector_type}", f"not-made-{connector_type}"
    fail(office, connector_type, "status", status=504)
    first = make(agent, connector_type, wish(subject), key)
    assert (first.status_code, code(first)) == (409, "outcome_unknown")
    assert made(agent, connector_type, subject) == []
    waiting = make(agent, connector_type, wish(subject), key)
    assert (waiting.status_code, code(waiting)) == (409, "send_in_progress")
    office.clock.advance(HOLD)
    later = make(office.agent(), connector_type, wish(subject), key)
    assert later.status_code == 201
    assert len(made(office.agent(), connector_type, subject)) == 1


@BOTH
def test_an_event_that_can_not_be_read_back_was_made(
    office: Installation, agent: Visitor, connector_type: str
) -> None:
    """It is told as it was asked for: an error would let the caller make it again."""
    subject, key = f"Unread {connector_type}", f"unread-{connector_type}"
    fail(office, connector_type, "slow")  # the making: only the second call fails
    fail(office, connector_type, "status", status=500)
    first = make(agent, connector_type, wish(subject, attendees=[JOHN.email]), key)
    assert first.status_code == 201, first.text
    event = first.json or {}
    assert (event["subject"], event["attendees"]) == (subject, [JOHN.email])
    assert [each["id"] for each in made(agent, connector_type, subject)] == [event["id"]]

    state = office.sandbox.app.extensions["sandbox"]
    kept = state.office.calendars.of(PROVIDERS[connector_type], SARAH, state.now())
    found = find(kept, event["id"])
    assert found is not None
    state.office.calendars.remove(found, SARAH)
    replay = make(agent, connector_type, wish(subject, attendees=[JOHN.email]), key)
    assert replay.status_code == 201
    assert (replay.json or {})["id"] == event["id"]
    assert made(agent, connector_type, subject) == [], "called off since, and not made again"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"subject": "Planning\r\nBcc: all@company.com"}, "subject"),
        ({"subject": "a\u2028b"}, "subject"),
        ({"subject": "x" * 999}, "subject"),
        ({"subject": 7}, "subject"),
        ({"location": "a\x00b"}, "location"),
        ({"location": "x" * 1001}, "location"),
        ({"attendees": ["John <john@company.com>"]}, "attendees"),
        ({"attendees": ["john@company.com\r\nX: 1"]}, "attendees"),
        ({"attendees": [f"a{number}@company.com" for number in range(501)]}, "attendees"),
        ({"from": "2026-02-03T09:00:00"}, "from"),
        ({"to": "2026-02-03T08:00:00Z"}, "to"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"purpose": "a\nb"}, "purpose"),
        ({"user_id": "victim"}, "user_id"),
        ({"calendar_id": "john@company.com"}, "calendar_id"),
        ({"user_email": "nobody"}, "user_email"),
    ],
)
def test_an_event_that_makes_no_sense_is_refused_by_name(
    office: Installation, agent: Visitor, changes: dict[str, Any], field: str
) -> None:
    """N73b, N40: nothing is sent; nobody's calendar but the connection's own can be named."""
    office.sandbox.clear_requests()
    refused = make(agent, MICROSOFT, wish("Never") | changes)
    assert refused.status_code == 400, refused.text
    assert (refused.json or {})["field"] == field
    assert office.sandbox.requests() == []


def test_what_a_request_carries_has_its_limits(agent: Visitor) -> None:
    """A body of a mebibyte; a query where none is known; a key of two lines."""
    large = make(agent, MICROSOFT, wish("Never", body="x" * 1024 * 1024))
    assert (large.status_code, code(large)) == (413, "body_too_large")
    query = {"sendUpdates": "none"}
    asked = agent.call("connectors", "POST", path(GOOGLE), json=wish("Never"), query_string=query)
    assert (asked.status_code, code(asked)) == (400, "unknown_field")
    long = make(agent, MICROSOFT, wish("Never"), "k" * 201)
    assert (long.json or {})["field"] == "Idempotency-Key"
    most = wish("Most", attendees=[f"a{number}@company.com" for number in range(500)])
    assert make(agent, GOOGLE, most | {"subject": "x" * 998}).status_code == 201


def test_each_action_is_allowed_by_itself(office: Installation) -> None:
    """Who may read may not make, and the other way round."""
    reader, writer = (office.agent(agent_for(f"calendar.{what}")) for what in ("read", "write"))
    assert get(reader, MICROSOFT).status_code == 200
    assert make(writer, MICROSOFT, wish("By a writer")).status_code == 201
    for refused in (
        make(reader, MICROSOFT, wish("By a reader")),
        get(writer, MICROSOFT),
        get(office.agent(agent_for("mail.read")), MICROSOFT),
    ):
        assert refused.status_code in (403, 404)
    assert made(reader, MICROSOFT, "By a reader") == []


def test_the_bare_address_serves_too(agent: Visitor) -> None:
    """Without the public prefix, as under the function's own address."""
    query = whose()
    response = agent.call("connectors", "GET", f"/{MICROSOFT}/calendar/events", query_string=query)
    assert events(response)
    assert quote(SARAH.email) not in response.text
