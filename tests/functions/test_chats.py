"""Chats, teams and channels through the functions."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from werkzeug.test import TestResponse

from multi_user_oauth.sandbox.company import JOHN, SARAH
from multi_user_oauth.sandbox.office.teams import Teams
from tests.support.connectors import CONNECTORS, agent_for, connected, wide
from tests.support.functions import FORM, GOOGLE, MICROSOFT, Installation, Visitor, code, identity

TEAM = "0c5f9c1e-6a0f-4a3c-9a55-2f5b7f5f3f10"
LONGEST = 28_000


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, keys: Mapping[str, str]) -> Installation:
    """Sarah and John, connected to both; what a test writes is a text of its own."""
    office = connected(wide(tmp_path_factory.mktemp("office"), keys), SARAH, JOHN)
    get(office.agent(), "chats")  # keys are fetched
    return office


@pytest.fixture
def agent(office: Installation) -> Visitor:
    """An agent who may do everything."""
    return office.agent()


def get(
    visitor: Visitor, what: str, connector_type: str = MICROSOFT, **changes: str
) -> TestResponse:
    """Read something of Sarah's."""
    query = {"user_email": SARAH.email} | changes
    path = f"{CONNECTORS}/{connector_type}/{what}"
    return visitor.call("connectors", "GET", path, query_string=query)


def listed(response: TestResponse, name: str) -> list[dict[str, Any]]:
    """Return what a list holds."""
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = (response.json or {})[name]
    return found


def write(
    visitor: Visitor,
    place: str,
    text: object,
    key: str | None = None,
    connector_type: str = MICROSOFT,
    **more: object,
) -> TestResponse:
    """Write somewhere as Sarah."""
    headers = dict(FORM) | ({"Idempotency-Key": key} if key else {})
    path = f"{CONNECTORS}/{connector_type}/{place}/messages"
    body = {"user_email": SARAH.email, "body": text} | more
    return visitor.call("connectors", "POST", path, json=body, headers=headers)


def a_chat(visitor: Visitor, topic: str = "Lunch") -> str:
    """Return the path of a chat."""
    found = next(c for c in listed(get(visitor, "chats"), "chats") if c["topic"] == topic)
    return f"chats/{quote(found['id'], safe='')}"


def a_channel(visitor: Visitor) -> str:
    """Return the path of a channel."""
    team = listed(get(visitor, "teams"), "teams")[0]["id"]
    channel = listed(get(visitor, f"teams/{team}/channels"), "channels")[0]["id"]
    return f"teams/{team}/channels/{quote(channel, safe='')}"


def said(office: Installation, text: str) -> list[tuple[str, str]]:
    """Return who wrote this, and as what kind of text."""
    kept = office.sandbox.app.extensions["sandbox"].office.teams.saved().messages
    return [(each.sender, each.body_type) for each in kept if each.body == text]


def test_everybody_sees_their_own_chats_and_teams(office: Installation) -> None:
    """A person by a session; nobody else's connection is there for them."""
    sarah = office.person(identity(MICROSOFT, SARAH))
    mine = listed(get(sarah, "chats"), "chats")
    assert all(SARAH.email in chat["members"] for chat in mine)
    theirs = listed(get(office.agent(), "chats", user_email=JOHN.email), "chats")
    assert {chat["id"] for chat in mine} != {chat["id"] for chat in theirs}
    assert [team["name"] for team in listed(get(sarah, "teams"), "teams")] == ["Sales"]
    for what in ("chats", "teams", f"teams/{TEAM}/channels"):
        refused = get(sarah, what, user_email=JOHN.email)
        assert (refused.status_code, code(refused)) == (404, "not_connected")


@pytest.mark.parametrize("place", ["chat", "channel"])
def test_a_message_is_written_as_the_person_and_as_text(
    office: Installation, agent: Visitor, place: str
) -> None:
    """What looks like HTML is none."""
    where = a_chat(agent) if place == "chat" else a_channel(agent)
    text = f"<b>1 < 2</b> & {place}\nbye 👋"
    response = write(agent, where, text)
    assert response.status_code == 201, response.text
    assert (response.json or {})["status"] == "sent"
    assert (response.json or {})["message_id"]
    assert said(office, text) == [(SARAH.id, "text")]


@pytest.mark.parametrize("place", ["chat", "channel"])
def test_the_same_key_writes_once(office: Installation, agent: Visitor, place: str) -> None:
    """N69: with another text, or to another place, it is refused."""
    where = a_chat(agent) if place == "chat" else a_channel(agent)
    first = write(agent, where, f"once in a {place}", f"once-{place}")
    again = write(agent, where, f"once in a {place}", f"once-{place}")
    assert first.json == again.json
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
    elsewhere = a_chat(agent, "Spring fair")
    for refused in (
        write(agent, where, "other words", f"once-{place}"),
        write(agent, elsewhere, f"once in a {place}", f"once-{place}"),
    ):
        assert (refused.status_code, code(refused)) == (409, "idempotency_key_reused")
    assert len(said(office, f"once in a {place}")) == 1


@pytest.mark.parametrize("kind", ["status_after", "drop_after", "drop"])
def test_what_may_stand_there_is_not_written_again(
    office: Installation, agent: Visitor, kind: str
) -> None:
    """N67: nobody can be asked, so nobody knows, however often the key comes; nor after the hold."""
    where, text = a_chat(agent), f"written or not: {kind}"
    office.sandbox.add_fault(provider="microsoft", endpoint="graph", kind=kind, status=504)
    for pause in (0, 0, 200):
        office.clock.advance(pause)
        response = write(office.agent(), where, text, f"unknown-{kind}")
        assert (response.status_code, code(response)) == (409, "outcome_unknown")
    assert len(said(office, text)) == (0 if kind == "drop" else 1)


