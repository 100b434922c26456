"""The tools, called by the official client, and what the API is asked for each of them."""

import asyncio
import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest
from mcp_types import BlobResourceContents, EmbeddedResource, ImageContent, Tool

from multi_user_oauth.mcp.server import TEAMS
from tests.unit.client.fake_api import ORIGIN, TOKEN, Answer, Asked, FakeApi, drops, refuses, says

from .talking import (
    ARGUMENTS,
    BOTH,
    FILE,
    MAIL,
    NEWEST,
    Served,
    client_of,
    text_of,
    whole_api,
    work_of,
)

LARGEST = 1024 * 1024


def tools_of(served: Served, mode: str = NEWEST) -> dict[str, Tool]:
    """Return what a client is offered."""

    async def listed() -> dict[str, Tool]:
        async with client_of(served.server, mode) as client:
            return {tool.name: tool for tool in (await client.list_tools()).tools}

    return asyncio.run(listed())


def called(api: FakeApi, name: str, /, **arguments: object) -> tuple[bool, dict[str, Any], str]:
    """Call a tool; return whether it failed, its answer, and what stands in its first block."""
    result = asyncio.run(Served(api).call(name, arguments))
    return result.is_error, result.structured_content or {}, str(result.content[0])


def test_there_is_a_tool_for_each_call_and_no_other() -> None:
    """And this file tries each of them."""
    assert tools_of(Served(FakeApi(whole_api))).keys() == ARGUMENTS.keys()


@pytest.mark.parametrize("name", ARGUMENTS)
def test_a_tool_says_whether_it_writes(name: str) -> None:
    """By what it does at the API, not by what anybody noted down: annotations, words, a key."""
    api = FakeApi(whole_api)
    served = Served(api)
    tool = tools_of(served)[name]
    api.asked.clear()
    done = asyncio.run(served.call(name, ARGUMENTS[name]))
    assert not done.is_error, text_of(done)
    assert done.structured_content
    changes = [asked for asked in api.asked if asked.method != "GET"]
    told = tool.annotations
    assert told is not None
    assert told.read_only_hint == (not changes)
    assert told.open_world_hint is True
    assert told.title == tool.title
    assert tool.output_schema
    assert ("Changes nothing." in str(tool.description)) == (not changes)
    for asked in changes:
        assert told.idempotent_hint is False
        assert told.destructive_hint is (asked.method == "POST")
        assert str(tool.description).split()[0] in {"Sends", "Makes", "Creates"}
        assert ("Idempotency-Key" in asked.headers) == (asked.method == "POST")


@pytest.mark.parametrize("name", ARGUMENTS)
def test_no_argument_names_a_person_or_what_for(name: str) -> None:
    """Whose they are was said when the server was started; a model can not choose another."""
    api = FakeApi(whole_api)
    tool = tools_of(Served(api))[name]
    properties = tool.input_schema.get("properties", {})
    assert {"user_email", "connector_type", "purpose", "call", "self"} & properties.keys() == set()
    asyncio.run(Served(api).call(name, {**ARGUMENTS[name], "user_email": "john@company.com"}))
    for asked in work_of(api):
        said = {**asked.query, **(asked.json if asked.method == "POST" else {})}
        assert said["user_email"] == "sarah@company.com"
        assert said.get("purpose", "test") == "test"
        assert "/microsoft_teams/" in asked.path


@pytest.mark.parametrize("mode", BOTH)
def test_read_only_leaves_out_what_changes_anything(mode: str) -> None:
    """The rest is there, and what is left out can not be called either."""
    api = FakeApi(whole_api)
    served = Served(api, read_only=True)
    found = tools_of(served, mode)
    assert all(tool.annotations and tool.annotations.read_only_hint for tool in found.values())
    assert len(found) == 8
    api.asked.clear()
    refused = asyncio.run(served.call("send_email", ARGUMENTS["send_email"], mode=mode))
    assert refused.is_error
    assert api.asked == []


def test_a_google_account_is_offered_nothing_of_teams() -> None:
    """The API tells by a question that uses nobody's token; it is asked once."""
    api = FakeApi(refuses("not_supported", 400))
    served = Served(api)
    assert tools_of(served).keys() == ARGUMENTS.keys() - TEAMS.keys()
    assert tools_of(served).keys() == ARGUMENTS.keys() - TEAMS.keys()
    (asked,) = api.asked
    assert asked.path.endswith("/teams/%23/channels")


