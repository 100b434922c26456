"""The matrix of killed refreshes, again and again: a race of a millisecond shows up once in many."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from multi_user_oauth.sandbox.company import Account
from multi_user_oauth.wiring.provision import provision
from tests.crash.deployment import Deployment
from tests.crash.killing import kill_refreshes

REPETITIONS = 20


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make all key files once."""
    folder = tmp_path_factory.mktemp("keys") / "made"
    provision(folder)
    return folder


@pytest.fixture
def made() -> Iterator[list[Deployment]]:
    """Give a list of deployments whose sandboxes stop with the test."""
    deployments: list[Deployment] = []
    yield deployments
    for deployment in deployments:
        deployment.sandbox.stop()


@pytest.mark.parametrize("repetition", range(REPETITIONS))
def test_a_killed_refresh_loses_nothing_that_the_provider_would_keep(
    repetition: int, made: list[Deployment], keys: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Each place, each kind of provider."""

    def deploy(*people: Account) -> Deployment:
        made.append(Deployment(tmp_path_factory.mktemp(f"soak-{repetition}"), keys, people))
        return made[-1]

    for killed in kill_refreshes(deploy).values():
        killed.verify()
