"""What runs until it is told to stop: the gateway, its request lines, and the signals that end it."""

import signal
import threading
from collections.abc import Callable
from contextlib import redirect_stdout
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Final, Self

import click

from multi_user_oauth.cli.files import open_log
from multi_user_oauth.cli.output import Exit, console, failed

if TYPE_CHECKING:
    import socket

    from multi_user_oauth.sandbox.gateway import Answered
    from multi_user_oauth.sandbox.gateway_server import GatewayServer

HIGHEST_PORT: Final = 65534
SUGGESTED_STEP: Final = 10
FIRST_SUGGESTED: Final = 8104
port_type: Final = click.IntRange(1, HIGHEST_PORT)
"""One below the highest: the sandbox takes the next one."""
sweep_option: Final = click.option(
    "--sweep-every",
    type=click.IntRange(1, 86_400),
    default=60,
    show_default=True,
    help="Seconds from one sweep, which refreshes what is due, to the next.",
)


class Stop:
    """Ctrl-C or SIGTERM, from when it is entered: noted, and told by `wait`."""

    def __init__(self) -> None:
        self._told = threading.Event()
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._tell)
        return self

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            # Once told, the process ends: a second Ctrl-C does not disturb that.
            signal.signal(number, signal.SIG_IGN if self._told.is_set() else before)

    def _tell(self, _: int, __: FrameType | None) -> None:
        self._told.set()

    def wait(self) -> None:
        """Return once the process was told to stop."""
        self._told.wait()


def start_gateway(
    functions: Path,
    sockets: "list[socket.socket]",
    log_file: Path,
    answered: "Callable[[Answered], None] | None",
) -> "GatewayServer":
    """
    Load all functions and serve them. Their settings are the environment's, their log is `log_file`.

    Raise `ConfigurationError`.
    """
    from multi_user_oauth.sandbox.gateway import Gateway, functions_framework
    from multi_user_oauth.sandbox.gateway_catalogue import load_catalogue
    from multi_user_oauth.sandbox.gateway_server import GatewayServer

    catalogue = load_catalogue(functions)
    # A function logs to what is standard output while it is loaded.
    with redirect_stdout(open_log(log_file)):
        gateway = Gateway(catalogue, functions_framework(functions), answered=answered)
    return GatewayServer(gateway, sockets).start()


def request_lines() -> "Callable[[Answered], None]":
    """Return what prints one quiet line for each request: no query, no secret."""
    out = console()

    def line(answered: "Answered") -> None:
        now = datetime.now().astimezone()
        text = f"{now:%H:%M:%S}  {answered.status}  {answered.method:<6} {answered.path}"
        out.print(text, style="dim", markup=False, soft_wrap=True)

    return line


def listen_or_fail(
    port: int, *, beside: int | None, command: str, as_json: bool
) -> "list[socket.socket]":
    """Return sockets on the port; end the command if it, or the one `beside` it, is taken."""
    from multi_user_oauth.sandbox.gateway_server import PortTakenError, is_free, listen

    taken, why = port, "is taken by another program"
    try:
        sockets = listen(port)
        if beside is None or is_free(beside):
            return sockets
        taken, why = beside, f"(for the sandbox) {why}"
    except PortTakenError:
        pass
    except OSError as error:
        why = f"can not be used ({error.strerror})"
    message = f"Port {taken} {why}: try `{_try(command, port)}`."
    raise failed(Exit.FAILED, message, as_json=as_json, port=taken)


def _try(command: str, port: int) -> str:
    from multi_user_oauth.sandbox.gateway_server import is_free

    start = port + SUGGESTED_STEP if port > FIRST_SUGGESTED else FIRST_SUGGESTED
    found = next(
        (p for p in range(start, HIGHEST_PORT, SUGGESTED_STEP) if is_free(p) and is_free(p + 1)),
        FIRST_SUGGESTED,
    )
    return command.format(port=found)
