"""The official client, towards a server in this process beside an API that answers as it was told to."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from mcp import Client
from mcp.client import Transport
from mcp.client.context import ClientRequestContext
from mcp.server.mcpserver import MCPServer
from mcp_types import (
    CallToolResult,
    ElicitCompleteNotification,
    ElicitRequestParams,
    ElicitRequestURLParams,
    ElicitResult,
    TextContent,
)

from multi_user_oauth.mcp.server import server_for
from multi_user_oauth.mcp.sign_in import Sleep
from tests.unit.client.fake_api import WHOSE, Answer, Asked, FakeApi, says

NEWEST: Final = "auto"
"""Protocol 2026-07-28: a question ends the call, which is repeated with the answer."""
BEFORE: Final = "legacy"
"""Protocol 2025-11-25: the server asks during the call."""
BOTH: Final = (NEWEST, BEFORE)

Action = Literal["accept", "decline", "cancel"]
Say = Callable[[ElicitRequestURLParams], Awaitable[Action]]


@dataclass(slots=True, kw_only=True)
class Person:
    """Who sits before the client: what they were asked, and what else the client was told."""

    say: Say
    asked: list[ElicitRequestURLParams] = field(default_factory=list)
    over: list[str] = field(default_factory=list)
    progress: list[tuple[float, float | None]] = field(default_factory=list)

    async def elicited(
        self, context: ClientRequestContext, params: ElicitRequestParams
    ) -> ElicitResult:
        """Answer the question."""
        assert isinstance(params, ElicitRequestURLParams)
        self.asked.append(params)
        return ElicitResult(action=await self.say(params))

    async def told(self, message: object) -> None:
        """Hear what the server says of itself."""
        if isinstance(message, ElicitCompleteNotification):
            self.over.append(message.params.elicitation_id)

    async def waits(self, progress: float, total: float | None, message: str | None) -> None:
        """See how long it still may take."""
        self.progress.append((progress, total))


def says_so(action: Action) -> Person:
    """Return somebody who gives this answer to every question."""

    async def say(_: ElicitRequestURLParams) -> Action:
        return action

    return Person(say=say)


def client_of(
    server: MCPServer[Any] | Transport, mode: str = NEWEST, person: Person | None = None
) -> Client:
    """Return a client, to be entered; without a person it can not be asked anything."""
    if person is None:
        return Client(server, mode=mode)
    return Client(
        server, mode=mode, elicitation_callback=person.elicited, message_handler=person.told
    )


class Served:
    """A server, the API that it speaks to, and what it slept."""

    def __init__(
        self,
        api: FakeApi,
        *,
        wait: float = 10,
        read_only: bool = False,
        sleep: Sleep | None = None,
    ) -> None:
        self.slept: list[float] = []
        self._drawn = 0
        self.server: MCPServer[Any] = server_for(
            api.connectors(),
            *WHOSE,
            purpose="test",
            wait=wait,
            read_only=read_only,
            new_key=self._new_key,
            sleep=sleep or self._sleep,
        )

    async def call(
        self,
        name: str,
        arguments: Mapping[str, Any],
        *,
        mode: str = NEWEST,
        person: Person | None = None,
    ) -> CallToolResult:
        """Call one tool by a client of its own."""
        async with client_of(self.server, mode, person) as client:
            waits = None if person is None else person.waits
            return await client.call_tool(name, dict(arguments), progress_callback=waits)

    def _new_key(self) -> str:
        self._drawn += 1
        return f"key-{self._drawn}"

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def text_of(result: CallToolResult) -> str:
    """Return what a model reads of an answer."""
    (block,) = result.content
    assert isinstance(block, TextContent)
    return block.text


MAIL: Final = {
    "id": "m-1", "from": "john@company.com", "to": ["sarah@company.com"], "subject": "Hi",
    "received_at": "2026-05-01T09:00:00Z", "preview": "Hello",
}  # fmt: skip
FILE: Final = {
    "id": "f-1",
    "name": "notes.txt",
    "folder": False,
    "size": 5,
    "content_type": "text/plain",
}
EVENT: Final = {
    "id": "e-1", "subject": "Plan", "from": "2026-05-01T09:00:00Z", "to": "2026-05-01T10:00:00Z",
}  # fmt: skip
TIMES: Final = {"begins": EVENT["from"], "ends": EVENT["to"]}
ANSWERS: Final[Mapping[str, object]] = {
    "GET messages": {"messages": [MAIL]},
    "GET messages/m-1": {**MAIL, "body": "Hello"},
    "POST send_email": {"status": "sent", "message_id": "m-2"},
    "GET files": {"files": [FILE]},
    "GET files/f-1": FILE,
    "GET files/f-1/content": b"Hello",
    "PUT files": FILE,
    "GET calendar/events": {"events": [EVENT]},
    "POST calendar/events": EVENT,
    "GET chats": {"chats": [{"id": "c-1", "members": ["sarah@company.com"]}]},
    "GET teams": {"teams": [{"id": "t-1", "name": "Sales"}]},
    "GET teams/t-1/channels": {"channels": [{"id": "h-1", "name": "General"}]},
    "POST chats/c-1/messages": {"status": "sent"},
    "POST teams/t-1/channels/h-1/messages": {"status": "sent"},
}
"""What the API has to say, by method and path."""
ARGUMENTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "list_messages": {},
    "read_message": {"message_id": "m-1"},
    "send_email": {"to": ["john@company.com"], "subject": "Hi", "body": "Hello"},
    "list_files": {},
    "read_file": {"file_id": "f-1"},
    "upload_text_file": {"name": "notes.txt", "text": "Hello"},
    "list_events": TIMES,
    "create_event": {"subject": "Plan", **TIMES},
    "list_chats": {},
    "list_teams": {},
    "list_channels": {"team_id": "t-1"},
    "send_chat_message": {"chat_id": "c-1", "body": "Hello"},
    "post_in_channel": {"team_id": "t-1", "channel_id": "h-1", "body": "Hello"},
}
"""What each tool can be called with."""


def whole_api(asked: Asked) -> Answer:
    """Answer everything."""
    path = asked.path.removeprefix("/api/v1/connectors/microsoft_teams/")
    if path == "teams/%23/channels":
        return Answer(
            status=404,
            body=b'{"code": "item_not_found"}',
            headers={"Content-Type": "application/problem+json"},
        )
    found = ANSWERS[f"{asked.method} {path}"]
    return Answer(body=found) if isinstance(found, bytes) else says(found)(asked)


def work_of(api: FakeApi) -> list[Asked]:
    """Return what the API was asked, but for whether there is Teams, which a listing asks."""
    return [asked for asked in api.asked if not asked.path.endswith("/teams/%23/channels")]
