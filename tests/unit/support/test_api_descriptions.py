"""The oracles catch what no provider publishes, and let pass what it does."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import requests
from flask import Response

from multi_user_oauth.sandbox.server import Sandbox
from tests.support.api_descriptions import (
    Described,
    check_google_answer,
    check_google_request,
    check_graph_answer,
    check_graph_request,
    granted_by,
)
from tests.support.described_google import methods
from tests.support.described_graph import operations
from tests.unit.sandbox.conftest import ManualClock, World, make_sandbox

SCOPE = "https://www.googleapis.com/auth/"
EVENTS = "https://www.googleapis.com/calendar/v3/calendars/primary/events"
UPLOAD = "https://www.googleapis.com/upload/drive/v3/files"
SEND = "https://gmail.googleapis.com/gmail/v1/users/me/messages/send"
GRAPH = "https://graph.microsoft.com/v1.0"
VIEW = (
    f"{GRAPH}/me/calendarView?startDateTime=2026-03-02T00:00:00Z&endDateTime=2026-03-09T00:00:00Z"
)
JSON = {"Content-Type": "application/json"}
WRITE = [f"{SCOPE}calendar.events"]
TIME = {"dateTime": "2026-03-04T10:00:00", "timeZone": "Europe/Berlin"}


def google(method: str, url: str, body: object = None, **changes: Any) -> None:  # noqa: ANN401  # reason: headers and scopes
    """Check a request to Google, with everything granted unless told otherwise."""
    every = {scope for m in methods() for scope in m.spec.get("scopes", ())}
    sent = body if isinstance(body, bytes) else json.dumps(body).encode() if body else b""
    given: Mapping[str, Any] = {"headers": JSON, "scopes": every} | changes
    check_google_request(method, url, body=sent, **given)


def graph(method: str, url: str, body: object = None, scopes: list[str] | None = None) -> None:
    """Check a request to Graph, with everything granted unless told otherwise."""
    every = {scope for operation in operations() for scope in operation.scopes}
    sent = json.dumps(body).encode() if body else b""
    check_graph_request(method, url, JSON, sent, every if scopes is None else scopes)


@pytest.mark.parametrize(
    ("method", "url", "body"),
    [
        ("GET", f"{EVENTS}?timeMin=2026-03-02T00:00:00%2B01:00&singleEvents=true", None),
        ("POST", f"{EVENTS}?sendUpdates=all", {"summary": "x", "start": TIME, "attendees": []}),
        ("DELETE", f"{EVENTS}/abcde", None),
        ("POST", SEND, {"raw": "x"}),
        ("GET", "https://www.googleapis.com/drive/v3/files?q=x&fields=files(id)&pageSize=2", None),
        ("POST", f"{UPLOAD}?uploadType=resumable", {"name": "x", "parents": ["y"]}),
        ("PUT", f"{UPLOAD}?uploadType=resumable&upload_id=1", b"\0\1"),
    ],
)
def test_what_google_publishes_passes(method: str, url: str, body: object) -> None:
    """Paths, uploads, queries and bodies of the discovery documents."""
    google(method, url, body)


@pytest.mark.parametrize(
    ("method", "url", "body", "wrong"),
    [
        ("GET", f"{EVENTS}?time_min=x", None, "query parameter time_min"),
        ("GET", f"{EVENTS}?timeMin=2026-03-02T00:00:00", None, "timeMin is no"),
        ("GET", f"{EVENTS}?maxResults=ten", None, "maxResults is no integer"),
        ("GET", f"{EVENTS}?orderBy=summary", None, "orderBy is none of its values"),
        ("GET", f"{EVENTS}?q=a&q=b", None, "q is given twice"),
        ("GET", f"{EVENTS}?access_token=x", None, "query parameter access_token"),
        ("POST", EVENTS, {"subject": "x"}, "has no subject"),
        ("POST", EVENTS, {"start": {"datetime": "x"}}, "start has no datetime"),
        ("POST", EVENTS, {"summary": 5}, "summary is no string"),
        ("POST", EVENTS, {"attendees": {}}, "attendees is no array"),
        ("POST", EVENTS, b"{", "not JSON"),
        ("DELETE", f"{EVENTS}/abcde", {"summary": "x"}, "takes no body"),
        ("POST", f"{UPLOAD}?uploadType=quick", None, "uploadType is none of its values"),
        ("PUT", EVENTS, None, "no method of Google's"),
        ("GET", "https://www.googleapis.com/calendar/v3/me", None, "no method of Google's"),
        ("GET", "https://gmail.googleapis.com/drive/v3/files", None, "no method of Google's"),
        ("GET", "https://storage.googleapis.com/x", None, "not a host"),
        ("GET", EVENTS.replace("https", "http"), None, "not https"),
    ],
)
def test_what_google_does_not_publish_is_named(
    method: str, url: str, body: object, wrong: str
) -> None:
    """A wrong parameter, value, field, type, method, path or host."""
    with pytest.raises(AssertionError, match=wrong):
        google(method, url, body)


def test_google_wants_a_scope_and_a_content_type() -> None:
    """One of the method's scopes must be granted, and JSON be called so."""
    google("POST", EVENTS, {"summary": "x"}, scopes=WRITE)
    with pytest.raises(AssertionError, match=r"no scope of calendar\.events\.insert"):
        google("POST", EVENTS, {"summary": "x"}, scopes=[f"{SCOPE}calendar.events.readonly"])
    with pytest.raises(AssertionError, match="not called JSON"):
        google("POST", EVENTS, {"summary": "x"}, headers={"Content-Type": "text/plain"})


