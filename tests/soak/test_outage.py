"""The outage of half an hour, for ten thousand people."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.checker import check
from tests.support.memory import in_memory
from tests.support.outage import outage_of_half_an_hour
from tests.support.world import ADA, World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Give a world of one connector type, checked when the test is over."""
    with in_memory(tmp_path) as path:
        made = World(path)
        made.kinds = {ADA.connector_type: made.kinds[ADA.connector_type]}
        yield made
        check(made)


def test_half_an_hour_for_ten_thousand(world: World) -> None:
    """F22: Nobody is disconnected, all are fresh again, few calls, and no second is too full."""
    outage_of_half_an_hour(world, 10_000)
