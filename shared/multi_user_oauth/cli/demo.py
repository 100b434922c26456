"""demo: everything on this machine, with a Microsoft and a Google of our own beside it."""

import fcntl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from multi_user_oauth.cli.demo_texts import as_document, print_welcome
from multi_user_oauth.cli.files import (
    find_functions,
    open_log,
    provision_deployment,
    sandbox_secrets,
)
from multi_user_oauth.cli.output import failures_told, json_option, print_json
from multi_user_oauth.cli.running import (
    Stop,
    listen_or_fail,
    port_type,
    request_lines,
    start_gateway,
)
from multi_user_oauth.cli.settings_file import put_into_environment, write_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from multi_user_oauth.sandbox.records import SandboxConfig

HEADING = """The demo's settings, written anew at each start.
`multi-user-oauth users`, `token` and `revoke` read them, as every command does with --env FILE."""
TRY = "make demo PORT={port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """Where everything is."""

    origin: str
    sandbox_url: str
    directory: Path

    @property
    def settings_file(self) -> Path:
        """The settings that the functions run with."""
        return self.directory / "settings.env"

    @property
    def log_file(self) -> Path:
        """The functions' log."""
        return self.directory / "log" / "functions.jsonl"


@click.command()
@click.option("--port", type=port_type, default=8084, show_default=True, help="Ours.")
@click.option("--sandbox-port", type=port_type, help="The sandbox's.  [default: the port after]")
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".demo"),
    show_default=True,
    help="What is kept until the next start.",
)
@click.option(
    "--functions",
    "functions_dir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder of functions.yaml.  [default: this clone's]",
)
@json_option
def demo(
    port: int,
    sandbox_port: int | None,
    data_dir: Path,
    functions_dir: Path | None,
    *,
    as_json: bool,
) -> None:
    """Run everything here, with a sandbox Microsoft and Google.

    Exit codes: 0 stopped; 1 a port is taken; 2 wrong usage or configuration.
    """
    with Stop() as stop, failures_told(as_json=as_json):
        functions = find_functions(functions_dir)
        beside = sandbox_port or port + 1
        if beside == port:
            raise click.UsageError("the sandbox needs a port of its own")
        sockets = listen_or_fail(port, beside=beside, command=TRY, as_json=as_json)
        directory, lock = _claim(data_dir, port)
        world = Demo(
            origin=f"http://localhost:{port}",
            sandbox_url=f"http://127.0.0.1:{beside}",
            directory=directory,
        )
        settings = provision_demo(world)
        put_into_environment(settings)

        from multi_user_oauth.sandbox.server import Sandbox

        sandbox = Sandbox(sandbox_config(settings, directory / "sandbox.json"))
        sandbox.start(port=beside)
        lines = None if as_json else request_lines()
        server = start_gateway(functions, sockets, world.log_file, lines)
        if as_json:
            print_json(as_document(world))
        else:
            print_welcome(world)
        stop.wait()
        server.stop()
        lock.close()


def provision_demo(world: Demo) -> "Mapping[str, str]":
    """Make what is missing, write the settings down and return them; raise `ConfigurationError`."""
    settings = {
        "PUBLIC_ORIGIN": world.origin,
        "SANDBOX_URL": world.sandbox_url,
        **provision_deployment(world.directory),
    }
    write_settings(world.settings_file, settings, HEADING)
    return settings


def sandbox_config(settings: "Mapping[str, str]", state_file: Path | None) -> "SandboxConfig":
    """Return a sandbox at which the applications of these settings are registered."""
    from multi_user_oauth.http.paths import redirect_uri
    from multi_user_oauth.model import Provider
    from multi_user_oauth.sandbox.records import Registration, SandboxConfig
    from multi_user_oauth.settings import Settings
    from multi_user_oauth.settings.files import load_connector_types

    known = Settings(settings)
    secrets = sandbox_secrets(known.client_secrets_file)
    registrations = {
        connector_type.provider: Registration(
            client_id=connector_type.client_id,
            client_secrets=secrets.get(connector_type.client_secret_name, []),
            redirect_uris=[redirect_uri(known.public_origin, connector_type.provider)],
        )
        for connector_type in load_connector_types(known.connector_types_file).values()
    }
    return SandboxConfig(
        microsoft=registrations.get(Provider.MICROSOFT),
        google=registrations.get(Provider.GOOGLE),
        state_file=state_file,
    )


def _claim(directory: Path, port: int) -> tuple[Path, TextIO]:
    """Return the folder that is ours until the lock is closed: another one while a demo uses it."""
    lock = open_log(directory / "lock")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return _claim(directory / f"port-{port}", port)
    return directory.resolve(), lock
