"""Deployments for the tests of crashes: keys are made once, a deployment is cheap."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from multi_user_oauth.wiring.provision import provision
from tests.crash.deployment import Deployment
from tests.crash.google_cloud import InGoogleCloud, deployments, deployments_in_cloud
from tests.crash.processes import Served, serve

Deploy = Callable[..., Deployment]


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make all key files once."""
    folder = tmp_path_factory.mktemp("keys") / "made"
    provision(folder)
    return folder


@pytest.fixture(scope="module")
def deploy_here(tmp_path_factory: pytest.TempPathFactory, keys: Path) -> Iterator[Deploy]:
    """Give a function that makes a deployment over SQLite; it stops with the module."""
    with deployments(tmp_path_factory.mktemp, keys) as make:
        yield make


@pytest.fixture(scope="module")
def deploy_in_cloud(
    tmp_path_factory: pytest.TempPathFactory, keys: Path, firestore_emulator: str
) -> Iterator[Callable[..., InGoogleCloud]]:
    """Give a function that makes one over the Firestore emulator and a local Cloud KMS."""
    with deployments_in_cloud(tmp_path_factory.mktemp, keys, firestore_emulator) as make:
        yield make


@pytest.fixture(scope="module", params=["sqlite", "firestore"])
def deploy(request: pytest.FixtureRequest) -> Deploy:
    """Give a function that makes a deployment: each test is run over both databases."""
    places = {"sqlite": "deploy_here", "firestore": "deploy_in_cloud"}
    made: Deploy = request.getfixturevalue(places[request.param])
    return made


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory, keys: Path) -> Iterator[Served]:
    """Serve every function as a process, once for all tests."""
    deployment = Deployment(tmp_path_factory.mktemp("deployment"), keys)
    with serve(deployment, tmp_path_factory.mktemp("functions")) as served:
        yield served
    deployment.stop()