def test_the_first_part_of_a_multipart_upload_is_checked() -> None:
    """It is the file's metadata."""
    kind = {"Content-Type": "multipart/related; boundary=b"}
    text = "--b\r\nContent-Type: application/json\r\n\r\n{}\r\n"
    text += "--b\r\nContent-Type: message/rfc822\r\n\r\nTo: a\r\n\r\nx\r\n--b--"
    url = f"{UPLOAD}?uploadType=multipart"
    google("POST", url, text.encode(), headers=kind)
    with pytest.raises(AssertionError, match="has no title"):
        google("POST", url, text.replace("{}", '{"title": "x"}').encode(), headers=kind)
    with pytest.raises(AssertionError, match="two parts"):
        google("POST", url, b"x", headers=kind)


def test_an_answer_of_googles_has_documented_fields_only() -> None:
    """Of the right types; an error has its own shape, and is not held against the schema."""
    right: dict[str, object] = {"kind": "calendar#events", "items": [{"id": "a", "sequence": 0}]}
    check_google_answer("GET", EVENTS, 200, json.dumps(right).encode())
    error = {"error": {"code": 404, "message": "x", "errors": [{"reason": "notFound"}]}}
    check_google_answer("GET", EVENTS, 404, json.dumps(error).encode())
    check_google_answer("GET", EVENTS, 502, b"<html>")
    check_google_answer("GET", f"{EVENTS}/abcde?alt=media", 200, b"x")
    for wrong in (
        right | {"count": 1},
        right | {"items": [{"sequence": "0"}]},
        right | {"items": [{"sequence": True}]},
        right | {"items": [{"color": "red"}]},
    ):
        with pytest.raises(AssertionError):
            check_google_answer("GET", EVENTS, 200, json.dumps(wrong).encode())
    for status, body in ((200, b""), (400, b'{"error": "x"}'), (200, b"<html>")):
        with pytest.raises(AssertionError):
            check_google_answer("GET", EVENTS, status, body)
    with pytest.raises(AssertionError, match="answers something"):
        check_google_answer("DELETE", f"{EVENTS}/abcde", 200, b"{}")


