"""One set of fixtures for every implementation: a new one is a line in `BACKENDS`."""

from pathlib import Path

import pytest

from multi_user_oauth.stores.meter import OperationMeter
from tests.contract.stores.backends import BACKENDS, Backend
from tests.support.clock import ManualClock
from tests.support.stores import ActivityStore, MainStore


@pytest.fixture(params=sorted(BACKENDS))
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Backend:
    """An empty database."""
    return BACKENDS[request.param](tmp_path)


@pytest.fixture
def clock() -> ManualClock:
    """The stores' clock."""
    return ManualClock()


@pytest.fixture
def meter() -> OperationMeter:
    """What `store` and `activity` counted."""
    return OperationMeter()


@pytest.fixture
def store(backend: Backend, clock: ManualClock, meter: OperationMeter) -> MainStore:
    """The main database."""
    return backend.main(clock, meter)


@pytest.fixture
def activity(backend: Backend, clock: ManualClock, meter: OperationMeter) -> ActivityStore:
    """The activity database."""
    return backend.activity(clock, meter)
