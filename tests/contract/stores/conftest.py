"""One set of fixtures for every implementation: a new one is a parameter of `backend`."""

from pathlib import Path

import pytest

from multi_user_oauth.stores.meter import OperationMeter
from tests.contract.stores.backends import Backend, FirestoreBackend, SqliteBackend
from tests.support.clock import ManualClock
from tests.support.stores import ActivityStore, MainStore


@pytest.fixture(params=["sqlite", "firestore"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Backend:
    """An empty database."""
    if request.param == "sqlite":
        return SqliteBackend(tmp_path)
    # Asked for here, so that only these tests need an emulator.
    address = request.getfixturevalue("firestore_emulator")
    return FirestoreBackend(address, request.getfixturevalue("firestore_project"))


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