@pytest.mark.parametrize(
    ("method", "url", "body"),
    [
        ("GET", f"{VIEW}&$top=1000&$select=subject,start&$orderby=start/dateTime desc", None),
        ("POST", f"{GRAPH}/me/events", {"subject": "x", "start": TIME, "transactionId": "y"}),
        ("POST", f"{GRAPH}/me/sendMail", {"message": {"body": {"contentType": "HTML"}}}),
        ("POST", f"{GRAPH}/chats/19:a@thread.v2/messages", {"body": {"content": "x"}}),
        ("GET", f"{GRAPH}/me/drive/root/search(q='it%27%27s')?$top=5", None),
        ("GET", f"{GRAPH}/me/drive/root:/a/b%20c.txt:/content", None),
        ("GET", f"{GRAPH}/me/drive/root:/a/b.txt", None),
        ("POST", f"{GRAPH}/me/drive/items/1:/x.txt:/createUploadSession", {"item": {"name": "x"}}),
        ("GET", f"{GRAPH}/me/messages/1/attachments/2/$value", None),
    ],
)
def test_what_graph_publishes_passes(method: str, url: str, body: object) -> None:
    """Paths, queries and bodies of the published sources."""
    graph(method, url, body)


@pytest.mark.parametrize(
    ("method", "url", "body", "wrong"),
    [
        ("GET", f"{VIEW}&top=5", None, "query parameter top"),
        ("GET", f"{VIEW}&$top=1001", None, "more than 1000"),
        ("GET", f"{VIEW}&$top=ten", None, "no whole number"),
        ("GET", f"{VIEW}&$select=summary", None, "a property that event has not"),
        ("GET", f"{VIEW}&$skip=1&$skip=2", None, "given twice"),
        ("GET", f"{GRAPH}/me/calendarView?startDateTime=monday", None, "startDateTime is no time"),
        ("GET", f"{GRAPH}/me/calendarView", None, "needs startDateTime"),
        ("GET", f"{GRAPH}/me/joinedTeams?$top=5", None, "query parameter"),
        ("POST", f"{GRAPH}/me/events", {"summary": "x"}, "has no summary"),
        ("POST", f"{GRAPH}/me/events", {"isAllDay": "yes"}, "isAllDay is no boolean"),
        ("POST", f"{GRAPH}/me/events", {"attendees": {}}, "attendees is no list"),
        ("POST", f"{GRAPH}/me/events", {"start": {"dateTime": 5}}, "dateTime is no text"),
        ("POST", f"{GRAPH}/me/events", {"body": {"contentType": "rtf"}}, "none of its values"),
        ("POST", f"{GRAPH}/me/messages/1/send", {"x": 1}, "takes no body"),
        ("GET", f"{GRAPH}/users/john/events", None, "no operation of Graph's"),
        ("PUT", f"{GRAPH}/me/events", None, "no operation of Graph's"),
        ("GET", "https://graph.microsoft.com/beta/me", None, r"not Graph v1\.0"),
        ("GET", "https://graph.microsoft.com.evil.example/v1.0/me", None, "not Graph's host"),
    ],
)
def test_what_graph_does_not_publish_is_named(
    method: str, url: str, body: object, wrong: str
) -> None:
    """A wrong parameter, value, field, type, method, path or host."""
    with pytest.raises(AssertionError, match=wrong):
        graph(method, url, body)


def test_graph_wants_a_scope() -> None:
    """Reading is not writing; the least-privileged scope is enough."""
    graph("GET", VIEW, scopes=["Calendars.ReadBasic"])
    with pytest.raises(AssertionError, match="no scope of POST /me/events"):
        graph("POST", f"{GRAPH}/me/events", {"subject": "x"}, scopes=["Calendars.Read"])


def test_graph_takes_a_mail_as_it_is() -> None:
    """In base64, called text/plain; an event it takes as JSON only."""
    plain = {"Content-Type": "text/plain"}
    check_graph_request("POST", f"{GRAPH}/me/sendMail", plain, b"VG86IGE=", ["Mail.Send"])
    with pytest.raises(AssertionError, match="not called JSON"):
        check_graph_request("POST", f"{GRAPH}/me/events", plain, b"{}", ["Calendars.ReadWrite"])


