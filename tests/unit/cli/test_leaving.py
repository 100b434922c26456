"""offboard and erase, over a deployment on this machine."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from multi_user_oauth.certificate import digest_of_document
from multi_user_oauth.cli.settings_file import read_settings
from multi_user_oauth.custody import NewGrants
from multi_user_oauth.model import Batch, ConnectionKey, Identity, Kind, Secret, System
from multi_user_oauth.ports import KeptRead, LastUse, Use
from multi_user_oauth.settings import Settings
from multi_user_oauth.wiring.parts import Parts
from multi_user_oauth.wiring.revoke import offboard as offboarding
from multi_user_oauth.wiring.world import World
from tests.contract.stores import samples

from .conftest import Run

LEAVER, OTHER, NOBODY = "maria@company.com", "john@company.com", "nobody@company.com"
MICROSOFT = "microsoft_teams"
Command = Callable[..., Result]


@pytest.fixture
def offboard(run: Run, env_file: Path) -> Command:
    """Run `offboard` over the deployment, in which two people connected Microsoft."""
    for number, email in enumerate((LEAVER, OTHER)):
        connect(env_file, email, number)
    return lambda *arguments: run("offboard", *arguments, "--env", env_file)


@pytest.fixture
def erase(run: Run, env_file: Path) -> Command:
    """Run `erase` over the deployment."""
    return lambda *arguments: run("erase", *arguments, "--env", env_file)


def parts(env_file: Path, *, days_ago: int = 0) -> Parts:
    """Return the deployment's parts; to them it is so many days ago."""
    at = datetime.now(UTC) - timedelta(days=days_ago)  # noqa: TID251  # reason: the commands go by the real time
    return Parts("test", Settings(read_settings(env_file)), World(now=lambda: at))


def connect(env_file: Path, user_email: str, number: int) -> None:
    """Let somebody have connected Microsoft."""
    here = parts(env_file)
    tenant = "00000000-0000-4000-8000-000000000001"
    identity = Identity.microsoft(tenant, f"00000000-0000-4000-9000-{number:012}")
    new = samples.connection(ConnectionKey(MICROSOFT, user_email), identity=identity)
    grants = NewGrants(
        deployment=here.settings.deployment_id,
        access_sealer=here.sealer(Kind.ACCESS),
        refresh_sealer=here.sealer(Kind.REFRESH),
    )
    sealed = grants.new_keys(new.key, new.epoch).seal(
        Secret("access"), Secret("refresh"), identity=identity, generation=new.generation
    )
    until = here.world.now() + timedelta(hours=1)
    sealed_new = replace(
        new,
        sealed_access=sealed.access,
        sealed_refresh=sealed.refresh,
        access_token_expires_at=until,
    )
    samples.put(here.main, sealed_new)


def facts(result: Result, exit_code: int = 0) -> dict[str, Any]:
    """Return what the command printed as JSON."""
    assert result.exit_code == exit_code, result.output
    printed: dict[str, Any] = json.loads(result.stdout)
    return printed


def test_a_certificate_is_printed_to_be_read(offboard: Command) -> None:
    """What was ended, what not and why, until when, and what is left to do."""
    done = offboard(LEAVER)
    assert done.exit_code == 0, done.output
    for said in (
        f"{MICROSOFT}/{LEAVER}",
        "by system:operator",
        "not_possible",
        "our copy: destroyed",
        "works until",
        "https://myapps.microsoft.com",
        "signed out everywhere: microsoft:",
        "SHA-256 ",
    ):
        assert said in done.stdout
    assert "ended before" not in done.stdout
    assert OTHER not in done.stdout


def test_run_again_what_was_done_is_told_as_such(offboard: Command, env_file: Path) -> None:
    """The time and the name of the end stay; the access token's end too."""
    first = facts(offboard(LEAVER, "--json"))["certificates"][0]
    again = offboard(LEAVER, OTHER)
    assert again.exit_code == 0
    assert f"{LEAVER} (ended before)" in again.stdout
    assert f"{OTHER}\n" in again.stdout
    second = facts(offboard(LEAVER, "--json"))["certificates"][0]
    assert second["connections"] == first["connections"]
    assert second["digest"] == digest_of_document(second)
    assert second["digest"] in (env_file.parent / "log" / "command_line.jsonl").read_text()


@pytest.mark.parametrize(
    "table",
    [
        f"name,user_email\nMaria,{LEAVER}\n\nJohn, {OTHER} \nMaria again,{LEAVER.upper()}\n",
        f"\ufeffE-mail,name\n{LEAVER},Maria\n{OTHER},John\n",
        f"{LEAVER}\n{OTHER}\n",
    ],
    ids=["a column of this name", "the first column, with a heading", "no heading"],
)
def test_people_come_from_a_table(offboard: Command, tmp_path: Path, table: str) -> None:
    """As spreadsheets write it; each person once."""
    file = tmp_path / "leavers.csv"
    file.write_text(table, "utf-8")
    printed = facts(offboard("--csv", file, "--json"))
    assert [each["user_email"] for each in printed["certificates"]] == [LEAVER, OTHER]
    assert printed["failed"] == []


