"""The command line in this process, with the log put back as it was."""

import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from multi_user_oauth.cli import main
from multi_user_oauth.cli.files import provision_deployment
from multi_user_oauth.cli.settings_file import documented, write_settings

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def _log_put_back() -> Iterator[None]:
    """A command sends the log of its process to a file; here the process goes on."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command line in an empty folder, without any setting in the environment."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in documented():
        monkeypatch.delenv(name, raising=False)
    return lambda *arguments: CliRunner().invoke(main, [str(each) for each in arguments])


@pytest.fixture(scope="session")
def provisioned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A deployment to copy: its keys take a second to draw."""
    directory = tmp_path_factory.mktemp("provisioned")
    provision_deployment(directory)
    return directory


@pytest.fixture
def env_file(tmp_path: Path, provisioned: Path) -> Path:
    """Settings of a deployment in which nobody is connected."""
    directory = shutil.copytree(provisioned, tmp_path / "deployment")
    values = provision_deployment(directory)
    file = directory / "settings.env"
    write_settings(file, {"PUBLIC_ORIGIN": "http://localhost:8084", **values}, "for a test")
    return file