def test_what_was_turned_away_is_written_by_the_next_call(
    office: Installation, agent: Visitor
) -> None:
    """429 means that nothing was done."""
    where, text = a_chat(agent), "turned away"
    office.sandbox.add_fault(
        provider="microsoft", endpoint="graph", kind="status", status=429, retry_after=60
    )
    refused = write(agent, where, text, "turned-away")
    assert (refused.status_code, code(refused)) == (429, "provider_throttled")
    assert refused.headers["Retry-After"] == "60"
    assert write(agent, where, text, "turned-away").status_code == 201
    assert len(said(office, text)) == 1


def test_google_has_no_chats_here(office: Installation, agent: Visitor) -> None:
    """By name, and for every route."""
    office.sandbox.clear_requests()
    for refused in (
        get(agent, "chats", GOOGLE),
        get(agent, "teams", GOOGLE),
        get(agent, f"teams/{TEAM}/channels", GOOGLE),
        write(agent, "chats/19:a@thread.v2", "Hello", connector_type=GOOGLE),
        write(agent, f"teams/{TEAM}/channels/19:c", "Hello", connector_type=GOOGLE),
    ):
        assert (refused.status_code, code(refused)) == (400, "not_supported")
        assert (refused.json or {})["field"] == "connector_type"
    assert office.sandbox.requests() == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"body": ""}, "body"),
        ({"body": " \n\t"}, "body"),
        ({"body": "x" * (LONGEST + 1)}, "body"),
        ({"body": None}, "body"),
        ({"body": {"contentType": "html", "content": "<b>"}}, "body"),
        ({"contentType": "html"}, "contentType"),
        ({"user_id": "victim"}, "user_id"),
        ({"purpose": "x" * 201}, "purpose"),
    ],
)
def test_a_message_that_makes_no_sense_is_refused_by_name(
    office: Installation, agent: Visitor, body: dict[str, Any], field: str
) -> None:
    """Nothing is sent."""
    office.sandbox.clear_requests()
    refused = write(agent, "chats/19:a@thread.v2", "Hello", **body)
    assert refused.status_code == 400, refused.text
    assert (refused.json or {})["field"] == field
    assert office.sandbox.requests() == []


def test_the_longest_message_is_written(agent: Visitor) -> None:
    """28,000 characters; what Teams finds too large in bytes, it refuses by itself."""
    where = a_chat(agent)
    assert write(agent, where, "x" * LONGEST).status_code == 201
    refused = write(agent, where, "🧑" * LONGEST)
    assert (refused.status_code, code(refused)) == (422, "provider_rejected")


def test_places_that_are_not_the_persons_are_refused(agent: Visitor) -> None:
    """What is not there, and what somebody else is a member of; a path is no id."""
    for place in ("chats/19:nobody@thread.v2", f"teams/{TEAM}/channels/19:c@thread.tacv2"):
        refused = write(agent, place, "Hello")
        assert (refused.status_code, code(refused)) == (404, "item_not_found")
    for broken in ("a%3Fb", "%2e%2e", "a%5Cb", "x" * 513):
        assert write(agent, f"chats/{broken}", "Hello", "a key").status_code == 404
    johns = get(agent, "chats", user_email=JOHN.email)
    private = next(c for c in listed(johns, "chats") if SARAH.email not in c["members"])
    refused = write(agent, f"chats/{quote(private['id'], safe='')}", "Hello")
    assert (refused.status_code, code(refused)) == (422, "provider_rejected")


def test_chats_come_page_by_page(office: Installation, agent: Visitor) -> None:
    """Fifty at once; the token is good for the same list of the same caller."""
    memory = office.sandbox.app.extensions["sandbox"].office
    saved = memory.teams.saved()
    busy = tuple(replace(saved.chats[0], id=f"19:{n:032x}@thread.v2") for n in range(60))
    memory.teams = Teams(replace(saved, chats=saved.chats + busy))
    page = get(agent, "chats")
    found = listed(page, "chats")
    assert len(found) == 50
    token = (page.json or {})["next_page_token"]
    found += listed(get(agent, "chats", page_token=token), "chats")
    assert len({chat["id"] for chat in found}) == len(found) > 60
    refused = [
        get(agent, "teams", page_token=token),
        get(agent, f"teams/{TEAM}/channels", page_token=token),
        get(agent, "chats", page_token=token, user_email=JOHN.email),
        get(office.agent(agent_for("chat.read")), "chats", page_token=token),
    ]
    assert {(each.status_code, code(each)) for each in refused} == {(400, "invalid_request")}
    memory.teams = Teams(saved)


def test_each_action_is_allowed_by_itself(office: Installation, agent: Visitor) -> None:
    """Who may read may not write, and the other way round."""
    reader, writer = (office.agent(agent_for(f"chat.{what}")) for what in ("read", "send"))
    where = a_chat(agent)
    assert get(reader, "teams").status_code == 200
    assert write(writer, where, "by a writer").status_code == 201
    for refused in (write(reader, where, "by a reader"), get(writer, "chats")):
        assert refused.status_code in (403, 404)
    assert said(office, "by a reader") == []
