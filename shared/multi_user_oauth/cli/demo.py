"""demo: everything on this machine, with a Microsoft and a Google of our own beside it."""

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO
from urllib.parse import urlsplit

import click

from multi_user_oauth.cli.demo_sandbox import sandbox_config, scheduler
from multi_user_oauth.cli.demo_texts import as_document, print_welcome
from multi_user_oauth.cli.files import find_functions, open_log, provision_deployment
from multi_user_oauth.cli.output import console, failures_told, json_option, print_json
from multi_user_oauth.cli.running import (
    Stop,
    listen_or_fail,
    port_type,
    request_lines,
    start_gateway,
    sweep_option,
)
from multi_user_oauth.cli.settings_file import put_into_environment, write_settings
from multi_user_oauth.errors import ConfigurationError

if TYPE_CHECKING:
    import socket

    from multi_user_oauth.sandbox.gateway import Answered

    Lines = Callable[[Answered], None] | None

HEADING = """The demo's settings, written anew at each start.
`multi-user-oauth users`, `token` and `revoke` read them, as every command does with --env FILE."""
TRY: Final = "make demo PORT={port}"
NO_TOPICS: Final = (
    "Without the Pub/Sub emulator (`gcloud components install pubsub-emulator`) one instance does each "
    "sweep alone, and events are lines of the log."
)
EMBEDDED: Final = "embedded"
GCP: Final = "gcp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """Where everything is."""

    origin: str
    sandbox_url: str
    directory: Path
    sweep_every: int | None = None
    """Seconds from one sweep to the next; None: none comes by itself."""
    return_origins: str = ""
    """As the setting of that name."""
    cors_origins: str = ""
    """As the setting of that name."""

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
@click.option(
    "--backend",
    type=click.Choice([EMBEDDED, GCP]),
    default=EMBEDDED,
    show_default=True,
    help="gcp: a Google Cloud on this machine, and a process for each function.",
)
@click.option(
    "--return-origins",
    envvar="RETURN_ORIGINS",
    default="",
    help="Other origins where a sign-in may end, separated by commas.  [env: RETURN_ORIGINS]",
)
@click.option(
    "--cors-origins",
    envvar="CORS_ORIGINS",
    default="",
    help="Other origins whose pages may use connect.js.  [env: CORS_ORIGINS]",
)
@sweep_option
@json_option
def demo(
    port: int,
    sandbox_port: int | None,
    backend: str,
    data_dir: Path,
    functions_dir: Path | None,
    *,
    return_origins: str,
    cors_origins: str,
    sweep_every: int,
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
        command = TRY if backend == EMBEDDED else f"{TRY} BACKEND={backend}"
        sockets = listen_or_fail(port, beside=beside, command=command, as_json=as_json)
        run, folder = BACKENDS[backend]
        directory, lock = _claim(data_dir / folder, port)
        world = Demo(
            origin=f"http://localhost:{port}",
            sandbox_url=f"http://127.0.0.1:{beside}",
            directory=directory,
            sweep_every=sweep_every,
            return_origins=return_origins,
            cors_origins=cors_origins,
        )
        with run(world, functions, sockets, None if as_json else request_lines()) as kept:
            if as_json:
                print_json(as_document(world))
            else:
                print_welcome(world, kept=kept)
            stop.wait()
        lock.close()


@contextmanager
def _embedded(
    world: Demo, functions: Path, sockets: "list[socket.socket]", lines: "Lines"
) -> Iterator[bool]:
    """Run all functions in this process; give whether what is connected stays."""
    settings = provision_demo(world)
    put_into_environment(settings)

    from multi_user_oauth.sandbox.server import Sandbox

    sandbox = Sandbox(sandbox_config(settings, world.directory / "sandbox.json"))
    sandbox.start(port=urlsplit(world.sandbox_url).port or 0)
    server = start_gateway(functions, sockets, world.log_file, lines)
    with scheduler(sandbox, world.origin, world.sweep_every):
        yield True
    server.stop()


@contextmanager
def _google_cloud(
    world: Demo, functions: Path, sockets: "list[socket.socket]", lines: "Lines"
) -> Iterator[bool]:
    """Run each function in a process of its own; give whether what is connected stays."""
    try:
        from multi_user_oauth.cli.cloud_demo import CloudDemo
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith(("google", "grpc")):
            raise
        raise ConfigurationError(
            "BACKEND=gcp needs Google's libraries: `make demo BACKEND=gcp` installs them"
        ) from None
    with CloudDemo(world, functions, sockets, lines, environ=os.environ) as cloud:
        if cloud.topics is None and lines is not None:
            console().print(NO_TOPICS, markup=False)
        yield False


BACKENDS: Final[Mapping[str, tuple[Callable[..., AbstractContextManager[bool]], str]]] = {
    EMBEDDED: (_embedded, ""),
    GCP: (_google_cloud, GCP),
}
"""How each is run, and its own folder below that of the demo."""


def provision_demo(world: Demo) -> Mapping[str, str]:
    """Make what is missing, write the settings down and return them; raise `ConfigurationError`."""
    settings = {
        "PUBLIC_ORIGIN": world.origin,
        "SANDBOX_URL": world.sandbox_url,
        "RETURN_ORIGINS": world.return_origins,
        "CORS_ORIGINS": world.cors_origins,
        **provision_deployment(world.directory),
    }
    write_settings(world.settings_file, settings, HEADING)
    return settings


def _claim(directory: Path, port: int) -> tuple[Path, TextIO]:
    """Return the folder that is ours until the lock is closed: another one while a demo uses it."""
    lock = open_log(directory / "lock")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return _claim(directory / f"port-{port}", port)
    return directory.resolve(), lock
