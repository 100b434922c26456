"""Both providers in turn, and errors that are searched for secrets."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from multi_user_oauth.errors import MultiUserOAuthError
from multi_user_oauth.model import Provider
from tests.contract.providers.leaks import assert_no_secret
from tests.contract.providers.world import World

Refused = Callable[[type[MultiUserOAuthError]], AbstractContextManager[list[MultiUserOAuthError]]]


@pytest.fixture(params=list(Provider), ids=str)
def world(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[World]:
    """The provider under test; afterwards no line of the log may hold a secret of the sandbox's."""
    caplog.set_level("INFO")
    world = World(request.param)
    yield world
    lines = [str(vars(record)) for record in caplog.get_records("call")]
    secrets = [entry["value"] for entry in world.controls.secrets()]
    assert not [s for s in secrets if any(s in line for line in lines)], "the log holds a secret"


@pytest.fixture
def refused(world: World) -> Refused:
    """What `pytest.raises` is, for exactly this error, in which there may be no secret."""

    @contextmanager
    def expecting(kind: type[MultiUserOAuthError]) -> Iterator[list[MultiUserOAuthError]]:
        caught: list[MultiUserOAuthError] = []
        with pytest.raises(MultiUserOAuthError) as raised:
            yield caught
        assert type(raised.value) is kind, f"{type(raised.value).__name__}: {raised.value}"
        assert_no_secret(raised.value, [s["value"] for s in world.controls.secrets()])
        caught.append(raised.value)

    return expecting


def only(provider: Provider) -> pytest.MarkDecorator:
    """Run with this provider alone."""
    return pytest.mark.parametrize("world", [provider], indirect=True, ids=str)
