"""A thousand tokens that run out in the same second, and twenty callers for each."""

from pathlib import Path

from tests.support.checker import check
from tests.support.herd import herd
from tests.support.memory import in_memory


def test_a_thousand_that_expire_in_the_same_second(tmp_path: Path) -> None:
    """N88: One call each, bounded at a time, and nobody waits for long."""
    with in_memory(tmp_path) as path:
        check(herd(path, 1000))
