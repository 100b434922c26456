"""Two processes sweep the same connections; whatever Pub/Sub delivers, each is refreshed once."""

from collections.abc import Iterator

import pytest

from multi_user_oauth.wiring.provision import provision
from tests.benchmarks.sweepers import Sweepers, sweepers
from tests.crash.deployment import Deployment

NUMBER = 96
LATENCY = 0.02


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, pubsub_emulator: str) -> Iterator[Sweepers]:
    """Two processes of `refresh`, a topic that is pushed to them in turn, and people connected."""
    folder = tmp_path_factory.mktemp("sweepers")
    provision(folder / "made")
    deployment = Deployment(folder, folder / "made")
    try:
        with sweepers(deployment, pubsub_emulator, folder, number=NUMBER, latency=LATENCY) as found:
            yield found
    finally:
        deployment.stop()


@pytest.mark.parametrize("deliveries", [1, 3])
def test_no_connection_is_refreshed_twice(running: Sweepers, deliveries: int) -> None:
    """Each shard's message comes once, or three times and to both: its work is done once."""
    before = running.asked()["asked"]
    running.sweep(2, deliveries=deliveries)
    asked = running.asked()
    assert asked["asked"] - before == running.number
    assert asked["tokens"] == asked["asked"], "a token was brought twice"
