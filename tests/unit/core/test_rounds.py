"""What Cloud Scheduler asks for every minute: housekeeping, then the sweep, here or handed on."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from multi_user_oauth.errors import StoreUnavailableError, TamperedError
from multi_user_oauth.model import SHARDS, ConnectionStatus, Provider, RevocationResult
from multi_user_oauth.rounds import Rounds
from multi_user_oauth.tending import Outcome
from tests.support.instances import Instance, Queue, crowd, fresh
from tests.support.world import ADA, CLEO, CLEO_ID, World

MINUTE = timedelta(minutes=1)


def rounds(
    instance: Instance, *housekeeping: Callable[[datetime], object], queue: Queue | None = None
) -> Rounds:
    """Return rounds with this housekeeping alone."""
    return Rounds(
        sweep=instance.sweep(), housekeeping=housekeeping, queue=queue, now=instance.world.clock
    )


def test_without_a_queue_all_shards_are_swept_in_place(crowded: World) -> None:
    """All that is due."""
    crowd(crowded, 40)
    crowded.expire()
    instance = Instance(world=crowded)
    swept = instance.rounds().round(instance.until())
    assert swept.counts == {Outcome.REFRESHED: 40}
    assert fresh(crowded) == 40


def test_with_a_queue_each_type_is_tried_once_and_the_shards_are_handed_on(world: World) -> None:
    """One message a shard; what the first call did is not done again by whoever gets them."""
    crowd(world, 20)
    world.connect(CLEO, CLEO_ID)
    world.expire()
    queue = Queue()
    instance = Instance(world=world, queue=queue)

    first = instance.rounds().round(instance.until())

    assert first.counts == {Outcome.REFRESHED: 2}
    assert queue.shards == list(range(SHARDS))
    for shard in queue.shards:
        other = Instance(world=world, queue=queue)
        assert other.rounds().shard(shard, world.clock(), other.until()) is not None
    assert len(world.provider.calls) == 21
    assert queue.shards == list(range(SHARDS))


def test_a_shard_that_comes_three_times_is_done_once(crowded: World) -> None:
    """N96: Pub/Sub may bring a message again: there is nothing left to do."""
    connections = crowd(crowded, 40)
    crowded.expire()
    instance = Instance(world=crowded, queue=Queue())
    shard = connections[0].key.shard
    mine = sum(each.key.shard == shard for each in connections)
    for counts in ({Outcome.REFRESHED: mine}, {}, {}):
        swept = instance.rounds().shard(shard, crowded.clock(), instance.until())
        assert swept is not None
        assert swept.counts == counts


def test_a_shard_with_more_left_is_handed_on(crowded: World) -> None:
    """Its time was over before all was done; a shard that was done is not."""
    connections = crowd(crowded, 60)
    crowded.expire()
    shard, queue = connections[0].key.shard, Queue()
    instance = Instance(world=crowded, queue=queue, per_second=16)

    swept = instance.rounds().shard(shard, crowded.clock(), crowded.clock() + timedelta(seconds=2))

    assert swept is not None
    assert swept.more
    assert queue.shards == [shard]
    instance.rounds().shard(shard, crowded.clock(), crowded.clock() + MINUTE)
    assert queue.shards == [shard]


@pytest.mark.parametrize(("age", "works"), [(600.0, True), (600.001, False), (7 * 86_400.0, False)])
def test_a_message_of_ten_minutes_ago_is_done_nothing_for(
    crowded: World, age: float, works: bool
) -> None:
    """N96: A week late: a later round has long done what it asked for."""
    connection = crowd(crowded, 1)[0]
    crowded.expire()
    sent_at = crowded.clock() - timedelta(seconds=age)
    instance = Instance(world=crowded, queue=Queue())
    swept = instance.rounds().shard(connection.key.shard, sent_at, instance.until())
    assert (swept is not None) is works
    assert len(crowded.provider.calls) == int(works)


def test_a_queue_that_takes_nothing_is_said(crowded: World) -> None:
    """Cloud Scheduler is to ask again."""

    class Full(Queue):
        def enqueue(self, shards: object) -> None:
            raise StoreUnavailableError("scripted")

    instance = Instance(world=crowded, queue=Full())
    with pytest.raises(StoreUnavailableError):
        instance.rounds().round(instance.until())


def test_housekeeping_has_a_third_of_the_time_and_the_sweep_the_rest(crowded: World) -> None:
    """All of it together; and it comes first."""
    crowd(crowded, 3)
    crowded.expire()
    given: list[datetime] = []

    def slow(until: datetime) -> None:
        assert crowded.provider.calls == []
        given.append(until)
        crowded.clock.advance(7)

    instance, begun = Instance(world=crowded), crowded.clock()
    swept = rounds(instance, slow, slow).round(begun + timedelta(seconds=30))

    assert given == [begun + timedelta(seconds=10)] * 2
    assert swept.counts == {Outcome.REFRESHED: 3}


@pytest.mark.parametrize("error", [StoreUnavailableError("scripted"), TamperedError("scripted")])
def test_housekeeping_that_fails_stops_nothing(
    crowded: World, error: StoreUnavailableError | TamperedError
) -> None:
    """The next kind of it, and the sweep, go on."""
    crowd(crowded, 3)
    crowded.expire()
    done: list[datetime] = []

    def failing(_: datetime) -> None:
        raise error

    instance = Instance(world=crowded)
    swept = rounds(instance, failing, done.append).round(instance.until())
    assert len(done) == 1
    assert swept.counts == {Outcome.REFRESHED: 3}


def test_a_round_works_off_all_that_was_left_behind(world: World) -> None:
    """A pending revocation is finished, an answer that was put aside adopted, what is due refreshed."""
    world.connect()
    world.connect(CLEO, CLEO_ID)
    world.provider.down = True
    assert world.disconnect().provider is RevocationResult.PENDING
    world.provider.down = False
    world.expire()
    world.store.fail_before("commit", times=8)
    with pytest.raises(StoreUnavailableError):
        world.refresh(CLEO)
    world.clock.advance(60)

    Instance(world=world).minutes(1)

    assert world.actions(CLEO) == ["connected", "rescued"]
    assert len(world.provider.revoke_calls) == 1
    assert world.record(ADA).status is ConnectionStatus.REVOKED
    assert world.kinds[ADA.connector_type].provider is Provider.GOOGLE
