"""Topics of the Pub/Sub emulator, and what stands where one should be."""

import socket
from collections.abc import Iterator

import pytest

from tests.contract.events.places import Place, PubSubPlace, TheLog
from tests.support.pubsub import Subscribed, subscribed


@pytest.fixture
def topic(pubsub_emulator: str) -> Iterator[Subscribed]:
    """A topic of its own, and a subscription that hears all of it."""
    with subscribed(pubsub_emulator) as topic:
        yield topic


@pytest.fixture(params=["log", "pubsub"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Each place that events are told at."""
    if request.param == "log":
        with TheLog() as log:
            yield log
    else:
        yield PubSubPlace(request.getfixturevalue("topic"))


@pytest.fixture
def silence() -> Iterator[str]:
    """The address of somebody who listens, and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"
