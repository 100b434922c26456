"""mcp: the connector calls of one person as tools for an assistant."""

import asyncio
import os
import signal
import socket
import sys
import uuid
from dataclasses import dataclass
from importlib import import_module
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import click

from multi_user_oauth.cli.connectors_client import Acting, acting
from multi_user_oauth.cli.output import Exit, console, failed, failures_told, print_json
from multi_user_oauth.cli.running import Stop, port_type

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer

PURPOSE: Final = "assistant"
LOCALHOST: Final = "localhost"
GRACE: Final = 2
"""Seconds that a call may go on after the server was told to stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    host: str
    port: int
    key_file: Path
    behind: str | None


@click.command("mcp")
@acting
@click.option("--read-only", is_flag=True, help="Offer nothing that sends or creates.")
@click.option(
    "--wait",
    type=click.IntRange(0, 600),
    default=180,
    show_default=True,
    help="Seconds that a call waits for the person to sign in.",
)
@click.option("--http", is_flag=True, help="Serve streamable HTTP, not standard input and output.")
@click.option("--host", default="127.0.0.1", show_default=True, help="With --http: the address.")
@click.option("--port", type=port_type, default=8090, show_default=True, help="With --http.")
@click.option(
    "--key-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="With --http: the key that clients send; made if it is not there.",
)
@click.option("--behind", help="With --http: the https origin of the proxy before it.")
def mcp(
    here: Acting,
    host: str,
    port: int,
    key_file: Path | None,
    behind: str | None,
    *,
    read_only: bool,
    wait: int,
    http: bool,
) -> None:
    """Offer a person's mail, files, calendar and chats as tools of an MCP server.

    A client starts it and speaks to it over standard input and output; with --http it serves.

    Exit codes: 0 stopped; 1 the port is taken; 2 wrong usage or configuration.
    """
    from multi_user_oauth.log import configure

    if http and key_file is None:
        raise click.UsageError("--http needs --key-file FILE: without the key nobody is let in")
    as_json = here.as_json and http  # else standard output is the protocol's alone
    with failures_told(as_json=as_json):
        _need_the_extra()
        configure(sys.stderr)
        server = _server(here, read_only=read_only, wait=wait)
        if key_file is not None and http:
            place = _Place(host=host, port=port, key_file=key_file, behind=behind)
            _serve(server, place, as_json=as_json)
        else:
            _speak(server)


next(option for option in mcp.params if option.name == "purpose").default = PURPOSE


def _server(here: Acting, *, read_only: bool, wait: int) -> "MCPServer[Any]":
    from multi_user_oauth.mcp.server import server_for

    return server_for(
        here.connectors(),
        *here.whose,
        purpose=here.purpose,
        wait=wait,
        read_only=read_only,
        new_key=lambda: f"{PURPOSE}-{uuid.uuid4()}",
    )


def _speak(server: "MCPServer[Any]") -> None:
    if sys.stdin.isatty():
        text = "This is for a client that starts it: it speaks MCP here. --http serves. Ctrl-C ends it."
        console(stderr=True).print(text, markup=False, soft_wrap=True)
    # Ctrl-C ends it at once: else it would wait for a thread that reads.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        asyncio.run(server.run_stdio_async())
    except* BrokenPipeError:
        pass  # the client ended, and did not say so


def _serve(server: "MCPServer[Any]", place: _Place, *, as_json: bool) -> None:
    import uvicorn

    from multi_user_oauth.mcp.key_file import key_in
    from multi_user_oauth.mcp.over_http import PATH, http_app

    _require_a_safe_place(place)
    key = key_in(place.key_file, os.urandom)
    app = http_app(server, key, port=place.port, behind=place.behind)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        ws="none",
        timeout_graceful_shutdown=GRACE,
    )
    shown = f"[{place.host}]" if ":" in place.host else place.host
    url = f"{place.behind or f'http://{shown}:{place.port}'}{PATH}"
    with _listening(place, as_json=as_json) as bound, Stop():
        if as_json:
            print_json({"url": url, "key_file": str(place.key_file)})
        console(stderr=True).print(
            f"Serving {url}. Clients send the key in {place.key_file} as Authorization: Bearer. "
            "Ctrl-C stops it.",
            markup=False,
            soft_wrap=True,
        )
        uvicorn.Server(config).run(sockets=[bound])


def _listening(place: _Place, *, as_json: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    try:
        return socket.create_server((place.host, place.port), family=family)
    except OSError as error:
        message = f"{place.host}, port {place.port}, can not be used: {error.strerror}."
        raise failed(Exit.FAILED, message, as_json=as_json, port=place.port) from None


def _require_a_safe_place(place: _Place) -> None:
    from multi_user_oauth.errors import ConfigurationError

    if place.behind is not None:
        parts = urlsplit(place.behind)
        if (
            parts.scheme != "https"
            or place.behind != f"https://{parts.netloc}"
            or not parts.hostname
        ):
            raise ConfigurationError("--behind is an origin such as https://mcp.company.com")
    elif not _is_loopback(place.host):
        raise ConfigurationError(
            f"--host {place.host} is open to others, and the key would go there in clear: put a proxy "
            "with TLS before it, and name that by --behind https://NAME"
        )


def _is_loopback(host: str) -> bool:
    if host == LOCALHOST:
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _need_the_extra() -> None:
    from multi_user_oauth.errors import ConfigurationError

    try:
        import_module("mcp")
    except ModuleNotFoundError:
        raise ConfigurationError(
            "This needs the extra mcp: pip install 'multi-user-oauth[mcp]'"
        ) from None
