"""A world for each test, checked when the test is over."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.checker import check
from tests.support.provider import Mode
from tests.support.world import World, listening


@pytest.fixture
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """Ada's world; a test that says `@each_mode` gets one for each of the providers' rules."""
    made = World(tmp_path, mode=getattr(request, "param", Mode.LAX))
    with listening(made, logging.INFO):
        yield made
    check(made)
