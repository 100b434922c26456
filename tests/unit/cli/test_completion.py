"""The Tab key: what is offered, in each shell, and what it costs."""

import json
import shlex
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete, get_completion_class

from multi_user_oauth.cli import main
from multi_user_oauth.cli.completion_bash import register
from multi_user_oauth.cli.program import COMPLETE
from multi_user_oauth.cli.settings_file import read_settings
from multi_user_oauth.model import ConnectionKey, Identity
from multi_user_oauth.settings import Settings
from multi_user_oauth.wiring.parts import Parts
from multi_user_oauth.wiring.world import World
from tests.contract.stores import samples

from .conftest import Run
from .processes import COMMAND, PATIENCE, ROOT, environment
from .test_help import HEAVY

MICROSOFT, GOOGLE = "microsoft_teams", "google_workspace"
PEOPLE = (
    (MICROSOFT, "sarah@company.com"),
    (MICROSOFT, "sam+it@company.com"),
    (GOOGLE, "john@company.com"),
)
AGENT = "email-agent@company-project.iam.gserviceaccount.com"
TENANT = "00000000-0000-4000-8000-000000000001"
CLOUDS = (*HEAVY, "boto3", "grpc", "google.cloud.firestore", "mcp")

Offered = Callable[..., list[str]]


@pytest.fixture
def offered(run: Run, env_file: Path) -> Offered:
    """Return what is offered after these words; three people are connected."""
    assert callable(run)  # in an empty folder, without settings in the environment
    connect(env_file)

    def words(*before: str, begun: str = "") -> list[str]:
        found = ShellComplete(main, {}, "multi-user-oauth", COMPLETE)
        return [each.value for each in found.get_completions(list(before), begun)]

    return words


def connect(env_file: Path) -> None:
    """Let people be connected."""
    store = Parts("test", Settings(read_settings(env_file)), World()).main
    for number, (kind, email) in enumerate(PEOPLE):
        identity = Identity.microsoft(TENANT, f"00000000-0000-4000-9000-{number:012}")
        samples.put(store, samples.connection(ConnectionKey(kind, email), identity=identity))


def test_commands_and_options_are_offered(offered: Offered) -> None:
    """Those of a group too."""
    assert offered(begun="us") == ["users"]
    assert offered("keys", begun="re") == ["rewrap"]
    assert offered("users", begun="--j") == ["--json"]
    assert offered("keys", "rotate") == ["access", "refresh"]
    assert offered("completion", begun="z") == ["zsh"]


def test_connector_types_come_from_the_chosen_settings(offered: Offered, env_file: Path) -> None:
    """Wherever one is wanted; `files` and `events` list without being told so."""
    chosen = ("--env", str(env_file))
    assert offered("token", *chosen) == [GOOGLE, MICROSOFT]
    assert offered("users", *chosen, "--connector-type", begun="m") == [MICROSOFT]
    assert offered("files", "list", *chosen, begun="g") == [GOOGLE]
    assert offered("files", *chosen, begun="g") == [GOOGLE]
    assert set(offered("files")) == {"download", "list", "upload"}
    Path(".demo").mkdir()
    shutil.copy(env_file, ".demo")
    assert offered("files", begun="g") == [GOOGLE]
    assert offered("events", GOOGLE) == ["john@company.com"]


def test_e_mails_are_those_that_are_connected_so(offered: Offered, env_file: Path) -> None:
    """Of that connector type, where it is known by then; agents are those of the policy file."""
    chosen = ("--env", str(env_file))
    assert offered("token", *chosen, MICROSOFT) == ["sam+it@company.com", "sarah@company.com"]
    assert offered("revoke", *chosen, MICROSOFT, begun="sar") == ["sarah@company.com"]
    assert offered("files", *chosen, GOOGLE) == ["john@company.com"]
    assert offered("token", *chosen, MICROSOFT, begun="john") == []
    assert len(offered("offboard", *chosen)) == 3
    assert offered("erase", *chosen, begun="sam+it@c") == ["sam+it@company.com"]
    assert AGENT in offered("policy", "explain", *chosen)
    assert offered("token", *chosen, "--agent", begun="email") == [AGENT]


