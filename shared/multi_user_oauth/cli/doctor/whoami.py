"""doctor whoami: the identity to put on the policy's lists."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from multi_user_oauth.cli.arguments import user_email_argument
from multi_user_oauth.cli.connections import env_option
from multi_user_oauth.cli.output import (
    Exit,
    console,
    failed,
    failures_told,
    json_option,
    print_json,
)
from multi_user_oauth.cli.settings_file import chosen_settings

if TYPE_CHECKING:
    from collections.abc import Mapping


@click.command()
@user_email_argument
@env_option
@json_option
def whoami(user_email: str, env_file: Path | None, *, as_json: bool) -> None:
    """Print the identities that USER_EMAIL proved by connecting.

    They are what stands under `admins` and `auditors` in the policy file; an e-mail does not.

    Exit codes: 0 done; 1 nobody connected under this e-mail; 2 wrong usage or configuration; 4 try
    again later.
    """
    with failures_told(as_json=as_json):
        values = chosen_settings(env_file)
        found = _identities(values, user_email)
        where = f"{_origin(values)}/api/v1/account/session"
    if not found:
        message = (
            f"Nobody connected as {user_email}. Who signed in finds their identities at {where}."
        )
        raise failed(Exit.FAILED, message, as_json=as_json)
    if as_json:
        print_json({"identities": found})
        return
    for connector_type, identity in found.items():
        console().print(f"{identity}  ({connector_type})", markup=False, soft_wrap=True)


def _identities(values: "Mapping[str, str]", user_email: str) -> dict[str, str]:
    from multi_user_oauth.http.paths import key_of
    from multi_user_oauth.settings import Settings
    from multi_user_oauth.wiring.parts import Parts
    from multi_user_oauth.wiring.world import World

    parts = Parts("doctor", Settings(values), World())
    keys = [key_of(name, user_email) for name in sorted(parts.connector_types)]
    read = ((key, parts.main.read(key)) for key in keys)
    # A tombstone holds nothing: who was here before may be somebody else.
    return {
        key.connector_type: str(snapshot.connection.identity)
        for key, snapshot in read
        if snapshot is not None and snapshot.connection.holds_its_email
    }


def _origin(values: "Mapping[str, str]") -> str:
    from multi_user_oauth.settings import Settings

    return Settings(values).public_origin