@pytest.mark.parametrize(
    ("table", "place"),
    [
        (f"user_email\n{OTHER}\nmaria\n", "Line 3"),
        (f"name,user_email\nJohn,{OTHER}\nMaria\n", "Line 3"),
        ("user_email\n", "Who?"),
        ("", "Who?"),
    ],
)
def test_a_mistake_in_the_table_ends_nobody(
    offboard: Command, env_file: Path, tmp_path: Path, table: str, place: str
) -> None:
    """It is found before anything is done, and its line is named."""
    file = tmp_path / "leavers.csv"
    file.write_text(table, "utf-8")
    refused = offboard("--csv", file)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert place in refused.stderr
    found = parts(env_file).main.read(ConnectionKey(MICROSOFT, OTHER))
    assert found is not None
    assert found.connection.holds_its_email


def test_nobody_named_is_wrong_usage(offboard: Command) -> None:
    """It says what can be given."""
    assert offboard().exit_code == 2


def test_who_never_connected_is_told_and_keeps_no_other(offboard: Command) -> None:
    """A typing error must not look like success."""
    printed = facts(offboard(NOBODY, LEAVER, "--json"), 1)
    assert printed["failed"] == [{"user_email": NOBODY, "code": "not_connected"}]
    assert [each["user_email"] for each in printed["certificates"]] == [LEAVER]
    told = offboard(NOBODY)
    assert (told.exit_code, told.stdout) == (1, f"{NOBODY}: never connected anything\n")


def test_while_something_is_pending_a_script_is_told_to_come_again(
    offboard: Command, env_file: Path
) -> None:
    """4, whatever else was done."""
    offboard(LEAVER)
    here = parts(env_file)
    google = ConnectionKey("google_workspace", LEAVER)
    before = samples.put(here.main, samples.connection(google))
    step = samples.change(before, samples.tombstone(before))
    opens = samples.revocation(before.connection)
    here.main.commit(Batch(changes=(step,), opens=opens))
    assert here.main.revocation(google, before.connection.epoch) is not None

    printed = facts(offboard(LEAVER, NOBODY, "--json"), 4)

    states = {e["connector_type"]: e for e in printed["certificates"][0]["connections"]}
    assert states["google_workspace"]["provider"] == "pending"
    assert states["google_workspace"]["copy_destroyed"] is False
    assert "sealed until that is done" in offboard(LEAVER).stdout


# -- erasing --------------------------------------------------------------------------------------


def test_who_is_connected_is_not_erased(offboard: Command, erase: Command) -> None:
    """The sentence says what comes first."""
    assert callable(offboard)
    refused = erase(LEAVER)
    assert (refused.exit_code, refused.stdout) == (5, "")
    assert f"Still connected: {MICROSOFT}/{LEAVER}" in refused.stderr
    assert "multi-user-oauth offboard" in refused.stderr


def test_what_may_go_goes_and_the_rest_has_its_date(
    offboard: Command, erase: Command, env_file: Path
) -> None:
    """Uses at once; tombstone, audit, ledger and sign-outs later."""
    here, key = parts(env_file), ConnectionKey(MICROSOFT, LEAVER)
    use = LastUse(agent="a@b.example", action="token", purpose="", at=here.world.now())
    here.activity.note_use(key, use)
    released = Use(actor="agent:a@b.example", key=key, outcome="released")
    until = use.at + timedelta(days=400)
    here.activity.keep_read(KeptRead(use=released, at=use.at, mark="a1", until=until))
    offboard(LEAVER)
    printed = facts(erase(LEAVER, "--json"), 5)
    assert printed["erased"] == [{"what": what, "of": str(key)} for what in ("usage", "kept reads")]
    assert {each["what"] for each in printed["kept"]} == {
        "sign-outs",
        "connection and audit",
        "ledger",
    }
    assert all(each["until"] and each["why"] for each in printed["kept"])
    text = erase(LEAVER)
    assert text.exit_code == 5
    assert "a backup from before the disconnect may be restored until then" in text.stdout


def test_when_no_backup_can_bring_it_back_nothing_is_left(
    offboard: Command, erase: Command, env_file: Path
) -> None:
    """Ended 99 days ago: gone, and the second time there is nothing to say."""
    old = parts(env_file, days_ago=99)
    assert callable(offboard)
    offboarding(old).offboard(System(name="operator"), LEAVER)
    assert facts(erase(LEAVER, "--json"))["kept"] == []
    here = parts(env_file)
    assert here.main.read(ConnectionKey(MICROSOFT, LEAVER)) is None
    assert here.activity.entries() == ()
    assert erase(LEAVER).stdout == f"Nothing is kept of {LEAVER}.\n"
    assert here.main.read(ConnectionKey(MICROSOFT, OTHER)) is not None
