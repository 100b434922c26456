"""policy check, policy explain: what the policy file says, before it is in force and after."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from multi_user_oauth.cli.arguments import user_email_argument
from multi_user_oauth.cli.completing import agents
from multi_user_oauth.cli.connections import env_option
from multi_user_oauth.cli.output import (
    Exit,
    console,
    failures_told,
    json_option,
    print_json,
    show_table,
)
from multi_user_oauth.cli.settings_file import chosen_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from multi_user_oauth.model import Action, Connection, ConnectionKey, Policy

file_option = click.option(
    "--file",
    "policy_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="This policy file, and nothing but it. Without it: the one of the settings.",
)


@click.group()
def policy() -> None:
    """Check the policy file, and ask it questions."""


@policy.command()
@file_option
@env_option
@json_option
def check(policy_file: Path | None, env_file: Path | None, *, as_json: bool) -> None:
    """Say whether the file is in order, and how much is in it.

    Exit codes: 0 it is; 2 it is not, or wrong usage.
    """
    with failures_told(as_json=as_json):
        file = policy_file or _settings_policy(chosen_settings(env_file))
        read = _load(file)
    facts = {
        "file": str(file),
        "agents": len(read.agents),
        "admins": len(read.admins),
        "auditors": len(read.auditors),
        "issuers": len(read.issuers),
        "delegations": "required" if read.delegations_required else "optional",
        "step_up": read.step_up.context if read.step_up else None,
        "proxy": len(read.proxy),
    }
    if as_json:
        print_json(facts)
        return
    counts = ", ".join(
        f"{facts[name]} {name}" for name in ("agents", "admins", "auditors", "issuers")
    )
    sentence = (
        f"{file} is in order: {counts}; delegations are {facts['delegations']}; "
        f"{facts['proxy']} rules for calls that are passed on."
    )
    console().print(sentence, markup=False, soft_wrap=True)


@policy.command()
@click.argument("agent", shell_complete=agents)
@user_email_argument
@file_option
@env_option
@json_option
def explain(
    agent: str, user_email: str, policy_file: Path | None, env_file: Path | None, *, as_json: bool
) -> None:
    """Say what AGENT may do as the person USER_EMAIL, and why not more.

    With the settings (no --file) what the person has left to the agent, or cut, is looked up too.

    Exit codes: 0 it may do something; 1 it may do nothing; 2 wrong usage or configuration; 4 try
    again later.
    """
    from multi_user_oauth.model import ConnectionKey, normalise_email

    with failures_told(as_json=as_json):
        email = normalise_email(user_email)
        values = {} if policy_file else chosen_settings(env_file)
        read = _load(policy_file or _settings_policy(values))
        rule = read.agents.get(agent)
        types = sorted(rule.connector_types) if rule else []
        keys = [ConnectionKey(name, email) for name in types]
        found = {} if policy_file else _connections(values, keys)
        rows = [_row(read, agent, key, found.get(key)) for key in keys]
    if as_json:
        print_json({"agent": agent, "user_email": email, "known": rule is not None, "rules": rows})
    else:
        _print(agent, email, rows, known=rule is not None)
    if not any(row["actions"] for row in rows):
        raise SystemExit(Exit.FAILED)


def _load(file: Path) -> "Policy":
    from multi_user_oauth.settings.policy import load_policy

    return load_policy(file)


def _settings_policy(values: "Mapping[str, str]") -> Path:
    from multi_user_oauth.settings import Settings

    return Settings(values).policy_file


def _connections(
    values: "Mapping[str, str]", keys: "list[ConnectionKey]"
) -> "dict[ConnectionKey, Connection]":
    from multi_user_oauth.settings import Settings
    from multi_user_oauth.wiring.parts import Parts
    from multi_user_oauth.wiring.world import World

    store = Parts("policy", Settings(values), World()).main if keys else None
    found = ((key, store.read(key)) for key in keys if store is not None)
    return {key: snapshot.connection for key, snapshot in found if snapshot is not None}


def _row(
    policy: "Policy", agent: str, key: "ConnectionKey", connection: "Connection | None"
) -> dict[str, object]:
    from multi_user_oauth.model import USES, Action

    answers = {action: _refusal(policy, agent, action, key, connection) for action in sorted(USES)}
    refusals = [refusal for refusal in answers.values() if refusal]
    rule = policy.agents[agent]
    return {
        "connector_type": key.connector_type,
        "actions": [action.value for action, refusal in answers.items() if not refusal],
        "not_more": refusals[0] if refusals else None,
        "scopes": sorted(rule.scopes) if rule.scopes is not None else None,
        "rate": rule.rate,
        "proxy": _passed_on(policy, agent) if not answers[Action.PROXY] else [],
        "status": connection.status.value if connection else None,
    }


def _passed_on(policy: "Policy", agent: str) -> list[str]:
    """Return the rules by which calls are passed on for it."""
    narrowed = policy.agents[agent].proxy
    return [str(rule) for rule in (policy.proxy if narrowed is None else narrowed)]


def _refusal(
    policy: "Policy",
    agent: str,
    action: "Action",
    key: "ConnectionKey",
    connection: "Connection | None",
) -> str | None:
    """Return why not, by the very decision that the functions take; None where it may."""
    from multi_user_oauth import errors
    from multi_user_oauth.access import require, require_reach
    from multi_user_oauth.model import Agent

    try:
        require_reach(policy, Agent(name=agent), action, key)
        if connection is not None:
            require(policy, Agent(name=agent), action, connection, datetime.now(UTC))
    except errors.NotConnectedError:
        return "the person is not among its users"
    except errors.DelegationRequiredError:
        return "the person has not left more to it"
    except errors.ForbiddenError:
        return "its rule names no more actions"
    return None


def _print(agent: str, email: str, rows: list[dict[str, object]], *, known: bool) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    if not known:
        console().print(f"The policy does not know {agent}: it may do nothing.", markup=False)
        return
    table = Table(box=SIMPLE_HEAD, title=f"{agent} as {email}", title_justify="left")
    for heading in (
        "connector type",
        "may",
        "why not more",
        "only with scopes",
        "rate",
        "passes on",
    ):
        table.add_column(heading, overflow="fold")
    for row in rows:
        actions, scopes, proxy = row["actions"], row.get("scopes"), row.get("proxy")
        cells = (
            row["connector_type"],
            ", ".join(actions) if isinstance(actions, list) and actions else "nothing",
            row["not_more"] or "",
            " ".join(scopes) if isinstance(scopes, list) else "",
            row.get("rate") or "",
            "\n".join(proxy) if isinstance(proxy, list) else "",
        )
        table.add_row(*(Text(str(cell)) for cell in cells))
    show_table(table)
