"""The command as it is: a process beside the demo, and the official client by both transports."""

import asyncio
import json
import re
import signal
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from multi_user_oauth.mcp.server import TEAMS
from tests.unit.cli.processes import ROOT, free_ports, running

from .demo import JOHN, SARAH, Beside, Http, at_page, willing
from .talking import ARGUMENTS, BEFORE, BOTH, NEWEST, says_so, text_of
from .test_guide import SECTION, configured

CHATS = "Chat.ReadWrite ChannelMessage.Send Team.ReadBasic.All Channel.ReadBasic.All"
THAT_DAY = {"begins": "2027-05-03T00:00:00Z", "ends": "2027-05-04T00:00:00Z"}
MORNING = {"begins": "2027-05-03T09:00:00Z", "ends": "2027-05-03T09:30:00Z"}


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beside]:
    """The demo at ports of its own; Sarah has connected with leave to chat, John at Google."""
    folder, (port, sandbox_port) = tmp_path_factory.mktemp("demo"), free_ports()
    arguments = (
        *("demo", "--port", port, "--sandbox-port", sandbox_port),
        *("--data-dir", folder / ".demo", "--functions", ROOT / "functions"),
    )
    with running(*arguments, cwd=folder) as started:
        for (connector_type, email), scopes in ((SARAH, CHATS), (JOHN, "")):
            page = f"{started.told['url']}/connect?connector_type={connector_type}"
            asked = f"&scopes={scopes.replace(' ', '+')}" if scopes else ""
            at_page(f"{page}&user_email={email}{asked}", email, connector_type)
        yield Beside(demo=started, folder=folder)


async def everything(beside: Beside, whose: tuple[str, str], mode: str) -> dict[str, Any]:
    """Call every tool that is offered once, as one follows from another."""
    done: dict[str, Any] = {}
    async with beside.stdio(*whose, mode=mode) as client:
        offered = {tool.name for tool in (await client.list_tools()).tools}

        async def call(name: str, /, **arguments: Any) -> Any:  # noqa: ANN401  # reason: JSON
            result = await beside.call(client, name, **arguments)
            assert not result.is_error, text_of(result)
            done[name] = result.structured_content
            return result.structured_content

        await call("send_email", to=["maria@company.com"], subject="Zebra report", body="Ready.")
        (mail, *_) = (await call("list_messages", search="Zebra"))["messages"]
        await call("read_message", message_id=mail["id"])
        stored = await call("upload_text_file", name="Zebra.txt", text="Grüße")
        await call("list_files")
        await call("read_file", file_id=stored["id"])
        await call("create_event", subject="Zebra", attendees=["maria@company.com"], **MORNING)
        await call("list_events", **THAT_DAY)
        if "list_teams" in offered:
            chat, *_ = (await call("list_chats"))["chats"]
            await call("send_chat_message", chat_id=chat["id"], body="Hello")
            team, *_ = (await call("list_teams"))["teams"]
            channel, *_ = (await call("list_channels", team_id=team["id"]))["channels"]
            place = {"team_id": team["id"], "channel_id": channel["id"]}
            await call("post_in_channel", **place, body="Hello all")
    assert done.keys() == offered
    return done


@pytest.mark.parametrize(("whose", "mode"), [(SARAH, NEWEST), (JOHN, BEFORE)])
def test_every_tool_does_what_it_says(beside: Beside, whose: tuple[str, str], mode: str) -> None:
    """At Microsoft and at Google, which has no Teams; and only in the person's own account."""
    done = asyncio.run(everything(beside, whose, mode))
    teams = TEAMS.keys() if whose == SARAH else set()
    assert done.keys() == (ARGUMENTS.keys() - TEAMS.keys()) | teams
    assert done["send_email"]["status"] == "sent"
    assert done["read_message"]["from"] == whose[1]
    assert done["read_file"]["text"] == "Grüße"
    assert "Zebra.txt" in {file["name"] for file in done["list_files"]["files"]}
    assert done["create_event"]["event"]["attendees"] == ["maria@company.com"]
    assert "Zebra" in {event["subject"] for event in done["list_events"]["events"]}
    other = "john" if whose == SARAH else "sarah"
    mails = done["list_messages"]["messages"]
    assert not any(other in mail["from"] for mail in mails)


