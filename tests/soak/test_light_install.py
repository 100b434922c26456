"""The wheel, really built and installed alone: what is there then, and what the program says."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.architecture.test_light_install import CLIENT
from tests.plugins.no_secret_in_logs import log_file
from tests.support.processes import ROOT

SECONDS: Final = 300
BUILT_FROM: Final = ("pyproject.toml", "README.md", "shared")
NOT_BUILT: Final = shutil.ignore_patterns("__pycache__")
NO_NETWORK: Final = ("NewConnectionError", "Temporary failure", "Name or service", "timed out")


def done(line: Sequence[object], *, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a program without any setting of ours, or of Python's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        [str(each) for each in line],
        cwd=cwd, env=kept, capture_output=True, text=True, check=False, timeout=SECONDS,
    )  # fmt: skip


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy of the sources, with the builder that is installed."""
    place = tmp_path_factory.mktemp("wheel")
    for name in BUILT_FROM:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, place / name, ignore=NOT_BUILT)
        else:
            shutil.copy(source, place)
    built = done([sys.executable, "-m", "hatchling", "build", "-t", "wheel"], cwd=place)
    assert built.returncode == 0, built.stderr
    (made,) = (place / "dist").glob("*.whl")
    return made


def environment_with(wheel: Path, extra: str) -> Path:
    """Return the folder of programs of a fresh environment in which nothing else was installed."""
    place = wheel.parent / f"venv{extra}"
    made = done([sys.executable, "-m", "venv", place], cwd=wheel.parent)
    assert made.returncode == 0, made.stderr
    line = [place / "bin/python", "-m", "pip", "--no-input", "install", f"{wheel}{extra}"]
    pip = done(line, cwd=wheel.parent)
    log_file("light-install").write_text(pip.stdout + pip.stderr)
    if pip.returncode and any(words in pip.stderr + pip.stdout for words in NO_NETWORK):
        pytest.skip("needs a network: pip fetches what it needs")
    assert pip.returncode == 0, pip.stderr
    return place / "bin"


@pytest.fixture(scope="module")
def installed(wheel: Path) -> Path:
    """Install what an agent does."""
    return environment_with(wheel, "")


def test_five_packages_and_ours_are_installed(installed: Path) -> None:
    """As pip lists them; pip itself and what came with the environment aside."""
    listed = done([installed / "python", "-m", "pip", "list", "--format", "json"], cwd=installed)
    names = {each["name"].lower().replace("_", "-") for each in json.loads(listed.stdout)}
    assert names - {"pip", "setuptools", "wheel"} == {*CLIENT, "multi-user-oauth"}
    checked = done([installed / "python", "-m", "pip", "check"], cwd=installed)
    assert checked.returncode == 0, checked.stdout


def test_the_client_works_there(installed: Path) -> None:
    """All its names are loaded, and a vault is made; the version is the project's."""
    program = (
        "import importlib.metadata, multi_user_oauth.client as client\n"
        "from multi_user_oauth import Secret\n"
        "assert all(hasattr(client, name) for name in client.__all__)\n"
        "client.Vault('http://localhost:8084', client.fixed('made-up'))\n"
        "print(importlib.metadata.version('multi-user-oauth'), Secret('x'))\n"
    )
    told = done([installed / "python", "-c", program], cwd=installed)
    assert told.stderr == ""
    assert told.stdout.split() == ["0.1.0", "***"]


def test_the_program_says_what_it_needs(installed: Path) -> None:
    """One sentence with the line to type, exit code 2, no traceback."""
    for arguments in ((), ("--help",), ("users", "--json")):
        told = done([installed / "multi-user-oauth", *arguments], cwd=installed)
        assert (told.returncode, told.stdout) == (2, "")
        assert told.stderr == (
            "The command line is an extra: pip install 'multi-user-oauth[cli]'\n"
        )


def test_with_the_command_line_alone_what_else_is_needed_is_named(wheel: Path) -> None:
    """The extra `cli` is enough for help, completion and what asks the API; a store needs more."""
    program, here = environment_with(wheel, "[cli]") / "multi-user-oauth", wheel.parent
    for arguments in (("--help",), ("completion", "bash")):
        assert done([program, *arguments], cwd=here).returncode == 0
    (here / "some.env").write_text("DATA_DIR=data\n")
    (here / "token").write_text("made-up")
    store = done([program, "users", "--env", "some.env"], cwd=here)
    assert (store.returncode, store.stdout) == (2, "")
    assert "pip install 'multi-user-oauth[cli,server]'" in store.stderr
    speaks = ("--url", "http://127.0.0.1:9", "--token-file", "token")
    away = done([program, "files", "microsoft_teams", "sarah@company.com", *speaks], cwd=here)
    assert (away.returncode, "Traceback" in away.stderr) == (4, False)
