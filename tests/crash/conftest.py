"""Deployments for the tests of crashes: keys are made once, a deployment is cheap."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from multi_user_oauth.sandbox.company import Account
from multi_user_oauth.wiring.provision import provision
from tests.crash.deployment import Deployment
from tests.crash.processes import Served, serve

Deploy = Callable[..., Deployment]


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make all key files once."""
    folder = tmp_path_factory.mktemp("keys") / "made"
    provision(folder)
    return folder


@pytest.fixture(scope="module")
def deploy(tmp_path_factory: pytest.TempPathFactory, keys: Path) -> Iterator[Deploy]:
    """Give a function that makes a deployment; its sandbox stops with the module."""
    made: list[Deployment] = []

    def make(*people: Account) -> Deployment:
        deployment = Deployment(tmp_path_factory.mktemp("deployment"), keys, people)
        made.append(deployment)
        return deployment

    yield make
    for deployment in made:
        deployment.sandbox.stop()


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory, keys: Path) -> Iterator[Served]:
    """Serve every function as a process, once for all tests."""
    deployment = Deployment(tmp_path_factory.mktemp("deployment"), keys)
    with serve(deployment, tmp_path_factory.mktemp("functions")) as served:
        yield served
    deployment.sandbox.stop()
