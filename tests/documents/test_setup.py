"""docs/setup.md names the scopes that connectors ask for, and the refusals that providers send."""

import re
from typing import Final

from multi_user_oauth.cli.doctor.consent import RESTRICTED
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
from multi_user_oauth.providers import aadsts, answers
from tests.architecture.catalogue import ROOT

PAGE: Final = (ROOT / "docs/setup.md").read_text("utf-8")
GOOGLE: Final = "https://www.googleapis.com/auth/"
CALLS: Final = (
    outlook_sending.SEND, outlook_reading.LIST, outlook_reading.READ, onedrive.READ, onedrive.WRITE,
    outlook_calendar.READ, outlook_calendar.WRITE, teams.READ_CHATS, teams.SEND_TO_CHAT,
    teams.READ_TEAMS, teams.READ_CHANNELS, teams.SEND_TO_CHANNEL, gmail_places.SEND, gmail_places.LIST,
    gmail_places.READ, drive.SEE, drive.READ, drive.WRITE, google_calendar.READ, google_calendar.WRITE,
)  # fmt: skip
OF_THE_PERSON: Final = "User.Read"
"""No call needs it, but a sign-in does: it tells the person's addresses."""


def permissions() -> list[list[str]]:
    """Return the rows of the table of permissions, cell by cell."""
    part = PAGE.partition("## Which permissions")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.*) \|$", part, re.MULTILINE)[2:]
    return [[cell.strip() for cell in row.split("|")] for row in rows]


def test_each_permission_is_one_that_a_call_needs() -> None:
    """A misspelt one would be refused by the provider, or serve nothing."""
    known = {scope for scopes in CALLS for scope in scopes} | {OF_THE_PERSON}
    rows = permissions()
    assert len(rows) > 8
    asked = [name for row in rows for name in re.findall(r"`([\w.]+)`", row[1])]
    asked += [GOOGLE + name for row in rows for name in re.findall(r"`([a-z]+\.[\w.]+)`", row[2])]
    assert [scope for scope in asked if scope not in known] == []


def test_what_google_calls_restricted_is_called_so() -> None:
    """By the list that doctor has."""
    for row in permissions():
        for name in re.findall(r"`([a-z]+\.[\w.]+)`", row[2]):
            assert (row[3] == "restricted") == (GOOGLE + name in RESTRICTED), name


def test_every_refusal_that_somebody_has_to_mend_is_in_the_table() -> None:
    """Those of the application, and those of an administrator's rule."""
    mended = {number for number, reason in aadsts.REASONS.items() if reason == "admin_blocked"}
    rows = re.findall(r"^\| (AADSTS.*?) \|", PAGE, re.MULTILINE)
    told = {int(number) for row in rows for number in re.findall(r"AADSTS(\d+)", row)}
    assert (mended | aadsts.MISCONFIGURED) - told == set()
    of_google = {"invalid_client", "invalid_scope", "deleted_client", "disabled_client"}
    of_google |= {"redirect_uri_mismatch", "org_internal"}
    assert of_google <= answers.OURS
    for error in {*of_google, answers.ADMIN}:
        assert re.search(rf"^\| [^|]*`{error}`", PAGE, re.MULTILINE), error


def test_the_settings_file_names_settings_only() -> None:
    """What a reader copies is understood, and enough."""
    block = re.search(r"printf '%s\\n' (.*?) > real/my\.env", PAGE, re.DOTALL)
    assert block is not None
    names = set(re.findall(r"\b([A-Z_]{3,})=", block.group(1)))
    assert names <= documented().keys()
    assert {"DATA_DIR", "DEPLOYMENT_ID", "POLICY_FILE", "CLIENT_SECRETS_FILE"} <= names


def test_what_is_in_the_cloud_says_so() -> None:
    """The fence does not show: the first line does."""
    blocks = re.findall(r"^```sh cloud\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert blocks
    assert [block for block in blocks if not block.startswith("# in the cloud")] == []
