"""One person connected over the embedded default."""

import logging
from collections.abc import Iterator

import pytest

from multi_user_oauth.sandbox.company import SARAH
from multi_user_oauth.wiring.provision import provision
from tests.crash.deployment import MICROSOFT, Deployment


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Give a deployment in which sarah@ is connected."""
    keys = tmp_path_factory.mktemp("keys") / "made"
    provision(keys)
    deployment = Deployment(tmp_path_factory.mktemp("deployment"), keys)
    deployment.sign_in(SARAH, MICROSOFT)
    yield deployment
    deployment.sandbox.stop()


@pytest.fixture(autouse=True)
def as_in_production() -> Iterator[None]:
    """Log no more than production does: the search for secrets would be measured too."""
    logging.disable(logging.DEBUG)
    yield
    logging.disable(logging.NOTSET)
