"""A directory in memory, where the system has such a place: SQLite waits for no disk there."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

MEMORY: Final = Path("/dev/shm")  # noqa: S108  # reason: a directory of random name is made in it


@contextmanager
def in_memory(otherwise: Path) -> Iterator[Path]:
    """Give a new directory, in memory or in this one; it is gone afterwards."""
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else otherwise) as path:
        yield Path(path)
