"""The command `mcp` as a process of its own beside a demo, and the people who sign in for it."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any, Final

import httpx2
import requests
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, ElicitRequestURLParams

from multi_user_oauth.sandbox.browser import ScriptedBrowser
from tests.plugins.no_secret_in_logs import log_file
from tests.unit.cli.processes import COMMAND, PATIENCE, Running, environment, free_ports

from .talking import NEWEST, Action, Person, client_of

SARAH: Final = ("microsoft_teams", "sarah@company.com")
JOHN: Final = ("google_workspace", "john@company.com")


def at_page(url: str, email: str, connector_type: str) -> None:
    """Do what the page asks for, by a browser of the person's own."""
    with requests.Session() as session:
        session.trust_env = False
        browser = ScriptedBrowser(session)
        page = browser.open(url)
        form = next(form for form in page.forms if form.id == "connect")
        page = browser.submit(page, form, form.button("connector_type", connector_type))
        page = browser.walk(page, email.partition("@")[0])
        assert (page.status, "flow_handle=" in page.url) == (200, True)


def willing(connector_type: str, email: str) -> Person:
    """Return somebody who signs in when asked."""

    async def say(asked: ElicitRequestURLParams) -> Action:
        await asyncio.to_thread(at_page, asked.url, email, connector_type)
        return "accept"

    return Person(say=say)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Where a demo runs; what its servers say is searched for secrets at the end of the run."""

    demo: Running
    folder: Path
    said: Path = field(default_factory=lambda: log_file("mcp"))

    @asynccontextmanager
    async def stdio(
        self, *arguments: str, mode: str = NEWEST, person: Person | None = None
    ) -> AsyncIterator[Client]:
        """Start the server as a client does."""
        started = StdioServerParameters(
            command=COMMAND[0],
            args=[*COMMAND[1:], "mcp", *arguments],
            env=environment(),
            cwd=self.folder,
        )
        with log_file("mcp-stderr").open("w") as errors:
            transport = stdio_client(started, errlog=errors)
            async with client_of(transport, mode, person) as client:
                yield client

    @contextmanager
    def http(self, *arguments: str) -> Iterator["Http"]:
        """Serve by HTTP, until the end of the block."""
        port, _ = free_ports()
        # Not below the folder of this run, in which no secret may lie.
        with tempfile.TemporaryDirectory() as place, log_file("mcp-http").open("w") as errors:
            options = ("--http", "--port", str(port), "--key-file", f"{place}/key", "--json")
            process = Popen(
                [*COMMAND, "mcp", *arguments, *options],
                cwd=self.folder, env=environment(), stdout=PIPE, stderr=errors, text=True,
            )  # fmt: skip
            try:
                assert process.stdout is not None
                told = process.stdout.readline()
                assert told, Path(errors.name).read_text()
                yield Http(
                    process=process,
                    told=told,
                    key_file=Path(place) / "key",
                    port=port,
                    errors=Path(errors.name),
                )
            finally:
                process.kill()
                process.communicate(timeout=PATIENCE)

    async def call(self, client: Client, name: str, /, **arguments: Any) -> CallToolResult:  # noqa: ANN401  # reason: JSON
        """Call a tool; what it answers is looked through too."""
        result = await client.call_tool(name, arguments)
        with self.said.open("a") as out:
            out.write(f"{result.model_dump_json()}\n")
        return result


@dataclass(frozen=True, slots=True, kw_only=True)
class Http:
    """A server that listens."""

    process: Popen[str]
    told: str
    key_file: Path
    errors: Path
    port: int

    @property
    def url(self) -> str:
        """Where."""
        return f"http://127.0.0.1:{self.port}/mcp"

    @asynccontextmanager
    async def client(
        self, mode: str = NEWEST, person: Person | None = None
    ) -> AsyncIterator[Client]:
        """Connect with the key."""
        bearer = {"Authorization": f"Bearer {self.key_file.read_text().strip()}"}
        async with httpx2.AsyncClient(headers=bearer, trust_env=False, timeout=PATIENCE) as http:
            transport = streamable_http_client(self.url, http_client=http)
            async with client_of(transport, mode, person) as client:
                yield client
