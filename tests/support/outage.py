"""An outage of half an hour, in the time of the test: as large as there is patience for."""

from datetime import timedelta

from multi_user_oauth.model import ConnectionStatus
from multi_user_oauth.tending import Outcome
from tests.support.instances import Instance, busiest_second, crowd, fresh, statuses
from tests.support.world import World

PER_SECOND = 100
MOST_CALLS = 1.2
"""For each connection, from the moment at which the provider is back."""


def outage_of_half_an_hour(world: World, number: int) -> None:
    """Let it happen to so many people, with a sweep each minute; check what must hold afterwards."""
    crowd(world, number)
    world.clock.advance(timedelta(minutes=40).total_seconds())
    instance = Instance(world=world, per_second=PER_SECOND)
    instance.minutes(10)
    world.provider.down = True
    down_since, calls = world.clock(), len(world.provider.calls)
    instance.minutes(30)
    assert world.clock() - down_since == timedelta(minutes=30)
    assert fresh(world) < number
    assert len(world.provider.calls) - calls <= 20, "the outage was knocked at"

    world.provider.down = False
    back_since, calls = world.clock(), len(world.provider.calls)
    minutes = 0
    while fresh(world) < number:
        assert minutes <= 6 + number / (PER_SECOND * 40)
        instance.minutes(1)
        minutes += 1

    assert len(world.provider.calls) - calls <= MOST_CALLS * number
    assert busiest_second(world, back_since) <= PER_SECOND
    assert statuses(world) == {ConnectionStatus.ACTIVE: number}
    assert not [event for event in world.events if "needs_sign_in" in event.type]
    assert instance.minutes(1)[Outcome.FAILED] == 0
