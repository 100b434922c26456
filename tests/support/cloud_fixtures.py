"""The local cloud as fixtures: a conftest.py that imports them has them."""

from collections.abc import Iterator

import pytest

from tests.support.cloud import Cloud


@pytest.fixture(scope="session")
def running_cloud() -> Iterator[Cloud]:
    """The local cloud, started once."""
    with Cloud() as cloud:
        yield cloud


@pytest.fixture
def cloud(running_cloud: Cloud) -> Iterator[Cloud]:
    """The same, with no fault to come and no call made."""
    running_cloud.faults.clear()
    running_cloud.calls.clear()
    yield running_cloud
    running_cloud.faults.clear()
