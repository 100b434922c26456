"""Asking for help costs nothing."""

import json
import subprocess
import sys

import pytest

from multi_user_oauth.cli import main

from .conftest import Run

HEAVY = (
    *("authlib", "cryptography", "flask", "functions_framework", "google.auth", "joserfc", "msal"),
    *("requests", "rich", "waitress"),
)


@pytest.mark.parametrize("arguments", [["--help"], ["demo", "--help"], ["token", "--help"]])
def test_help_imports_no_library_that_does_the_work(arguments: list[str]) -> None:
    """Help comes at once: neither Flask nor a provider's library is loaded for it."""
    code = (
        "import json, sys\n"
        "from multi_user_oauth.cli import main\n"
        f"main({arguments!r}, standalone_mode=False)\n"
        "print(json.dumps(list(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = json.loads(done.stdout.splitlines()[-1])
    assert [name for name in HEAVY if name in loaded] == []


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_offers_json_and_says_how_it_ends(name: str, run: Run) -> None:
    """What a script needs stands in each command's help."""
    text = run(name, "--help").output
    assert "--json" in text
    assert "Exit codes: 0" in text


def test_the_commands_are_those_that_the_readme_names() -> None:
    """Six commands."""
    assert sorted(main.commands) == ["demo", "revoke", "serve", "token", "tour", "users"]
