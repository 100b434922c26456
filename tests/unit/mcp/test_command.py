"""The command `mcp`: what it refuses to start with, and what it costs whoever does not use it."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from multi_user_oauth.cli import main

WHOSE = ("mcp", "microsoft_teams", "sarah@company.com", "--url", "http://localhost:9")


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--http",), "--http needs --key-file FILE"),
        (("--http", "--key-file", "k", "--host", "0.0.0.0"), "name that by --behind https://NAME"),  # noqa: S104  # reason: it is refused
        (("--http", "--key-file", "k", "--host", "::"), "is open to others"),
        (("--http", "--key-file", "k", "--host", "192.168.1.2"), "is open to others"),
        (("--http", "--key-file", "k", "--host", "mcp.company.com"), "is open to others"),
        (
            ("--http", "--key-file", "k", "--behind", "http://mcp.company.com"),
            "--behind is an origin",
        ),
        (("--http", "--key-file", "k", "--behind", "https://mcp.company.com/x"), "is an origin"),
        (("--http", "--key-file", "k", "--behind", "https://"), "--behind is an origin"),
    ],
)
def test_an_unsafe_place_is_refused(
    options: tuple[str, ...], why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a sentence, with the exit code of wrong usage; and no key is made for it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MULTI_USER_OAUTH_TOKEN", "an-agents-own-token")
    done = CliRunner().invoke(main, [*WHOSE, *options])
    assert (done.exit_code, done.stdout) == (2, "")
    assert why in done.stderr.replace("\n", " ")
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_is_taken_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the exit code of a failure, in JSON where that was asked for."""
    monkeypatch.setenv("MULTI_USER_OAUTH_TOKEN", "an-agents-own-token")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        options = ("--http", "--key-file", str(tmp_path / "key"), "--port", str(port), "--json")
        done = CliRunner().invoke(main, [*WHOSE, *options])
    told = json.loads(done.stdout)
    assert (done.exit_code, told["port"]) == (1, port)
    assert "can not be used: Address already in use" in told["error"]


def test_without_the_extra_it_says_what_to_install() -> None:
    """Exit code 2, on standard error."""
    code = (
        "import sys; sys.modules['mcp'] = None\n"
        "from multi_user_oauth.cli import main\n"
        f"main({list(WHOSE)!r})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "pip install 'multi-user-oauth[mcp]'" in done.stderr.replace("\n", " ")


def test_help_loads_none_of_it() -> None:
    """Neither for the command line nor for the command itself."""
    for arguments in (["--help"], ["mcp", "--help"]):
        code = (
            "import sys\n"
            "from multi_user_oauth.cli import main\n"
            f"main({arguments!r}, standalone_mode=False)\n"
            "found = {'mcp', 'mcp_types', 'pydantic', 'uvicorn', 'starlette'} & set(sys.modules)\n"
            "assert not found, found"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
