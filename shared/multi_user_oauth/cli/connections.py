"""users, token, revoke: the stores themselves, without HTTP, for whoever may read their keys."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from multi_user_oauth.cli.arguments import connector_type_argument, user_email_argument
from multi_user_oauth.cli.completing import agents, connector_types
from multi_user_oauth.cli.output import (
    console,
    failures_told,
    json_option,
    print_json,
    show_table,
    utc_text,
)
from multi_user_oauth.cli.progress import Amount, progress
from multi_user_oauth.cli.settings_file import chosen_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from multi_user_oauth.manager import MultiUserOAuthManager
    from multi_user_oauth.model import Connection
    from multi_user_oauth.model.forecast import Forecast

STATUSES = ("active", "needs_sign_in", "revoked")

env_option = click.option(
    "--env",
    "env_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Settings, NAME=value lines. Without it: the environment, else .demo/settings.env.",
)


@click.command()
@click.option("--connector-type", shell_complete=connector_types, help="Only this one.")
@click.option("--status", type=click.Choice(STATUSES), help="Only connections in this state.")
@env_option
@json_option
def users(
    connector_type: str | None, status: str | None, env_file: Path | None, *, as_json: bool
) -> None:
    """List who is connected, and until when that lives if nothing is done.

    Exit codes: 0 done; 2 wrong usage or configuration; 4 try again later.
    """
    from multi_user_oauth.model import ConnectionStatus

    rows: list[tuple[Connection, Forecast | None]] = []
    with failures_told(as_json=as_json):
        values = chosen_settings(env_file)
        with _log(values) as log:
            wanted = ConnectionStatus(status) if status else None
            manager = _manager(values, log)
            with progress("Listing", of=Amount.UNKNOWN, says=lambda: f"{len(rows)} connections"):
                found = manager.list_users(connector_type, wanted)
                rows.extend((each, manager.forecast(each)) for each in found)
    if as_json:
        print_json({"users": [_row(connection, ending) for connection, ending in rows]})
    elif rows:
        _print_table(rows)
    else:
        named = f" with {connector_type}" if connector_type else ""
        console().print(f"Nobody is connected{named}.", markup=False, soft_wrap=True)


@click.command()
@connector_type_argument
@user_email_argument
@click.option(
    "--agent",
    shell_complete=agents,
    help="As this agent of the policy file, held to what it may do.",
)
@env_option
@json_option
def token(
    connector_type: str, user_email: str, agent: str | None, env_file: Path | None, *, as_json: bool
) -> None:
    """Print a person's access token and nothing else.

    It is refreshed if need be.

    Exit codes: 0 done; 1 refused; 2 wrong usage or configuration; 3 the person has to sign in; 4 try
    again later.
    """
    values: Mapping[str, str] = {}
    with failures_told(as_json=as_json):
        values = chosen_settings(env_file)
        link = _reauthorize_hint(values, connector_type, user_email)
        with failures_told(as_json=as_json, hints={"needs_sign_in": link}), _log(values) as log:
            got = _manager(values, log, agent).get_user_access_token(
                connector_type, user_email, purpose="command line"
            )
    if not as_json:
        click.echo(got.value.reveal())
        return
    print_json(
        {
            "access_token": got.value.reveal(),
            "token_type": "Bearer",
            "expires_at": utc_text(got.expires_at),
            "scopes": got.scopes,
            "missing_scopes": got.missing_scopes,
        }
    )


@click.command()
@connector_type_argument
@user_email_argument
@env_option
@json_option
def revoke(connector_type: str, user_email: str, env_file: Path | None, *, as_json: bool) -> None:
    """End a person's connection, as an operator.

    Exit codes: 0 done; 1 there is none; 2 wrong usage or configuration; 4 try again later.
    """
    with failures_told(as_json=as_json):
        values = chosen_settings(env_file)
        with _log(values) as log:
            ended = _manager(values, log).revoke(connector_type, user_email)
    if as_json:
        print_json(
            {
                "status": "revoked",
                "provider": ended.provider.value,
                "reason": ended.reason,
                "access_token_valid_until": utc_text(ended.access_token_valid_until),
            }
        )
        return
    lines = [f"Revoked here. At the provider: {ended.provider.value}. {ended.reason}"]
    if ended.access_token_valid_until:
        until = utc_text(ended.access_token_valid_until)
        lines.append(f"An access token that was given out before works until {until}.")
    console().print(*lines, sep="\n", markup=False)


def _manager(
    values: "Mapping[str, str]", log: TextIO, agent: str | None = None
) -> "MultiUserOAuthManager":
    from multi_user_oauth.log import configure
    from multi_user_oauth.manager import MultiUserOAuthManager
    from multi_user_oauth.wiring.world import World

    configure(log)
    return MultiUserOAuthManager.from_settings(values, agent=agent, world=World(stream=log))


def _log(values: "Mapping[str, str]") -> AbstractContextManager[TextIO]:
    """Open the file that takes the lines which must be written before a token leaves."""
    from multi_user_oauth.cli.files import open_log
    from multi_user_oauth.settings import Settings

    return open_log(Settings(values).data_dir / "log" / "command_line.jsonl")


def _reauthorize_hint(values: "Mapping[str, str]", connector_type: str, user_email: str) -> str:
    from multi_user_oauth.http.paths import key_of, reauthorize_url
    from multi_user_oauth.settings import Settings

    origin = Settings(values).public_origin
    return f"There: {reauthorize_url(origin, key_of(connector_type, user_email))}"


def _row(connection: "Connection", ending: "Forecast | None") -> dict[str, object]:
    return {
        "user_email": connection.key.user_email,
        "connector_type": connection.key.connector_type,
        "status": connection.status.value,
        "reason": connection.reason,
        "quarantined_at": utc_text(connection.quarantined_at),
        "scopes": connection.scopes,
        "missing_scopes": connection.missing_scopes,
        "connected_at": utc_text(connection.connected_at),
        "access_token_expires_at": utc_text(connection.access_token_expires_at),
        "lives_until": (
            {"at": utc_text(ending.until), "reason": ending.reason.value} if ending else None
        ),
    }


def _print_table(rows: "list[tuple[Connection, Forecast | None]]") -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True)
    for heading in ("e-mail", "connector type"):
        table.add_column(heading, no_wrap=True)
    table.add_column("status", overflow="fold")
    for heading in ("connected (UTC)", "token until", "lives until"):
        table.add_column(heading, min_width=len("2026-01-05"), overflow="fold")
    for connection, ending in rows:
        why = "quarantined" if connection.quarantined_at else connection.reason
        status = connection.status.value + (f" ({why})" if why else "")
        until = connection.access_token_expires_at if connection.sealed_access else None
        cells = (
            connection.key.user_email,
            connection.key.connector_type,
            status,
            f"{connection.connected_at:%Y-%m-%d %H:%M}",
            f"{until:%Y-%m-%d %H:%M}" if until else "",
            f"{ending.until:%Y-%m-%d} ({ending.reason.replace('_', ' ')})" if ending else "",
        )
        table.add_row(*map(Text, cells))
    show_table(table)
