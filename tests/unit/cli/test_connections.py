"""users, token and revoke where nobody is connected; with people they are tried over the demo."""

import json
from pathlib import Path

import pytest

from .conftest import Run

KEY = ("microsoft_teams", "sarah@company.com")


def test_nobody_is_listed(run: Run, env_file: Path) -> None:
    """An empty vault is not an error."""
    assert run("users", "--env", env_file).stdout == "Nobody is connected.\n"
    listed = run("users", "--env", env_file, "--json", "--status", "active")
    assert (listed.exit_code, json.loads(listed.stdout)) == (0, {"users": []})


def test_a_token_of_nobody_is_refused_and_written_down(run: Run, env_file: Path) -> None:
    """One sentence, nothing on standard output, and the line of the use in the log."""
    refused = run("token", *KEY, "--env", env_file)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr.startswith("There is no connection microsoft_teams/sarah@company.com")
    (line,) = (env_file.parent / "log" / "command_line.jsonl").read_text().splitlines()
    assert json.loads(line)["outcome"] == "not_connected"


def test_a_connection_of_nobody_can_not_be_revoked(run: Run, env_file: Path) -> None:
    """A script can tell by the code."""
    refused = run("revoke", *KEY, "--env", env_file, "--json")
    assert (refused.exit_code, json.loads(refused.stdout)["code"]) == (1, "not_connected")


@pytest.mark.parametrize("command", ["token", "revoke"])
def test_a_malformed_email_is_wrong_usage(command: str, run: Run, env_file: Path) -> None:
    """It is named."""
    refused = run(command, "microsoft_teams", "sarah", "--env", env_file)
    assert refused.exit_code == 2
    assert "e-mail" in refused.stderr


def test_without_settings_the_way_to_give_them_is_named(run: Run) -> None:
    """Nothing is assumed."""
    refused = run("users")
    assert refused.exit_code == 2
    assert "--env FILE" in refused.stderr


def test_what_googles_tools_set_chooses_no_settings(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An emulator that somebody runs beside is no reason to ask for all the rest."""
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")
    assert "--env FILE" in run("users").stderr


def test_a_missing_setting_is_named(run: Run, env_file: Path) -> None:
    """The start stops, with the name."""
    kept = [line for line in env_file.read_text().splitlines() if "DEPLOYMENT_ID" not in line]
    env_file.write_text("\n".join(kept))
    refused = run("users", "--env", env_file)
    assert (refused.exit_code, refused.stderr) == (2, "DEPLOYMENT_ID is not set.\n")
