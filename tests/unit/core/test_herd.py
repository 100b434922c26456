"""Many tokens that run out in the same second, and many callers for each."""

from pathlib import Path

from tests.support.checker import check
from tests.support.herd import herd
from tests.support.memory import in_memory


def test_two_hundred_that_expire_in_the_same_second(tmp_path: Path) -> None:
    """N88: Twenty callers each, while a sweep goes on: one call each, and short waits."""
    with in_memory(tmp_path) as path:
        check(herd(path, 200))