def test_what_can_not_be_read_is_not_offered(
    offered: Offered, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """No settings, broken ones, a database elsewhere: nothing, and not a word."""
    broken = tmp_path / "broken.env"
    assert offered("token") == []
    for lines in (
        "not a setting",
        "DATA_DIR=none\nCONNECTOR_TYPES_FILE=none.yaml\nPOLICY_FILE=none.yaml\n",
        "CONNECTOR_TYPES_FILE=broken.env\nPOLICY_FILE=broken.env\n",
        "CONNECTOR_TYPES_FILE=/dev/zero\nPOLICY_FILE=/dev/zero\n",
        f"BACKEND=gcp\nDATA_DIR={tmp_path / 'deployment'}\n",
        "DATA_DIR=.\n",
    ):
        broken.write_text(lines)
        chosen = ("--env", str(broken))
        assert offered("token", *chosen) == []
        assert offered("token", *chosen, MICROSOFT) == []
        assert offered("policy", "explain", *chosen) == []
    assert not (tmp_path / "none").exists()
    assert not (tmp_path / "main.db").exists()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_zsh_and_fish_are_answered(
    shell: str, offered: Offered, env_file: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By click's own scripts, which name our variable."""
    assert callable(offered)
    script = run("completion", shell)
    assert script.exit_code == 0
    assert COMPLETE in script.stdout
    assert json.loads(run("completion", shell, "--json").stdout)["script"] == script.stdout
    register()
    kind = get_completion_class(shell)
    assert kind is not None
    line = f"multi-user-oauth token --env {env_file} {MICROSOFT} "
    monkeypatch.setenv("COMP_WORDS", line if shell == "fish" else f"{line}sar")
    monkeypatch.setenv("COMP_CWORD", "sar" if shell == "fish" else "5")
    answered = kind(main, {}, "multi-user-oauth", COMPLETE).complete()
    assert "sarah@company.com" in answered
    assert "sam" not in answered


def in_bash(line: str, folder: Path) -> list[str]:
    """Return what bash is given for this line, its words broken as bash breaks them."""
    program = folder / "multi-user-oauth"
    program.write_text(f'#!/bin/sh\nexec {shlex.join(COMMAND)} "$@"\n')
    program.chmod(0o700)
    script = """
    PATH=$2:$PATH
    source <(multi-user-oauth completion bash) && complete -p multi-user-oauth >/dev/null || exit 9
    COMP_LINE=$1 COMP_POINT=${#1}
    _multi_user_oauth_completion multi-user-oauth
    printf '%s\\n' "${COMPREPLY[@]}"
    """
    done = subprocess.run(
        ["/bin/bash", "--norc", "-c", textwrap.dedent(script), "bash", line, str(folder)],
        cwd=folder, env=environment(), capture_output=True, text=True, check=True,
        timeout=PATIENCE,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout.split()


def test_bash_is_answered(offered: Offered, env_file: Path, tmp_path: Path) -> None:
    """Bash takes an e-mail apart at its @: what follows that is what it wants back."""
    assert callable(offered)
    line = f"multi-user-oauth token --env {env_file} "
    assert in_bash(line, tmp_path) == [GOOGLE, MICROSOFT]
    assert in_bash(f"{line}mi", tmp_path) == [MICROSOFT]
    assert in_bash(f"{line}{MICROSOFT} sa", tmp_path) == ["sam+it@company.com", "sarah@company.com"]
    assert in_bash(f"{line}{MICROSOFT} sarah@c", tmp_path) == ["company.com"]
    assert in_bash(f"{line}{MICROSOFT} nobody", tmp_path) == []
    assert in_bash("multi-user-oauth comp", tmp_path) == ["completion"]


def test_completing_loads_no_library_that_does_the_work(env_file: Path, tmp_path: Path) -> None:
    """It has to come at once: no cloud's library, nor Flask, nor cryptography."""
    connect(env_file)
    program = (
        "import json, sys\n"
        "from multi_user_oauth.cli import main\n"
        "try:\n"
        "    main(prog_name='multi-user-oauth')\n"
        "except SystemExit:\n"
        "    print(json.dumps(list(sys.modules)))\n"
    )
    line = f"multi-user-oauth token --env {env_file} {MICROSOFT} sar"
    asked = {**environment(), COMPLETE: "bash_complete", "COMP_LINE": line}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path, env=asked, capture_output=True, text=True, check=True, timeout=PATIENCE,
    )  # fmt: skip
    answer, modules = done.stdout.splitlines()
    assert answer == "plain,sarah@company.com"
    assert [name for name in CLOUDS if name in json.loads(modules)] == []


def test_the_guide_tells_where_each_shell_looks(run: Run) -> None:
    """The same lines as the help."""
    guide = (ROOT / "docs/guide.md").read_text("utf-8")
    lines = [
        line.partition(": ")[2].split("   ")[0].strip()
        for line in run("completion", "--help").output.splitlines()
        if "multi-user-oauth completion " in line and ">" in line
    ]
    assert len(lines) == 3
    assert [line for line in lines if line not in guide] == []