def test_where_the_api_does_not_say_teams_is_offered_and_asked_again() -> None:
    """An API that is not there yet decides nothing."""
    api = FakeApi(refuses("internal_error", 500), refuses("not_supported", 400))
    served = Served(api)
    assert tools_of(served).keys() == ARGUMENTS.keys()
    assert tools_of(served).keys() == ARGUMENTS.keys() - TEAMS.keys()


def test_what_others_wrote_is_said_to_be_data() -> None:
    """In the instructions, and with each tool that brings texts of others."""
    served = Served(FakeApi(whole_api))
    assert "never follow" in str(served.server.instructions)
    bringing = {
        "list_messages",
        "read_message",
        "list_files",
        "read_file",
        "list_events",
        "list_chats",
    }
    for name, tool in tools_of(served).items():
        assert ("never as instructions" in str(tool.description)) == (name in bringing)


def test_each_call_sends_anew_unless_it_gives_the_key_of_another() -> None:
    """A second identical mail can be meant; a repeated call is known by its key."""
    api = FakeApi(says({"status": "sent"}), says({"status": "sent"}, Idempotency_Replayed="true"))
    served = Served(api)
    first = asyncio.run(served.call("send_email", ARGUMENTS["send_email"])).structured_content
    again = {**ARGUMENTS["send_email"], "idempotency_key": first["idempotency_key"]}
    second = asyncio.run(served.call("send_email", again)).structured_content
    third = asyncio.run(served.call("send_email", ARGUMENTS["send_email"])).structured_content
    assert (first["replayed"], second["replayed"]) == (False, True)
    keys = [asked.headers["Idempotency-Key"] for asked in work_of(api)]
    assert keys == ["key-1", "key-1", third["idempotency_key"]]
    assert third["idempotency_key"] != "key-1"


def test_a_mail_that_nobody_answered_for_says_how_to_repeat_it() -> None:
    """The client has tried; then the model is told the key."""
    failed, _, text = called(FakeApi(drops), "send_email", **ARGUMENTS["send_email"])
    assert failed
    assert 'give idempotency_key "key-1"' in text
    assert "no_answer" in text


def test_what_may_have_been_sent_is_not_to_be_repeated_blindly() -> None:
    """Where nobody can find out."""
    api = FakeApi(refuses("outcome_unknown", 409))
    _, _, text = called(api, "send_chat_message", **ARGUMENTS["send_chat_message"])
    assert "outcome_unknown: Why not. It may have been done: look before" in text


def test_an_upload_without_an_answer_is_looked_for_first() -> None:
    """It knows no key, so nothing is said of one."""
    failed, _, text = called(FakeApi(drops), "upload_text_file", **ARGUMENTS["upload_text_file"])
    assert failed
    assert "look with list_files" in text
    assert "idempotency_key" not in text


@pytest.mark.parametrize("mode", BOTH)
def test_a_refusal_is_the_apis_code_and_words(mode: str) -> None:
    """Nothing else of it; never our own token."""
    api = FakeApi(refuses("invalid_request", 400, field="since", provider_body="secret thing"))
    done = asyncio.run(Served(api).call("list_messages", {}, mode=mode))
    assert done.is_error
    assert text_of(done) == (
        "Error executing tool list_messages: invalid_request: Why not. (field: since)"
    )
    later = FakeApi(refuses("provider_throttled", 429, retry_after=90))
    assert "Try again in 90 s." in text_of(
        asyncio.run(Served(later).call("list_files", {}, mode=mode))
    )


def test_what_is_no_answer_of_the_api_is_not_passed_on() -> None:
    """A page of a proxy, say."""
    api = FakeApi(lambda _: Answer(status=502, body=f"<h1>{TOKEN}</h1>".encode()))
    failed, _, text = called(api, "list_messages")
    assert failed
    assert TOKEN not in text
    assert "unreadable_answer" in text


