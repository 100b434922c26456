"""The examples in the documents are loaded as they stand."""

import re
from pathlib import Path

from multi_user_oauth.cli.settings_file import documented
from multi_user_oauth.connectors import (
    drive,
    gmail_places,
    google_calendar,
    onedrive,
    outlook_calendar,
    outlook_reading,
    outlook_sending,
    teams,
)
from multi_user_oauth.model import ConnectionKey
from multi_user_oauth.sandbox.app import create_app
from multi_user_oauth.sandbox.records import SandboxConfig
from multi_user_oauth.settings.files import load_connector_types
from multi_user_oauth.settings.policy import load_policy

from .processes import ROOT

DOCS = ROOT / "docs"


def example(document: str, folder: Path) -> Path:
    """Return the first YAML block of a document as a file."""
    text = (DOCS / document).read_text("utf-8")
    block = re.search(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert block is not None
    file = folder / "example.yaml"
    file.write_text(block.group(1), encoding="utf-8")
    return file


def test_the_example_of_connector_types_loads(tmp_path: Path) -> None:
    """It shows both providers and every field, and each field has its row."""
    file = example("connector-types.md", tmp_path)
    types = load_connector_types(file)
    assert {kind.provider.value for kind in types.values()} == {"microsoft", "google"}
    text = (DOCS / "connector-types.md").read_text("utf-8")
    fields = re.findall(r"^  (\w+):", file.read_text(), re.MULTILINE)
    assert {"tenants", "hosted_domains", "allowed_scopes"} <= set(fields)
    assert [name for name in fields if f"| `{name}` |" not in text] == []


def test_the_example_of_the_policy_loads(tmp_path: Path) -> None:
    """It shows all that can be said: and each field has its row."""
    policy = load_policy(example("policy.md", tmp_path))
    assert policy.admins
    assert policy.auditors
    assert {issuer.kind.value for issuer in policy.issuers.values()} == {"agent", "person"}
    assert policy.step_up is not None
    assert policy.refresh_callers
    anybody = ConnectionKey("google_workspace", "anybody@company.com")
    assert sorted(rule.covers(anybody) for rule in policy.agents.values()) == [False, False, True]


def test_an_operator_s_settings_file_names_settings_only() -> None:
    """And each setting of it once."""
    text = (DOCS / "operations.md").read_text("utf-8")
    block = re.search(r"```\n(BACKEND=gcp\n.*?)```", text, re.DOTALL)
    assert block is not None
    names = re.findall(r"^([A-Z_]+)=", block.group(1), re.MULTILINE)
    assert len(names) == len(block.group(1).splitlines()) == len(set(names))
    assert set(names) <= documented().keys()
    assert {"DATA_DIR", "REFRESH_URL", "ACCESS_KEY"} <= set(names)


def test_the_sandbox_takes_what_the_guide_sends_it() -> None:
    """Each line that makes something go wrong is understood."""
    text = (DOCS / "guide.md").read_text("utf-8")
    lines = re.findall(r"/_sandbox/([\w-]+) \\\s+-d '(\{.*?\})'", text)
    client = create_app(SandboxConfig()).test_client()
    assert len(lines) == 3
    for name, body in lines:
        sent = client.post(f"/_sandbox/{name}", data=body, content_type="application/json")
        assert sent.status_code in {200, 204}, name


SCOPES = {
    "`send_email`": (outlook_sending.SEND, gmail_places.SEND),
    "`messages`, the list": (outlook_reading.LIST, gmail_places.LIST),
    "`messages/{id}`, and a search": (outlook_reading.READ, gmail_places.READ),
    "`files`, the list": (onedrive.READ, drive.SEE),
    "a file's bytes": (onedrive.READ, drive.READ),
    "an upload": (onedrive.WRITE, drive.WRITE),
    "`calendar/events`, the list": (outlook_calendar.READ, google_calendar.READ),
    "a new event": (outlook_calendar.WRITE, google_calendar.WRITE),
    "`chats`": (teams.READ_CHATS, ()),
    "a chat message": (teams.SEND_TO_CHAT, ()),
    "`teams`": (teams.READ_TEAMS, ()),
    "a channel message": (teams.SEND_TO_CHANNEL, ()),
}


def test_the_table_of_scopes_is_what_the_connectors_ask_for() -> None:
    """In their order: the narrowest first."""
    text = (DOCS / "connector-types.md").read_text("utf-8").partition("## Which call needs")[2]
    rows = re.findall(
        r"^\| (.+?) \| (.*?) ?\| (.*?) ?\|$", text.partition("\nWith ")[0], re.MULTILINE
    )
    told = {
        call: tuple(tuple(re.findall(r"`(.+?)`", cell)) for cell in cells)
        for call, *cells in rows
        if call != "call"
    }
    google = "https://www.googleapis.com/auth/"
    assert told == {
        call: (theirs, tuple(scope.removeprefix(google) for scope in googles))
        for call, (theirs, googles) in SCOPES.items()
    }
