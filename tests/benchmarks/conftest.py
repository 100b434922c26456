"""One person connected on each back end, and where the figures go."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from multi_user_oauth.sandbox.company import SARAH
from multi_user_oauth.wiring.provision import provision
from tests.benchmarks.results import Results
from tests.crash.deployment import MICROSOFT, Deployment
from tests.crash.google_cloud import InGoogleCloud, deployments_in_cloud


@pytest.fixture(scope="session")
def results(pytestconfig: pytest.Config) -> Iterator[Results]:
    """Where each benchmark puts what it found."""
    some = pytestconfig.option.keyword or any(".py" in name for name in pytestconfig.args)
    found = Results(whole=not some)
    yield found
    found.save()


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key files, which take a second to be made."""
    made = tmp_path_factory.mktemp("keys") / "made"
    provision(made)
    return made


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory, keys: Path) -> Iterator[Deployment]:
    """Give a deployment over SQLite in which sarah@ is connected."""
    made = Deployment(tmp_path_factory.mktemp("deployment"), keys)
    made.sign_in(SARAH, MICROSOFT)
    yield made
    made.sandbox.stop()


@pytest.fixture(scope="session")
def google_cloud(
    tmp_path_factory: pytest.TempPathFactory, keys: Path, firestore_emulator: str
) -> Iterator[InGoogleCloud]:
    """Give one over the Firestore emulator and the local cloud, reached without the relay."""
    with deployments_in_cloud(tmp_path_factory.mktemp, keys, firestore_emulator) as make:
        made = make()
        made.sign_in(SARAH, MICROSOFT)
        yield made


@pytest.fixture(autouse=True)
def as_in_production() -> Iterator[None]:
    """Log no more than production does: the search for secrets would be measured too."""
    logging.disable(logging.DEBUG)
    yield
    logging.disable(logging.NOTSET)
