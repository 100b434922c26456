"""serve: the same gateway over one's own settings, against the real Microsoft and Google."""

import uuid
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import click

from multi_user_oauth.cli.files import find_functions
from multi_user_oauth.cli.output import console, failures_told, json_option, print_json
from multi_user_oauth.cli.running import (
    Stop,
    listen_or_fail,
    port_type,
    request_lines,
    start_gateway,
    sweep_option,
)
from multi_user_oauth.cli.settings_file import put_into_environment, read_settings
from multi_user_oauth.errors import ConfigurationError

PORT: Final = 8084
NEEDED: Final = {
    "DATA_DIR": "a folder for the databases and keys, such as DATA_DIR=data",
    "DEPLOYMENT_ID": "a UUID made once, such as DEPLOYMENT_ID={uuid}",
    "CONNECTOR_TYPES_FILE": "what people can connect, see docs/connector-types.md",
    "POLICY_FILE": "which agents may act for whom, see docs/policy.md",
    "CLIENT_SECRETS_FILE": "the applications' secrets, see docs/guide.md",
}


@click.command()
@click.option(
    "--env",
    "env_file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Settings, NAME=value lines; docs/guide.md says which.",
)
@click.option("--port", type=port_type, help="[default: the one of PUBLIC_ORIGIN, or 8084]")
@click.option(
    "--functions",
    "functions_dir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder of functions.yaml.  [default: this clone's]",
)
@sweep_option
@json_option
def serve(
    env_file: Path,
    port: int | None,
    functions_dir: Path | None,
    *,
    sweep_every: int,
    as_json: bool,
) -> None:
    """Run with your own settings, against Microsoft and Google.

    Exit codes: 0 stopped; 1 the port is taken; 2 wrong usage or configuration.
    """
    with Stop() as stop, failures_told(as_json=as_json):
        functions = find_functions(functions_dir)
        given = read_settings(env_file)
        _require(given, env_file)
        origin = given.get("PUBLIC_ORIGIN", f"http://localhost:{port or PORT}")
        port = port or urlsplit(origin).port or PORT
        command = f"multi-user-oauth serve --env {env_file} --port {{port}}"
        sockets = listen_or_fail(port, beside=None, command=command, as_json=as_json)
        settings = _provisioned({"PUBLIC_ORIGIN": origin, **given})
        put_into_environment(settings)
        log_file = Path(settings["DATA_DIR"]) / "log" / "functions.jsonl"
        lines = None if as_json else request_lines()
        server = start_gateway(functions, sockets, log_file, lines)
        if as_json:
            print_json({"url": origin, "log": str(log_file)})
        else:
            console().print(
                f"Serving {origin}, on port {port} of this machine only. Ctrl-C stops it.\n"
                f"Full log: {log_file}",
                markup=False,
                soft_wrap=True,
            )
        with _sweeping(settings, sweep_every):
            stop.wait()
        server.stop()


def _sweeping(settings: Mapping[str, str], every: int) -> AbstractContextManager[object]:
    """Return what refreshes what is due, in this process: no scheduler could prove itself here."""
    from multi_user_oauth.sandbox.scheduler import Repeated
    from multi_user_oauth.wiring.schedule import sweeping

    return Repeated(sweeping(settings), every=None if settings.get("REFRESH_URL") else every)


def _require(given: Mapping[str, str], file: Path) -> None:
    if "SANDBOX_URL" in given:
        raise ConfigurationError(
            "SANDBOX_URL is set, and this is for the real Microsoft and Google: take it out, or use "
            "`make demo`"
        )
    missing = [name for name in NEEDED if not given.get(name)]
    if missing:
        wanted = "; ".join(f"{name} ({NEEDED[name]})" for name in missing)
        raise ConfigurationError(f"Missing in {file}: {wanted.format(uuid=uuid.uuid4())}")


def _provisioned(given: Mapping[str, str]) -> dict[str, str]:
    """Return the settings with the keys that they do not name made below DATA_DIR."""
    from multi_user_oauth.wiring.provision import provision

    directory = Path(given["DATA_DIR"])
    try:
        made = provision(directory)
    except OSError as error:
        raise ConfigurationError(f"{directory} can not be used: {error.strerror}") from None
    return {**made, **given}