@pytest.mark.parametrize(
    ("connector_type", "mode"), [("microsoft_teams", NEWEST), ("google_workspace", BEFORE)]
)
def test_somebody_new_signs_in_by_the_page_and_the_mail_goes_out(
    beside: Beside, connector_type: str, mode: str
) -> None:
    """By standard input and output, in both protocols."""
    maria = (connector_type, "maria@company.com")
    person = willing(*maria)

    async def sent() -> Any:  # noqa: ANN401  # reason: JSON
        async with beside.stdio(*maria, mode=mode, person=person) as client:
            mail = {"to": ["john@company.com"], "subject": "Hello", "body": "From Maria."}
            result = await beside.call(client, "send_email", **mail)
            assert not result.is_error, text_of(result)
            return result.structured_content

    assert asyncio.run(sent())["status"] == "sent"
    (asked,) = person.asked
    assert asked.url.startswith(f"{beside.demo.told['url']}/connect?")


def test_an_agent_that_may_not_is_given_nothing(beside: Beside) -> None:
    """Sarah's own agent is told of John only that he is not connected, as of anybody it does not know."""
    agent = "sarah-agent@company-project.iam.gserviceaccount.com"

    async def read() -> tuple[bool, str]:
        async with beside.stdio(*JOHN, "--agent", agent) as client:
            result = await beside.call(client, "list_messages")
            return result.is_error, text_of(result)

    refused, text = asyncio.run(read())
    assert refused
    assert "john@company.com (google_workspace) has to sign in first" in text


@pytest.fixture(scope="module")
def http_of_sarah(beside: Beside) -> Iterator[Http]:
    """Her server, by HTTP."""
    with beside.http(*SARAH) as http:
        yield http


@pytest.mark.parametrize("mode", BOTH)
def test_by_http_it_is_the_same(beside: Beside, http_of_sarah: Http, mode: str) -> None:
    """With the key from the file that it named when it started."""

    async def read() -> tuple[set[str], bool]:
        async with http_of_sarah.client(mode) as client:
            offered = {tool.name for tool in (await client.list_tools()).tools}
            result = await beside.call(client, "list_files")
            return offered, result.is_error

    assert asyncio.run(read()) == (set(ARGUMENTS), False)
    told = json.loads(http_of_sarah.told)
    assert told == {"url": http_of_sarah.url, "key_file": str(http_of_sarah.key_file)}


def test_by_http_nobody_comes_in_without_the_key(http_of_sarah: Http) -> None:
    """And with it, under no other name, and from no page."""
    key = {"Authorization": f"Bearer {http_of_sarah.key_file.read_text().strip()}"}
    with httpx2.Client(trust_env=False) as client:
        answers = [
            client.post(http_of_sarah.url, json={}, headers=headers).status_code
            for headers in (
                {},
                {"Authorization": "Bearer x"},
                {**key, "Host": "evil.example"},
                {**key, "Origin": "http://evil.example"},
            )
        ]
    assert answers == [401, 401, 421, 403]


@pytest.mark.parametrize("mode", BOTH)
def test_by_http_the_person_is_asked_too(beside: Beside, mode: str) -> None:
    """Admin has connected nothing, and does not want to."""
    person = says_so("decline")

    async def read(http: Http) -> tuple[bool, str]:
        async with http.client(mode, person) as client:
            result = await beside.call(client, "list_messages")
            return result.is_error, text_of(result)

    with beside.http("google_workspace", "admin@company.com") as http:
        refused, text = asyncio.run(read(http))
        key = http.key_file.read_text().strip()
        http.process.send_signal(signal.SIGTERM)
        assert http.process.wait(10) == 0
        told = http.told + http.errors.read_text()
    assert (refused, "declined" in text) == (True, True)
    assert len(person.asked) == 1
    assert str(http.key_file) in told
    assert key not in told


def test_the_guides_configuration_starts_it(beside: Beside) -> None:
    """As a desktop assistant would, from any folder."""
    folder = "/path/to/the/clone"
    server = configured()
    assert server["command"] == f"{folder}/.venv/bin/multi-user-oauth"
    command, *arguments = server["args"]
    settings = str(beside.demo.told["settings"])
    arguments = [each.replace(f"{folder}/.demo/settings.env", settings) for each in arguments]
    assert (command, settings in arguments) == ("mcp", True)

    async def offered() -> set[str]:
        async with beside.stdio(*arguments) as client:
            return {tool.name for tool in (await client.list_tools()).tools}

    assert asyncio.run(offered()) == set(ARGUMENTS)


def test_the_guides_line_serves(beside: Beside) -> None:
    """The test chooses another port and another place for the key."""
    (line,) = re.findall(r"multi-user-oauth mcp (.+) --http --key-file mcp\.key\n", SECTION)

    async def offered(http: Http) -> set[str]:
        async with http.client() as client:
            return {tool.name for tool in (await client.list_tools()).tools}

    with beside.http(*line.split()) as http:
        assert asyncio.run(offered(http)) == ARGUMENTS.keys() - TEAMS.keys()
