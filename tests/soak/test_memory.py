"""`access_token` asked for the tokens of 10,000 people, in a process of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from multi_user_oauth.wiring.provision import provision
from tests.benchmarks import servers
from tests.benchmarks.test_memory import FLAT_FROM, GROWTH, LARGEST, READS, measured
from tests.crash.deployment import Deployment


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    """Give a deployment in which nobody is connected."""
    provision(tmp_path / "made")
    made = Deployment(tmp_path, tmp_path / "made")
    yield made
    made.sandbox.stop()


@pytest.mark.skipif(not servers.PROC.is_dir(), reason="the system does not tell what it spends")
def test_what_is_remembered_ends(deployment: Deployment) -> None:
    """Data keys and agents' tokens are kept in a number that ends: the memory is small and flat."""
    held = measured(deployment, deployment.values)
    assert max(held.values()) < LARGEST
    assert held[READS] - held[FLAT_FROM] < GROWTH
