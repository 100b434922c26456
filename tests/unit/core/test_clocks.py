"""Clocks that jump: a call too many at most, never a dead token, never a lost one."""

import pytest

from multi_user_oauth.model import ConnectionStatus
from tests.support.instances import Instance
from tests.support.world import ADA, AGENT, World
from tests.unit.core.modes import each_mode

MINUTE, HOUR = 60.0, 3600.0


@each_mode
@pytest.mark.parametrize("jump", [-HOUR, -10 * MINUTE, 10 * MINUTE, HOUR])
def test_a_clock_that_jumps_between_two_reads(world: World, jump: float) -> None:
    """N87: What is given out is good by the clock that stands; a jump costs one call, or none."""
    world.connect()
    instance = Instance(world=world)
    tokens = world.tokens(instance.refresher)
    for each in range(40):
        calls = len(world.provider.calls)
        if each % 4 == 3:
            world.clock.advance(jump if each % 8 == 3 else -jump)
        else:
            world.clock.advance(MINUTE)
        instance.run()
        token = tokens.get(AGENT, ADA)
        assert token.expires_at > world.clock()
        assert len(world.provider.calls) <= calls + 1
    assert world.record().status is ConnectionStatus.ACTIVE
    assert len(world.provider.calls) <= 10
    assert not world.provider.too_close


@each_mode
@pytest.mark.parametrize("jump", [-HOUR, -10 * MINUTE, 10 * MINUTE, HOUR])
def test_a_clock_that_jumps_while_the_provider_is_asked(world: World, jump: float) -> None:
    """N87: The answer is stored all the same; a lease that is left locks nobody out."""
    world.connect()
    world.expire()
    world.provider.answering = lambda: world.clock.advance(jump)
    world.refresh()
    assert world.actions() == ["connected", "refreshed"]
    assert world.record().lease is None

    world.clock.advance(3 * HOUR)
    world.refresh()

    assert world.actions() == ["connected", "refreshed", "refreshed"]
    assert world.provider.is_good(world.refresh_token())
