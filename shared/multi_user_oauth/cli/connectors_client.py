"""Which API the commands of the connectors speak to, and as which agent."""

import functools
import os
import shutil
import subprocess
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from multi_user_oauth.cli.arguments import connector_type_argument, user_email_argument
from multi_user_oauth.cli.completing import agents
from multi_user_oauth.cli.connections import env_option
from multi_user_oauth.cli.output import json_option

if TYPE_CHECKING:
    from multi_user_oauth.client import Connectors, Identity

TOKEN: Final = "MULTI_USER_OAUTH_TOKEN"  # noqa: S105  # reason: the name of a variable
GCLOUD_SECONDS: Final = 60
HOW: Final = (
    "Nothing here says who you are: give --token-file FILE, or the environment's "
    f"{TOKEN}, with an OIDC token made for {{origin}}; or run this where Google Cloud gives one "
    "(a metadata server, or gcloud with --agent SERVICE-ACCOUNT)"
)

Command = Callable[..., None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """As whom a command acts, and by which API."""

    connector_type: str
    user_email: str
    purpose: str
    agent: str | None
    url: str | None
    token_file: Path | None
    env_file: Path | None
    as_json: bool

    @property
    def whose(self) -> tuple[str, str]:
        """The connection, as the client's methods take it."""
        return self.connector_type, self.user_email

    def connectors(self) -> "Connectors":
        """Return the API to speak to; raise `ConfigurationError`."""
        from multi_user_oauth.client import Connectors

        token = _token(self.token_file)
        settings = self._settings(needed=not (self.url and token))
        origin = (self.url or settings["PUBLIC_ORIGIN"]).rstrip("/")
        if token and self.token_file is not None:
            # Whoever renews it writes it there: a command that goes on for hours reads it again.
            return Connectors(origin, lambda _: _token(self.token_file))
        return Connectors(origin, _identity(origin, token, self.agent, settings))

    def _settings(self, *, needed: bool) -> Mapping[str, str]:
        from multi_user_oauth.cli.settings_file import chosen_settings
        from multi_user_oauth.errors import ConfigurationError

        if not needed and self.env_file is None:
            return {}
        try:
            settings = chosen_settings(self.env_file)
        except ConfigurationError:
            if self.url and self.env_file is None:
                return {}  # none are chosen, and the API is named
            raise
        if not self.url and not settings.get("PUBLIC_ORIGIN"):
            raise ConfigurationError("PUBLIC_ORIGIN is not set: name the API by --url ORIGIN")
        return settings


_OPTIONS: Final = (
    connector_type_argument,
    user_email_argument,
    click.option(
        "--agent",
        shell_complete=agents,
        help="As this service account.  [default: the demo's agent]",
    ),
    click.option("--url", help="The API's origin.  [default: PUBLIC_ORIGIN]"),
    click.option(
        "--token-file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help=f"An OIDC token of your own.  [default: the environment's {TOKEN}]",
    ),
    click.option("--purpose", default="command line", show_default=True, help="For the audit."),
    env_option,
    json_option,
)


def acting(command: Command) -> Command:
    """Give a command, as its first argument, whom it acts as; and the options that say so."""
    names = {field.name for field in fields(Acting)}

    @functools.wraps(command)
    def with_acting(**given: object) -> None:
        mine: dict[str, Any] = {name: given.pop(name) for name in names}
        command(Acting(**mine), **given)

    for option in reversed(_OPTIONS):
        with_acting = option(with_acting)
    return with_acting


def fresh_key() -> str:
    """Return an idempotency key: with it the client may try again by itself."""
    return f"command-line-{uuid.uuid4()}"


def _token(file: Path | None) -> str:
    from multi_user_oauth.errors import ConfigurationError

    if file is None:
        return os.environ.get(TOKEN, "").strip()
    try:
        token = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(f"{file} can not be read") from None
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise ConfigurationError(f"{file} holds no token")
    return token


def _identity(
    origin: str, token: str, agent: str | None, settings: Mapping[str, str]
) -> "Identity":
    from multi_user_oauth.cli.demo_texts import AGENT, METADATA_HOST
    from multi_user_oauth.client import fixed, metadata_identity

    if token:
        return fixed(token)
    sandbox = settings.get("SANDBOX_URL", "").rstrip("/")
    if sandbox and settings.get("PUBLIC_ORIGIN", "").rstrip("/") == origin:
        return metadata_identity(agent or AGENT, base_url=f"{sandbox}/{METADATA_HOST}")
    return _of_google_cloud(agent)


def _of_google_cloud(agent: str | None) -> "Identity":
    """Return the identity that this machine has, else the one that gcloud may take on."""
    from multi_user_oauth.client import NoIdentityError, metadata_identity

    here = metadata_identity(agent or "default")

    def identity(origin: str) -> str:
        try:
            return here(origin)
        except NoIdentityError:
            token = _by_gcloud(origin, agent)
        if not token:
            raise NoIdentityError(HOW.format(origin=origin))
        return token

    return identity


def _by_gcloud(origin: str, agent: str | None) -> str:
    gcloud = shutil.which("gcloud")
    if gcloud is None:
        return ""
    line = [gcloud, "auth", "print-identity-token", f"--audiences={origin}", "--quiet"]
    if agent:
        line += ["--include-email", f"--impersonate-service-account={agent}"]
    try:
        done = subprocess.run(  # noqa: S603  # reason: a list, no shell
            line, capture_output=True, text=True, check=False, timeout=GCLOUD_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
