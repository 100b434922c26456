"""Asking for help costs nothing."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from multi_user_oauth.cli import main
from multi_user_oauth.cli.output import Exit

from .conftest import Run
from .processes import ROOT

EXITS = [str(each.value) for each in Exit]
HEAVY = (
    *("authlib", "cryptography", "flask", "functions_framework", "google.auth", "joserfc", "msal"),
    *("requests", "rich", "waitress"),
)


@pytest.mark.parametrize(
    "arguments", [["--help"], ["demo", "--help"], ["token", "--help"], ["completion", "bash"]]
)
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


def leaves(group: click.Group, *path: str) -> Iterator[tuple[str, ...]]:
    """Yield every command that does something, by its path."""
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from leaves(command, *path, name)
        else:
            yield (*path, name)


LEAVES = list(leaves(main))


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_every_command_offers_json_and_says_how_it_ends(path: tuple[str, ...], run: Run) -> None:
    """What a script needs stands in each command's help."""
    text = run(*path, "--help").output
    assert "--json" in text
    assert "Exit codes: 0" in text
    named = re.findall(r"\b(\d) ", text.partition("Exit codes: ")[2].partition("Options:")[0])
    assert set(named) <= set(EXITS)


def test_every_exit_code_has_its_row_in_the_guide_and_its_words_in_the_help(run: Run) -> None:
    """One table for all commands; where nothing is given, help comes and it is wrong usage."""
    guide = (ROOT / "docs/guide.md").read_text("utf-8")
    rows = re.findall(
        r"^\| (\d+) \| ", guide.partition("| exit code |")[2].partition("\n\n")[0], re.MULTILINE
    )
    assert rows == EXITS
    told = " ".join(run("--help").output.partition("Exit codes: ")[2].split())
    assert re.findall(r"(\d+) [a-z]", told) == EXITS
    assert run().exit_code == 2


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_every_command_stands_in_the_documents(path: tuple[str, ...]) -> None:
    """What nobody reads of, nobody uses: in the guide, or with what operators do."""
    documents = [(ROOT / f"docs/{name}.md").read_text("utf-8") for name in ("guide", "operations")]
    assert any(f"multi-user-oauth {' '.join(path)}" in text for text in documents)
