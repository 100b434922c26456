"""What docs/guide.md shows of the assistant works as it is printed, but for folders and ports."""

import json
import re
from typing import Any

from multi_user_oauth.mcp.server import CALENDAR, FILES, MAIL, TEAMS
from tests.unit.cli.processes import ROOT

from .talking import ARGUMENTS

SECTION = (
    (ROOT / "docs/guide.md")
    .read_text("utf-8")
    .split("\n## From an assistant (MCP)\n")[1]
    .split("\n## ")[0]
)


def configured() -> dict[str, Any]:
    """Return the server that the block for clients names."""
    (block,) = re.findall(r"```json\n(.*?)```", SECTION, re.DOTALL)
    server: dict[str, Any] = json.loads(block)["mcpServers"]["sarah"]
    return server


def test_every_tool_stands_in_the_table_by_what_it_does() -> None:
    """Those that read, those that send, and the one that creates."""
    rows = re.findall(r"^\| (`.+?) \| (\w+)", SECTION, re.MULTILINE)
    told = {name: verb for names, verb in rows for name in re.findall(r"`(\w+)`", names)}
    assert told.keys() == ARGUMENTS.keys()
    for name, (_, annotations) in {**MAIL, **FILES, **CALENDAR, **TEAMS}.items():
        verb = "send" if annotations.destructive_hint else "creates"
        assert told[name] == ("change" if annotations.read_only_hint else verb)
