"""Lets go of what tests left open before there are too many files: SQLite's, in cycles of objects.

With a large heap Python looks for such cycles so seldom that a thousand files can be open by then.
"""

import gc
from pathlib import Path
from typing import Final

import pytest

FILES: Final = next(
    (path for path in map(Path, ("/proc/self/fd", "/dev/fd")) if path.is_dir()), None
)
MORE: Final = 200


class OpenFiles:
    """How many were open when they were last counted without garbage."""

    def __init__(self) -> None:
        self._kept = 0

    def pytest_runtest_logfinish(self) -> None:
        """After a test: collect garbage if many more files are open."""
        if number_of_files() > self._kept + MORE:
            gc.collect()
            self._kept = number_of_files()


def number_of_files() -> int:
    """Return how many files this process has open, 0 where the system does not tell."""
    return 0 if FILES is None else sum(1 for _ in FILES.iterdir())


def pytest_configure(config: pytest.Config) -> None:
    """Count from now on."""
    config.pluginmanager.register(OpenFiles(), "open-files")
