"""Key files, made once, and copies of them to be changed."""

from pathlib import Path

import pytest

from multi_user_oauth.keys.local_versions import provision
from tests.unit.keys.files import write


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the four files; nobody changes it."""
    directory = tmp_path_factory.mktemp("parent") / "keys"
    provision(directory)
    return directory


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Path:
    """The same, to be changed."""
    for file in made.iterdir():
        write(tmp_path / file.name, file.read_bytes())
    return tmp_path