def test_an_answer_of_graphs_has_documented_fields_only() -> None:
    """Of the right types and status; null is everywhere, annotations are OData's."""
    url = f"{GRAPH}/me/chats"
    right: dict[str, object] = {
        "@odata.context": "x",
        "value": [{"id": "a", "topic": None, "chatType": "group"}],
    }
    check_graph_answer("GET", url, 200, json.dumps(right).encode())
    check_graph_answer("GET", url, 403, b'{"error": {"code": "x", "message": "y"}}')
    check_graph_answer("GET", f"{GRAPH}/me/drive/items/1/content", 302, b"")
    wrongs: list[dict[str, object]] = [
        right | {"next": "x"},
        {"value": {}},
        {"value": [{"title": "x"}]},
        {"value": [{"@odata.color": "red"}]},
        {"value": [{"chatType": "Group"}]},
        {"value": [{"createdDateTime": "yesterday"}]},
        {"value": [{"members": [{"email": 5}]}]},
    ]
    for wrong in wrongs:
        with pytest.raises(AssertionError):
            check_graph_answer("GET", url, 200, json.dumps(wrong).encode())
    for method, where, status, body in (
        ("GET", url, 201, b'{"value": []}'),
        ("GET", url, 200, b""),
        ("GET", url, 400, b'{"error": {"code": 5}}'),
        ("GET", url, 400, b'{"message": "x"}'),
        ("DELETE", f"{GRAPH}/me/events/1", 204, b"{}"),
    ):
        with pytest.raises(AssertionError):
            check_graph_answer(method, where, status, body)


def test_nothing_wrong_is_told_with_its_value() -> None:
    """A failed check may be printed: no token, no text stands in it."""
    with pytest.raises(AssertionError) as caught:
        google("POST", EVENTS, {"summary": {"very": "secret"}}, headers=JSON)
    assert "secret" not in str(caught.value)
    with pytest.raises(AssertionError) as caught:
        graph("GET", f"{VIEW}&$top=secret")
    assert "secret" not in str(caught.value)


def behind(sandbox: Sandbox) -> tuple[World, Described]:
    """Give a world whose calls to APIs pass the oracles."""
    world = World.around(sandbox, ManualClock())
    oracle = Described(sandbox.in_process_adapter(), granted_by(sandbox))
    world.session.mount("https://", oracle)
    return world, oracle


@pytest.fixture
def described() -> tuple[World, Described]:
    """Give one around a sandbox of its own."""
    return behind(make_sandbox(ManualClock()))


def test_the_sandboxes_calendar_and_teams_are_as_published(
    described: tuple[World, Described],
) -> None:
    """Every call of a day's work passes the oracles, both ways; sign-in is not their business."""
    world, oracle = described
    calendar = ("User.Read", "Calendars.ReadWrite")
    teams = ("Chat.ReadWrite", "Team.ReadBasic.All", "Channel.ReadBasic.All")
    sent = world.microsoft("sarah", *calendar, *teams, "ChannelMessage.Send")["access_token"]
    assert world.api(f"{GRAPH}/me", sent).ok
    listed = world.api(f"{VIEW}&$top=1", sent).json()
    assert world.api(listed["@odata.nextLink"], sent).ok
    attendee = {"emailAddress": {"address": "john@company.com"}, "type": "optional"}
    draft = {"subject": "x", "start": TIME, "end": TIME, "attendees": [attendee]}
    made = world.api(f"{GRAPH}/me/events", sent, "POST", json=draft).json()
    assert world.api(f"{GRAPH}/me/events", sent).ok
    assert world.api(f"{GRAPH}/me/events/{made['id']}", sent).ok
    assert world.api(f"{GRAPH}/me/events/{made['id']}", sent, "DELETE").ok
    assert world.api(f"{GRAPH}/me/events/{made['id']}", sent).status_code == 404
    chat = world.api(f"{GRAPH}/me/chats?$expand=members&$top=1", sent).json()["value"][0]
    messages = f"{GRAPH}/chats/{chat['id']}/messages"
    assert world.api(messages, sent, "POST", json={"body": {"content": "x"}}).status_code == 201
    assert world.api(f"{messages}?$top=2", sent).ok
    team = world.api(f"{GRAPH}/me/joinedTeams", sent).json()["value"][0]
    channels = f"{GRAPH}/teams/{team['id']}/channels"
    channel = world.api(channels, sent).json()["value"][0]
    post = f"{channels}/{channel['id']}/messages"
    assert world.api(post, sent, "POST", json={"body": {"content": "x"}}).status_code == 201
    assert len(oracle.checked) == 14


