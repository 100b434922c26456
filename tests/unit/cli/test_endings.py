"""How the program ends, as a shell sees it: codes, pipes, colours, Ctrl-C, a library that is missing."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Run
from .processes import COMMAND, PATIENCE, command, environment
from .terminal import at_terminal, seen_until, started, terminal
from .test_help import LEAVES

ESCAPE = "\x1b"
RED = f"{ESCAPE}[31m"
WITHOUT = """
import importlib.abc, sys
class Without(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
        return None
sys.meta_path.insert(0, Without())
from multi_user_oauth.cli import main
main({arguments!r}, prog_name="multi-user-oauth")
"""


def without(*blocked: str, arguments: list[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command where these libraries are not installed."""
    program = WITHOUT.format(blocked=set(blocked), arguments=arguments)
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=cwd, env=environment(), capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_wrong_usage_is_a_json_document_too(path: tuple[str, ...], run: Run) -> None:
    """A script that asked for JSON gets one document, whatever it did wrong, and exit code 2."""
    told = run(*path, "--no-such-option", "--json")
    assert told.exit_code == 2
    document = json.loads(told.stdout)
    assert (document["code"], told.stderr) == ("usage", "")
    assert "--no-such-option" in document["error"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("users",),
        ("token", "microsoft_teams", "sarah@company.com"),
        ("offboard", "sarah@company.com"),
        ("keys", "versions"),
        ("audit", "verify"),
        ("policy", "check"),
        ("files", "microsoft_teams", "sarah@company.com"),
    ],
    ids=" ".join,
)
def test_without_settings_one_sentence_says_what_can_be_given(
    arguments: tuple[str, ...], run: Run
) -> None:
    """On standard error for people, on standard output for programs, and exit code 2 for both."""
    told, as_json = run(*arguments), run(*arguments, "--json")
    assert (told.exit_code, told.stdout, told.stderr.count("\n")) == (2, "", 1)
    assert "--env FILE" in told.stderr
    document = json.loads(as_json.stdout)
    assert (as_json.exit_code, as_json.stderr) == (2, "")
    assert document == {"error": told.stderr.strip(), "code": "configuration"}


def test_an_unknown_command_and_a_malformed_e_mail_are_named(run: Run, env_file: Path) -> None:
    """With what to do next."""
    unknown = run("user", "--json")
    assert "No such command 'user'" in json.loads(unknown.stdout)["error"]
    malformed = run("token", "microsoft_teams", "sarah", "--env", env_file)
    assert (malformed.exit_code, malformed.stderr.count("\n")) == (2, 1)
    assert "e-mail" in malformed.stderr
    nobody = run("token", "teams", "sarah@company.com", "--env", env_file)
    assert (nobody.exit_code, nobody.stderr.count("\n")) == (1, 1)
    assert "`multi-user-oauth users` lists them" in nobody.stderr
    assert run("users", "--connector-type", "teams", "--env", env_file).stdout == (
        "Nobody is connected with teams.\n"
    )


def test_ctrl_c_ends_with_130_and_no_traceback(tmp_path: Path) -> None:
    """While a mail's text is being typed; a JSON document says so too."""
    (tmp_path / "token").write_text("made-up")
    asked = ("send-email", "microsoft_teams", "sarah@company.com", "--to", "john@company.com")
    named = ("--subject", "x", "--url", "http://127.0.0.1:9", "--token-file", "token")
    for more in ((), ("--json",)):
        with (
            terminal() as ends,
            started(*asked, *named, *more, cwd=tmp_path, ends=ends) as process,
        ):
            seen_until(ends[0], "Ctrl-D")
            process.send_signal(signal.SIGINT)
            seen = seen_until(ends[0])
            assert process.stdout is not None
            told = process.stdout.read()
            assert process.wait(PATIENCE) == 130
        assert "Traceback" not in seen
        if more:
            assert json.loads(told) == {"error": "Interrupted.", "code": "interrupted"}
        else:
            assert (told, "Interrupted." in seen) == ("", True)


@pytest.mark.parametrize(
    "arguments", [("policy", "check"), ("users", "--json"), ("keys", "versions")]
)
def test_a_reader_who_went_away_is_no_error_to_tell(
    arguments: tuple[str, ...], env_file: Path, tmp_path: Path
) -> None:
    """As behind `| head`: nothing on standard error."""
    reads, writes = os.pipe()
    os.close(reads)
    try:
        done = subprocess.run(
            [*COMMAND, *arguments, "--env", str(env_file)],
            cwd=tmp_path, env=environment(), stdout=writes, stderr=subprocess.PIPE, text=True,
            check=False, timeout=PATIENCE,
        )  # fmt: skip
    finally:
        os.close(writes)
    assert (done.returncode, done.stderr) == (1, "")


def test_colours_are_for_terminals_that_want_them(tmp_path: Path) -> None:
    """None where it is piped, none with NO_COLOR; a refusal is red elsewhere."""
    piped = command("users", cwd=tmp_path)
    assert ESCAPE not in piped.stdout + piped.stderr
    assert RED in at_terminal("users", cwd=tmp_path).seen
    assert RED not in at_terminal("users", cwd=tmp_path, NO_COLOR="1").seen


def test_a_table_that_is_piped_has_a_line_for_each_row(env_file: Path, tmp_path: Path) -> None:
    """Whatever its width: grep and awk find the whole row."""
    agent = "email-agent@company-project.iam.gserviceaccount.com"
    asked = ("policy", "explain", agent, "sarah@company.com", "--env", env_file)
    done = command(*asked, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    (row,) = [line for line in lines if "microsoft_teams" in line]
    assert row.split()[-1] != "microsoft_teams"
    assert "calendar.write" in row
    assert all(len(line) < 1000 for line in lines)


def test_the_bare_installation_says_which_extra_has_the_command_line(tmp_path: Path) -> None:
    """Click is not there: one sentence, exit code 2, and no traceback."""
    told = without("click", "rich", arguments=["--help"], cwd=tmp_path)
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr == "The command line is an extra: pip install 'multi-user-oauth[cli]'\n"


@pytest.mark.parametrize(
    ("library", "extra", "arguments"),
    [
        ("cryptography", "cli,server", ["users"]),
        ("yaml", "cli,server", ["policy", "check"]),
        ("waitress", "cli,sandbox", ["demo", "--data-dir", "data"]),
    ],
)
def test_a_library_that_a_command_needs_is_named_with_its_extra(
    library: str, extra: str, arguments: list[str], env_file: Path, tmp_path: Path
) -> None:
    """What is installed is enough for other commands: help and completion come all the same."""
    chosen = [] if arguments[0] == "demo" else ["--env", str(env_file)]
    told = without(library, arguments=[*arguments, *chosen], cwd=tmp_path)
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr == (
        f"This needs the library {library}, which is not installed here: "
        f"pip install 'multi-user-oauth[{extra}]'\n"
    )
    assert without(library, arguments=["--help"], cwd=tmp_path).returncode == 0
