"""
What a tool does when the person has to act: ask by URL, wait for them, go on.

MCP 2025-11-25, "Elicitation", URL mode: the server asks during the call, and says when it is over.
MCP 2026-07-28: the call ends in the question, and the client repeats it with the answer.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.shared.exceptions import MCPError
from mcp_types import ElicitRequest, ElicitRequestURLParams, ElicitResult, InputRequiredResult
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from multi_user_oauth.errors import MultiUserOAuthError
from multi_user_oauth.errors.client import DelegationRequiredError, ReauthorizationRequiredError
from multi_user_oauth.mcp.refusals import tool_error

T = TypeVar("T")
Call = Context[Any, Any]
"""One call of a tool, as the official package hands it over."""
Needed = ReauthorizationRequiredError | DelegationRequiredError
Sleep = Callable[[float], Awaitable[None]]

EVERY: Final = 2.0
"""Seconds from one look, whether the person is done, to the next."""
MOST_PAGES: Final = 3
"""Of which a person is asked during one call: to connect, to grant a scope, to let the agent in."""
QUESTION: Final = "sign_in"
ACCEPT: Final = "accept"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an earlier round of this call asked; it lay sealed with the client meanwhile."""

    page: str
    key: str


class SignIn:
    """The pages of one API, and how long a call waits for a person."""

    def __init__(
        self, origin: str, who: str, *, wait: float, sleep: Sleep, new_id: Callable[[], str]
    ) -> None:
        """`who` is the person, as they are told; `wait` is in seconds."""
        self._origin = origin
        self._who = who
        self._wait = wait
        self._sleep = sleep
        self._new_id = new_id

    async def through(
        self, call: Call, work: Callable[[], T], key: str = ""
    ) -> T | InputRequiredResult:
        """
        Return what the work returns, once the person has done what only they can do.

        `work` runs in a thread; of a call that is cancelled, what it began is still done at the API.
        Raise `ToolError` for every refusal. `key` comes back in `asked_before` of the next round.
        """
        page, asked = _consented(call), ""
        for _ in range(MOST_PAGES):
            try:
                return await (self._waited(call, work, page, asked) if page else _once(work))
            except (ReauthorizationRequiredError, DelegationRequiredError) as needed:
                page, why = self._page(needed), self._why(needed)
            if not _takes_urls(call):
                raise _by_hand(why, page)
            if call.protocol_version in MODERN_PROTOCOL_VERSIONS:
                return _question(why, page, key)
            asked = await self._ask(call, why, page)
        raise ToolError("The person is asked for one thing after another: call this tool again.")

    async def _ask(self, call: Call, why: str, page: str) -> str:
        """Have the person open the page; return the question's id; raise `ToolError` if they do not."""
        asked = self._new_id()
        try:
            said = await call.elicit_url(why, page, asked)
        except MCPError:  # the client says that it can, and can not
            raise _by_hand(why, page) from None
        if said.action != ACCEPT:
            raise _unwilling(said.action)
        return asked

    async def _waited(self, call: Call, work: Callable[[], T], page: str, asked: str) -> T:
        waited = 0.0
        while True:
            try:
                done = await _once(work)
            except (ReauthorizationRequiredError, DelegationRequiredError) as needed:
                if self._page(needed) != page:
                    await _tell_over(call, asked)
                    raise
            else:
                await _tell_over(call, asked)
                return done
            if waited >= self._wait:
                raise ToolError(
                    f"The person has not finished yet on {page} Call this tool again when they have."
                )
            await call.report_progress(waited, self._wait, "Waiting for the person's sign-in")
            await self._sleep(EVERY)
            waited += EVERY

    def _page(self, needed: Needed) -> str:
        """Return where the person acts; raise `ToolError` for what is no page of this API."""
        url = needed.url
        plain = url.isascii() and url.isprintable() and not set(url) & set(' \\"<>')
        if not (plain and url.startswith(f"{self._origin}/")):
            raise ToolError("The API named a page elsewhere for the sign-in; it is not shown.")
        return url

    def _why(self, needed: Needed) -> str:
        if isinstance(needed, DelegationRequiredError):
            return f"{self._who} has to leave this to the agent first."
        if needed.scope:
            return f"{self._who} has to grant the permission {needed.scope} first."
        return f"{self._who} has to sign in first."


def asked_before(call: Call) -> Asked | None:
    """Return what this call asked in its last round; the package has proved that it is ours."""
    if call.request_state is None:
        return None
    kept = json.loads(call.request_state)
    return Asked(page=kept["page"], key=kept["key"])


async def _once(work: Callable[[], T]) -> T:
    try:
        return await asyncio.to_thread(work)
    except (ReauthorizationRequiredError, DelegationRequiredError):
        raise
    except MultiUserOAuthError as refused:
        raise tool_error(refused) from None


def _consented(call: Call) -> str:
    """Return the page that the person agreed to open, if they were asked in an earlier round."""
    asked = asked_before(call)
    if asked is None:
        return ""
    said = (call.input_responses or {}).get(QUESTION)
    if not isinstance(said, ElicitResult):
        return ""
    if said.action != ACCEPT:
        raise _unwilling(said.action)
    return asked.page


def _question(why: str, page: str, key: str) -> InputRequiredResult:
    params = ElicitRequestURLParams(message=why, url=page)
    kept = json.dumps({"page": page, "key": key})
    return InputRequiredResult(
        input_requests={QUESTION: ElicitRequest(params=params)}, request_state=kept
    )


def _takes_urls(call: Call) -> bool:
    told = call.client_capabilities
    return told is not None and told.elicitation is not None and told.elicitation.url is not None


async def _tell_over(call: Call, asked: str) -> None:
    """Let the client close what it shows of the question; the newest protocol has no such message."""
    if asked:
        await call.session.send_elicit_complete(asked, related_request_id=call.request_id)


def _by_hand(why: str, page: str) -> ToolError:
    return ToolError(f"{why} They can do that here: {page} Then call this tool again.")


def _unwilling(action: str) -> ToolError:
    verb = "declined" if action == "decline" else "dismissed the question"
    return ToolError(f"The person {verb}: nothing was done. Do not ask again unless they want it.")