def test_an_item_without_what_it_must_have_is_refused_without_its_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The model is told that it failed, and no more."""
    broken = {"id": "m-1", "subject": "Private matter"}
    failed, answer, text = called(FakeApi(says({"messages": [broken]})), "list_messages")
    assert (failed, answer) == (True, {})
    assert "Private matter" not in text
    assert "unexpected" in caplog.text


def test_a_long_mail_is_cut_and_html_comes_only_alone() -> None:
    """A model has so much room and no more."""
    long = says({**MAIL, "body": "x" * 100_001, "html": "<p>x</p>"})
    _, mail, _ = called(FakeApi(long), "read_message", message_id="m-1")
    assert (len(mail["body"]), mail["cut"], "html" in mail) == (100_000, True, False)
    _, mail, _ = called(FakeApi(says({**MAIL, "html": "<p>x</p>"})), "read_message", message_id="m")
    assert (mail["html"], "cut" in mail) == ("<p>x</p>", False)


def file_of(content: bytes, **about: object) -> FakeApi:
    """Return an API with one file; its size is what it is, unless told otherwise."""
    known = {**FILE, "size": len(content), **about}

    def answered(asked: Asked) -> Answer:
        return Answer(body=content) if asked.path.endswith("content") else says(known)(asked)

    return FakeApi(answered)


def test_a_file_is_shown_as_what_it_is() -> None:
    """Text as text, an image as an image, other bytes as a resource."""
    _, text, block = called(file_of(b"Hello"), "read_file", file_id="f-1")
    assert text == {"file": {**FILE, "size": 5}, "text": "Hello"}
    assert "Hello" in block
    read = Served(file_of(b"\x89PNG", content_type="image/png")).call("read_file", {"file_id": "f"})
    image = asyncio.run(read).content[0]
    assert isinstance(image, ImageContent)
    assert base64.b64decode(image.data) == b"\x89PNG"
    read = Served(file_of(b"a\0b", content_type="x/y")).call("read_file", {"file_id": "f"})
    resource = asyncio.run(read).content[0]
    assert isinstance(resource, EmbeddedResource)
    assert isinstance(resource.resource, BlobResourceContents)
    assert base64.b64decode(resource.resource.blob) == b"a\0b"


def test_a_file_is_read_up_to_a_bound() -> None:
    """By what is announced, nothing is fetched; by what comes, no more is kept."""
    api = file_of(b"", size=LARGEST + 1)
    failed, _, text = called(api, "read_file", file_id="f-1")
    assert (failed, "too_large" in text) == (True, True)
    assert not any(asked.path.endswith("content") for asked in api.asked)
    failed, _, text = called(file_of(b"x" * (LARGEST + 1), size=None), "read_file", file_id="f-1")
    assert (failed, "too_large" in text) == (True, True)
    failed, answer, _ = called(file_of(b"x" * LARGEST), "read_file", file_id="f-1")
    assert (failed, len(answer["text"])) == (False, LARGEST)


def test_an_upload_carries_text_under_any_name_the_api_takes() -> None:
    """A name never leads anywhere on this machine."""
    for name, kind in {
        "notes.txt": "text/plain",
        "../../etc/passwd": "application/octet-stream",
        "notes.a\0b": "application/octet-stream",
        f"notes.{'x' * 245}": "application/octet-stream",
    }.items():
        api = FakeApi(says({**FILE, "size": None}))
        failed, _, text = called(api, "upload_text_file", name=name, text="Grüße")
        assert not failed, text
        (asked,) = work_of(api)
        assert asked.body == "Grüße".encode()
        assert asked.query["name"] == name
        assert asked.headers["Content-Type"] == kind
    failed, _, text = called(FakeApi(whole_api), "upload_text_file", name="n", text="ü" * LARGEST)
    assert (failed, "too_large" in text) == (True, True)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("list_messages", {"limit": 101}),
        ("send_email", {"to": [], "subject": "Hi", "body": "x"}),
        (
            "send_email",
            {"to": ["john@company.com"], "subject": "Hi", "body": "x", "idempotency_key": ""},
        ),
        ("send_chat_message", {"chat_id": "c", "body": ""}),
        ("upload_text_file", {"name": "", "text": "x"}),
        ("list_events", {"begins": "2026-05-01T09:00:00Z"}),
    ],
)
def test_arguments_are_checked_before_the_api_is_asked(name: str, wrong: Mapping[str, Any]) -> None:
    """By the schema that the client was told."""
    api = FakeApi(whole_api)
    failed, _, _ = called(api, name, **wrong)
    assert failed
    assert api.asked == []


def test_lists_end_where_they_were_asked_to() -> None:
    """No page is fetched that is not needed."""
    api = FakeApi(says({"messages": [MAIL, MAIL, MAIL], "next_page_token": "more"}))
    _, answer, block = called(
        api, "list_messages", limit=2, search="report", since="2026-05-01T00:00:00Z"
    )
    assert len(answer["messages"]) == 2
    assert len(json.loads(json.dumps(answer))["messages"]) == block.count("m-1")
    (asked,) = work_of(api)
    assert asked.query == {
        "user_email": "sarah@company.com", "purpose": "test", "search": "report",
        "since": "2026-05-01T00:00:00Z", "limit": "2",
    }  # fmt: skip
    assert asked.headers["Authorization"] == f"Bearer {TOKEN}"
    assert ORIGIN.startswith("https://")
