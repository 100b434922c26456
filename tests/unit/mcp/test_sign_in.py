"""When only the person can help: asked by URL, waited for, and what comes where they can not be asked."""

import asyncio

import pytest
from mcp import Client, MCPError
from mcp.client.context import ClientRequestContext
from mcp_types import CallToolResult, ElicitRequestParams, ElicitResult, ErrorData, InputResponses

from tests.unit.client.fake_api import ORIGIN, FakeApi, refuses, says

from .talking import (
    ARGUMENTS,
    BEFORE,
    BOTH,
    MAIL,
    NEWEST,
    Action,
    Served,
    client_of,
    says_so,
    text_of,
    work_of,
)

PAGE = f"{ORIGIN}/connect?connector_type=microsoft_teams&user_email=sarah%40company.com"
LEAVE = f"{ORIGIN}/account?connector_type=microsoft_teams&user_email=sarah%40company.com#agents"
NOT_CONNECTED = refuses("not_connected", 404, reauthorize_url=PAGE)
NOT_LEFT = refuses("delegation_required", 403, delegate_url=LEAVE)
SENT = says({"status": "sent"})
MAILS = says({"messages": [MAIL]})


@pytest.mark.parametrize("mode", BOTH)
def test_the_person_signs_in_and_the_call_goes_on(mode: str) -> None:
    """Asked once, by the API's own page; looked again every two seconds; told how long it takes."""
    api = FakeApi(*[NOT_CONNECTED] * 4, MAILS)
    served, person = Served(api), says_so("accept")
    done = asyncio.run(served.call("list_messages", {}, mode=mode, person=person))
    assert not done.is_error
    assert done.structured_content == {"messages": [MAIL]}
    (asked,) = person.asked
    assert asked.url == PAGE
    assert asked.message == "sarah@company.com (microsoft_teams) has to sign in first."
    assert served.slept == [2.0, 2.0, 2.0]
    assert person.progress == [(0.0, 10.0), (2.0, 10.0), (4.0, 10.0)]
    ids = [] if asked.elicitation_id is None else [asked.elicitation_id]
    assert person.over == ids
    assert bool(ids) == (mode == BEFORE)


@pytest.mark.parametrize("mode", BOTH)
@pytest.mark.parametrize("answer", ["decline", "cancel"])
def test_who_does_not_want_to_is_left_alone(mode: str, answer: Action) -> None:
    """The model is told; nothing was sent."""
    api = FakeApi(NOT_CONNECTED)
    person = says_so(answer)
    done = asyncio.run(
        Served(api).call("send_email", ARGUMENTS["send_email"], mode=mode, person=person)
    )
    assert done.is_error
    assert "nothing was done" in text_of(done)
    assert len(api.asked) == len(person.asked) == 1


@pytest.mark.parametrize("mode", BOTH)
def test_a_client_that_shows_no_pages_is_told_where_it_is(mode: str) -> None:
    """As a tool's error, for the model to pass on."""
    done = asyncio.run(Served(FakeApi(NOT_CONNECTED)).call("list_files", {}, mode=mode))
    assert done.is_error
    assert f"They can do that here: {PAGE} Then call this tool again." in text_of(done)


def test_a_client_that_refuses_the_question_is_told_too() -> None:
    """It said that it can show pages, and answers with an error."""

    async def broken(context: ClientRequestContext, params: ElicitRequestParams) -> ErrorData:
        del context, params
        return ErrorData(code=-32603, message="no")

    async def called() -> CallToolResult:
        server = Served(FakeApi(NOT_CONNECTED)).server
        async with Client(server, mode=BEFORE, elicitation_callback=broken) as client:
            return await client.call_tool("list_files", {})

    done = asyncio.run(called())
    assert done.is_error
    assert PAGE in text_of(done)


@pytest.mark.parametrize("mode", BOTH)
def test_whoever_takes_too_long_can_call_again(mode: str) -> None:
    """The wait has a bound, and the page stands in the error."""
    served = Served(FakeApi(NOT_CONNECTED), wait=6)
    done = asyncio.run(served.call("list_files", {}, mode=mode, person=says_so("accept")))
    assert done.is_error
    assert f"has not finished yet on {PAGE}" in text_of(done)
    assert sum(served.slept) == 6


@pytest.mark.parametrize("mode", BOTH)
def test_one_page_can_lead_to_the_next(mode: str) -> None:
    """Connected, and then the agent has to be let in: two questions, one call."""
    api = FakeApi(NOT_CONNECTED, NOT_CONNECTED, NOT_LEFT, NOT_LEFT, MAILS)
    person = says_so("accept")
    done = asyncio.run(Served(api).call("list_messages", {}, mode=mode, person=person))
    assert not done.is_error, text_of(done)
    urls = [asked.url for asked in person.asked]
    assert urls[0] == PAGE
    assert urls[-1] == LEAVE
    assert "leave this to the agent" in person.asked[-1].message
    assert len(person.over) == (len(urls) if mode == BEFORE else 0)