def test_the_sandboxes_google_calendar_is_as_published(
    described: tuple[World, Described],
) -> None:
    """Lists, events and the list of calendars, their errors too."""
    world, oracle = described
    flow = world.flow("openid", f"{SCOPE}userinfo.email", f"{SCOPE}calendar")
    url, _ = flow.authorization_url(nonce="a-nonce", prompt="consent")
    flow.fetch_token(code=world.browser.sign_in(url, "sarah").answer["code"])
    sent = flow.credentials.token
    week = "timeMin=2026-03-02T00:00:00Z&timeMax=2026-03-30T00:00:00Z&singleEvents=true"
    assert world.api(f"{EVENTS}?{week}&orderBy=startTime&maxResults=2", sent).ok
    assert world.api(EVENTS, sent).ok
    guest = {"email": "john@company.com", "optional": True}
    draft = {"summary": "x", "start": TIME, "end": TIME, "id": "abcde", "attendees": [guest]}
    assert world.api(f"{EVENTS}?sendUpdates=none", sent, "POST", json=draft).ok
    assert world.api(EVENTS, sent, "POST", json=draft).status_code == 409
    assert world.api(f"{EVENTS}/abcde?timeZone=UTC", sent).ok
    assert world.api(f"{EVENTS}/abcde", sent, "DELETE").ok
    assert world.api("https://www.googleapis.com/calendar/v3/users/me/calendarList", sent).ok
    assert world.session.get("https://www.googleapis.com/oauth2/v3/certs", timeout=5).ok
    assert len(oracle.checked) == 7


def test_a_wrong_call_does_not_get_through(described: tuple[World, Described]) -> None:
    """The oracle ends it before the sandbox sees it."""
    world, _ = described
    sent = world.microsoft("sarah", "Calendars.ReadWrite")["access_token"]
    world.sandbox.clear_requests()
    with pytest.raises(AssertionError, match="query parameter"):
        world.api(f"{VIEW}&limit=5", sent)
    with pytest.raises(AssertionError, match="has no title"):
        world.api(f"{GRAPH}/me/events", sent, "POST", json={"title": "x"})
    assert world.sandbox.requests() == []


def test_a_refusal_for_a_missing_scope_passes(described: tuple[World, Described]) -> None:
    """A client may try; what must not be is an answer without the scope."""
    world, oracle = described
    sent = world.microsoft("sarah", "User.Read")["access_token"]
    assert world.api(VIEW, sent).status_code == 403
    state = world.sandbox.app.extensions["sandbox"]
    lax = Described(world.sandbox.in_process_adapter(), lambda _: ["User.Read"])
    session = requests.Session()
    session.mount("https://", lax)
    token = state.find(sent)
    state.keep(replace(token, scope="Calendars.Read"))
    with pytest.raises(AssertionError, match="no scope of GET /me/calendarView"):
        session.get(VIEW, headers={"Authorization": f"Bearer {sent}"}, timeout=5)
    assert len(oracle.checked) == 1


def test_an_undocumented_answer_is_caught_on_the_way() -> None:
    """Here a sandbox that says more than Graph would."""
    sandbox = make_sandbox(ManualClock())

    def talkative(response: Response) -> Response:
        if isinstance(response.json, dict) and "value" in response.json:
            response.data = json.dumps(response.json | {"hint": "x"})
        return response

    sandbox.app.after_request(talkative)
    world, _ = behind(sandbox)
    sent = world.microsoft("sarah", "Calendars.Read")["access_token"]
    with pytest.raises(AssertionError, match="answers hint"):
        world.api(VIEW, sent)


def test_an_answer_can_still_be_read_after_the_check(described: tuple[World, Described]) -> None:
    """Also piece by piece."""
    world, _ = described
    sent = world.microsoft("sarah", "Calendars.Read")["access_token"]
    whole = world.api(VIEW, sent).content
    with world.api(VIEW, sent, stream=True) as answer:
        assert b"".join(answer.iter_content(10)) == whole
