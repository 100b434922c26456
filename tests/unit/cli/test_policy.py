"""policy check and policy explain: the answers are those of the functions."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import Run

AGENT = "mail@p.iam.gserviceaccount.com"
RULE: dict[str, Any] = {
    "connector_types": ["google_workspace", "microsoft_teams"],
    "users": ["*@company.com"],
}


def policy_file(folder: Path, **rule: object) -> Path:
    """A policy with one agent."""
    file = folder / "policy.yaml"
    file.write_text(yaml.safe_dump({"agents": {AGENT: RULE | rule}, "admins": ["google:1"]}))
    return file


def test_a_file_in_order_is_said_to_be(run: Run, tmp_path: Path) -> None:
    """With what is in it."""
    file = policy_file(tmp_path)
    checked = run("policy", "check", "--file", file)
    assert checked.exit_code == 0
    said = "1 agents, 1 admins, 0 auditors, 0 issuers; delegations are optional; 0 rules for calls"
    assert checked.stdout == f"{file} is in order: {said} that are passed on.\n"
    as_json = json.loads(run("policy", "check", "--file", file, "--json").stdout)
    assert (as_json["agents"], as_json["step_up"]) == (1, None)


def test_a_mistake_is_named(run: Run, tmp_path: Path) -> None:
    """By file and place, on standard error, with the exit code of a wrong configuration."""
    file = policy_file(tmp_path, actions=["mail"])
    checked = run("policy", "check", "--file", file)
    assert (checked.exit_code, checked.stdout) == (2, "")
    assert f"{file}: agents.{AGENT}.actions: expected some of" in checked.stderr


def test_the_file_of_the_settings_is_meant_where_none_is_named(run: Run, env_file: Path) -> None:
    """As the functions read it."""
    checked = run("policy", "check", "--env", env_file)
    assert checked.exit_code == 0
    assert str(env_file.parent) in checked.stdout


@pytest.mark.parametrize(
    ("rule", "user", "action"),
    [
        ({}, "Sarah@Company.com", "token"),
        ({"actions": ["mail.send"]}, "sarah@company.com", "mail.send"),
        ({}, "sarah@elsewhere.com", None),
    ],
)
def test_what_an_agent_may_do_is_explained(
    run: Run, tmp_path: Path, rule: dict[str, Any], user: str, action: str | None
) -> None:
    """For each connector type of its rule; the exit code says whether there is anything."""
    file = policy_file(tmp_path, **rule)
    explained = run("policy", "explain", AGENT, user, "--file", file, "--json")
    assert explained.exit_code == (action is None)
    rows = json.loads(explained.stdout)["rules"]
    assert [row["connector_type"] for row in rows] == ["google_workspace", "microsoft_teams"]
    for row in rows:
        assert (action in row["actions"]) if action else row["actions"] == []
        assert (row["not_more"] is None) == (action == "token")
    table = run("policy", "explain", AGENT, user, "--file", file).stdout
    assert ("nothing" in table) == (action is None)


@pytest.mark.parametrize(
    ("rule", "passed_on"),
    [
        ({}, ["GET graph.microsoft.com/v1.0/me/**"]),
        ({"proxy": ["GET graph.microsoft.com/v1.0/me"]}, ["GET graph.microsoft.com/v1.0/me"]),
        ({"proxy": []}, []),
        ({"actions": ["mail.read"]}, []),
    ],
)
def test_the_calls_that_are_passed_on_are_explained(
    run: Run, tmp_path: Path, rule: dict[str, Any], passed_on: list[str]
) -> None:
    """The list, or the agent's narrower one; none without the action."""
    file = policy_file(tmp_path, **rule)
    listed = yaml.safe_load(file.read_text()) | {"proxy": ["GET graph.microsoft.com/v1.0/me/**"]}
    file.write_text(yaml.safe_dump(listed))
    command = ("policy", "explain", AGENT, "sarah@company.com", "--file", file)
    rows = json.loads(run(*command, "--json").stdout)["rules"]
    assert [row["proxy"] for row in rows] == [passed_on, passed_on]
    assert ("passes on" in run(*command).stdout) is True
    assert json.loads(run("policy", "check", "--file", file, "--json").stdout)["proxy"] == 1


def test_an_agent_that_the_policy_does_not_know_may_do_nothing(run: Run, tmp_path: Path) -> None:
    """Said in a sentence."""
    explained = run("policy", "explain", "x", "sarah@company.com", "--file", policy_file(tmp_path))
    assert explained.exit_code == 1
    assert explained.stdout == "The policy does not know x: it may do nothing.\n"


def test_with_the_settings_the_connection_is_looked_at_too(run: Run, env_file: Path) -> None:
    """What a person has cut is part of the answer."""
    agent = next(iter(yaml.safe_load((env_file.parent / "policy.yaml").read_text())["agents"]))
    explained = run("policy", "explain", agent, "sarah@company.com", "--env", env_file, "--json")
    assert explained.exit_code == 0
    assert {row["status"] for row in json.loads(explained.stdout)["rules"]} == {None}