def test_questions_without_end_are_ended() -> None:
    """An API that names another page each time does not keep a person busy for ever."""
    pages = [refuses("not_connected", 404, reauthorize_url=f"{PAGE}&n={n}") for n in range(9)]
    person = says_so("accept")
    done = asyncio.run(
        Served(FakeApi(*pages)).call("list_messages", {}, mode=BEFORE, person=person)
    )
    assert done.is_error
    assert len(person.asked) == 3


def test_a_missing_permission_is_named() -> None:
    """So that the person knows what they are asked for."""
    api = FakeApi(refuses("insufficient_scope", 403, scope="Chat.ReadWrite", reauthorize_url=PAGE))
    person = says_so("decline")
    asyncio.run(Served(api).call("list_chats", {}, person=person))
    assert "has to grant the permission Chat.ReadWrite first" in person.asked[0].message


@pytest.mark.parametrize("mode", BOTH)
@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/connect",
        f"{ORIGIN}.evil.example/connect",
        f"{ORIGIN}@evil.example/connect",
        f"{ORIGIN}:444/connect",
        "http://connect.company.com/connect",
        f"{ORIGIN}/\\evil.example",
        f"{ORIGIN}/connect\nhttps://evil.example",
        f"{ORIGIN}/connéct",
        "javascript:alert(1)",
        f"{ORIGIN}",
    ],
)
def test_a_page_elsewhere_is_never_shown(mode: str, url: str) -> None:
    """Neither to the person nor to the model, whatever the API says."""
    api = FakeApi(refuses("not_connected", 404, reauthorize_url=url))
    person = says_so("accept")
    done = asyncio.run(Served(api).call("list_files", {}, mode=mode, person=person))
    assert done.is_error
    assert person.asked == []
    assert "not shown" in text_of(done)
    assert "evil" not in text_of(done)


@pytest.mark.parametrize("mode", BOTH)
def test_what_is_sent_after_the_sign_in_has_one_key(mode: str) -> None:
    """Though the newest protocol makes two calls of it: whatever is repeated, it is sent once."""
    api = FakeApi(NOT_CONNECTED, NOT_CONNECTED, SENT)
    done = asyncio.run(
        Served(api).call("send_email", ARGUMENTS["send_email"], mode=mode, person=says_so("accept"))
    )
    keys = [asked.headers["Idempotency-Key"] for asked in work_of(api)]
    assert len(keys) == 3
    assert done.structured_content is not None
    assert set(keys) == {done.structured_content["idempotency_key"]}


def test_a_trouble_after_the_sign_in_is_told_as_any_other() -> None:
    """The wait is for the person alone."""
    api = FakeApi(NOT_CONNECTED, refuses("forbidden", 403))
    done = asyncio.run(Served(api).call("list_messages", {}, mode=BEFORE, person=says_so("accept")))
    assert done.is_error
    assert "forbidden: Why not. The policy does not let this agent do it" in text_of(done)


def test_a_state_that_is_not_ours_is_refused() -> None:
    """What lies with the client between two rounds is sealed: it can not choose a page or a key."""

    async def called() -> None:
        async with client_of(Served(FakeApi(NOT_CONNECTED)).server, NEWEST) as client:
            with pytest.raises(MCPError, match="requestState"):
                await client.call_tool(
                    "list_messages",
                    {},
                    input_responses={"sign_in": ElicitResult(action="accept")},
                    request_state='{"page": "https://evil.example", "key": "k"}',
                )

    asyncio.run(called())


def test_an_answer_to_a_question_that_was_not_asked_counts_nothing() -> None:
    """The person is asked first."""
    person = says_so("decline")

    async def called() -> CallToolResult:
        async with client_of(Served(FakeApi(NOT_CONNECTED)).server, NEWEST, person) as client:
            accepted: InputResponses = {"sign_in": ElicitResult(action="accept")}
            return await client.call_tool("list_messages", {}, input_responses=accepted)

    assert asyncio.run(called()).is_error
    assert len(person.asked) == 1


def test_a_call_that_is_cancelled_stops_waiting() -> None:
    """The client gives up while the person is away: nobody goes on asking the API."""

    async def called() -> int:
        api, waiting = FakeApi(NOT_CONNECTED), asyncio.Event()

        async def sleep(_: float) -> None:
            waiting.set()
            await asyncio.Event().wait()

        served = Served(api, sleep=sleep)
        call = asyncio.create_task(
            served.call("list_messages", {}, mode=BEFORE, person=says_so("accept"))
        )
        await waiting.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        return len(work_of(api))

    assert asyncio.run(called()) == 2
