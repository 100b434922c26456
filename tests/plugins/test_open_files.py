"""What tests left open is let go of."""

import gc
from pathlib import Path

import pytest

from tests.plugins.open_files import FILES, MORE, OpenFiles, number_of_files


class Cycle:
    """Holds a file, and itself."""

    def __init__(self, file: Path) -> None:
        self.opened = file.open("rb", buffering=0)
        self.itself = self

    def __del__(self) -> None:
        self.opened.close()


@pytest.mark.skipif(FILES is None, reason="the system does not tell what is open")
def test_files_in_cycles_are_closed_when_they_are_many(tmp_path: Path) -> None:
    """Not at each test, for looking for garbage takes its time; and before there are a thousand."""
    file = tmp_path / "file"
    file.touch()
    watching = OpenFiles()
    watching.pytest_runtest_logfinish()
    gc.disable()
    try:
        before = number_of_files()
        for _ in range(MORE + 50):
            Cycle(file)
        assert number_of_files() >= before + MORE
        watching.pytest_runtest_logfinish()
        assert number_of_files() < before + MORE
    finally:
        gc.enable()
