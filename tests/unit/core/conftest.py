"""A world for each test, checked when the test is over."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.checker import check
from tests.support.memory import in_memory
from tests.support.provider import Mode
from tests.support.world import ADA, World, listening


@pytest.fixture
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """Ada's world; a test that says `@each_mode` gets one for each of the providers' rules."""
    made = World(tmp_path, mode=getattr(request, "param", Mode.LAX))
    with listening(made, logging.INFO):
        yield made
    check(made)


@pytest.fixture
def crowded(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """
    A world for many people, of one connector type, in memory where the system has such a place.

    What is slow with many is that SQLite waits for the disk, at each commit.
    """
    with in_memory(tmp_path) as path:
        made = World(path, mode=getattr(request, "param", Mode.LAX))
        made.kinds = {ADA.connector_type: made.kinds[ADA.connector_type]}
        with listening(made, logging.INFO):
            yield made
        check(made)
