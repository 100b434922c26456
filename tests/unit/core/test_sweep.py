"""The sweep: what is due is tended once, carefully at first, until the time is over."""

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from datetime import timedelta
from typing import ParamSpec, TypeVar

from multi_user_oauth.model import SHARDS, ConnectionKey, ConnectionStatus, Person, Snapshot
from multi_user_oauth.model.upkeep import Upkeep
from multi_user_oauth.pace import Pace
from multi_user_oauth.sweep_walk import Walk
from multi_user_oauth.tending import Outcome, Tend
from tests.support.instances import Instance, busiest_second, crowd, fresh, in_turn
from tests.support.world import ADA, CLEO, CLEO_ID, MINUTE, World, connector_types

GOOGLE = ADA.connector_type
ACTIVE = ConnectionStatus.ACTIVE
SECOND = timedelta(seconds=1)
P = ParamSpec("P")
T = TypeVar("T")


class Batches(Executor):
    """An executor that does what it is given only when it is waited for: what came together is seen."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self._waiting: list[Callable[[], None]] = []

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Keep it for later."""
        batches = self

        class Later(Future[T]):
            def result(self, timeout: float | None = None) -> T:
                batches.wait()
                return super().result(timeout)

        future = Later()
        self._waiting.append(lambda: future.set_result(fn(*args, **kwargs)))
        return future

    def wait(self) -> None:
        """Do all of it, in its order."""
        if self._waiting:
            self.sizes.append(len(self._waiting))
        waiting, self._waiting = self._waiting, []
        for work in waiting:
            work()


def walked(world: World, *, workers: int = 4) -> tuple[Batches, Walk]:
    """Return a walk over one page of all that is due, and in which batches that was done."""
    instance, batches = Instance(world=world), Batches()
    tend = Tend(
        due=world.store,
        refresher=instance.refresher,
        usage=world.activity,
        upkeep=Upkeep(),
        end=lambda _: None,
        now=world.clock,
    )
    walk = Walk(
        connector_type=GOOGLE,
        shards=range(SHARDS),
        due=world.store,
        tend=tend,
        breakers=instance.breakers,
        pool=batches,
        workers=workers,
        by=world.clock(),
        until=instance.until(),
        pace=Pace(100_000, now=world.clock, sleep=world.clock.sleep),
        most=None,
        now=world.clock,
    )
    while walk.step():
        pass
    return batches, walk


def themselves(world: World, key: ConnectionKey) -> Person:
    """Return the person themselves."""
    return Person(identities=frozenset({world.record(key).identity}), email=key.user_email)


def test_all_that_is_due_is_refreshed_and_nothing_else(crowded: World) -> None:
    """One call each; a second sweep finds nothing to do."""
    crowd(crowded, 30)
    crowded.clock.advance(1800)
    crowd(crowded, 1, "google_workspace")  # connected again: not due
    crowded.clock.advance(1750)
    instance = Instance(world=crowded)

    swept = instance.run()

    assert swept.counts == {Outcome.REFRESHED: 29}
    assert not swept.more
    assert len(crowded.provider.calls) == 29
    assert not instance.run().counts


def test_a_shard_is_its_own_connections(crowded: World) -> None:
    """All shards, one after the other, are everything once."""
    connections = crowd(crowded, 40)
    crowded.expire()
    for shard in range(SHARDS):
        mine = [each for each in connections if each.key.shard == shard]
        before = len(crowded.provider.calls)
        swept = Instance(world=crowded).run((shard,))
        assert swept.counts[Outcome.REFRESHED] == len(mine)
        assert len(crowded.provider.calls) == before + len(mine)
    assert fresh(crowded) == 40


def test_it_begins_with_one_and_takes_twice_as_many_as_they_succeed(crowded: World) -> None:
    """Up to eight for each worker at a time."""
    crowd(crowded, 100)
    crowded.expire()
    batches, walk = walked(crowded)
    assert batches.sizes == [1, 2, 4, 8, 16, 32, 32, 5]
    assert walk.counts == {Outcome.REFRESHED: 100}


def test_a_failure_takes_it_back_to_one(crowded: World) -> None:
    """Those of its batch that had not begun are not begun, and come again, one at first."""
    crowd(crowded, 40)
    crowded.expire()
    failing = in_turn(crowded)[9]  # the third of the batch of eight
    grant = crowded.grant_of(crowded.refresh_token(failing))
    crowded.provider.stumbles_at = frozenset({grant})

    batches, walk = walked(crowded)

    assert batches.sizes == [1, 2, 4, 8, 1, 2, 4, 8, 15]
    assert walk.counts == {Outcome.REFRESHED: 39, Outcome.FAILED: 1}
    assert len(crowded.provider.calls) == 40


def test_so_many_are_asked_for_at_once_and_no_more(crowded: World) -> None:
    """As many as there are workers, of all that is due."""
    crowd(crowded, 40)
    crowded.expire()

    class Together:
        def __init__(self) -> None:
            self.number = self.now = self.most = 0
            self._lock, self._barrier = threading.Lock(), threading.Barrier(3)

        def renew(self, snapshot: Snapshot) -> None:
            with self._lock:
                self.number += 1
                self.now += 1
                self.most = max(self.most, self.now)
                meets = 4 <= self.number <= 6  # the first three of the batch of four
            if meets:
                self._barrier.wait(timeout=10)
            assert snapshot.connection.lease is None
            with self._lock:
                self.now -= 1

    instance, together = Instance(world=crowded, workers=3), Together()
    instance.refresher = together  # type: ignore[assignment]  # reason: it is asked for no more than this
    instance.run()
    assert (together.number, together.most) == (40, 3)


def test_nothing_begins_after_the_end(crowded: World) -> None:
    """It says that there is more; what was begun was finished; the next one does the rest."""
    crowd(crowded, 30)
    crowded.expire()
    instance = Instance(world=crowded)
    until, clock = crowded.clock() + 10 * SECOND, crowded.clock

    def slow() -> None:
        clock.advance(1)
        crowded.provider.answering = slow

    crowded.provider.answering = slow
    swept = instance.sweep().run(range(SHARDS), until)

    assert swept.more
    assert swept.counts == {Outcome.REFRESHED: 10}
    assert all(call.began < until for call in crowded.provider.calls)
    assert not [each for each in crowded.records() if each.lease]
    crowded.provider.answering = None
    assert instance.run().counts == {Outcome.REFRESHED: 20}


def test_what_only_rests_ends_in_time_too(crowded: World) -> None:
    """Nobody is asked, but each takes its time: the rest is the next one's."""
    crowd(crowded, 30)
    crowded.clock.advance(timedelta(days=4).total_seconds())
    for _ in range(30):
        crowded.activity.meanwhile("uses", lambda: crowded.clock.advance(1))
    instance, until = Instance(world=crowded), crowded.clock() + 10 * SECOND

    swept = instance.sweep().run(range(SHARDS), until)

    assert swept.more
    assert swept.counts == {Outcome.RESTED: 10}
    assert instance.run().counts == {Outcome.RESTED: 20}


def test_an_end_that_has_passed_begins_nothing(crowded: World) -> None:
    """Not even the search for what is due."""
    crowd(crowded, 3)
    crowded.expire()
    crowded.store.calls.clear()
    swept = Instance(world=crowded).sweep().run(range(SHARDS), crowded.clock())
    assert (swept.more, swept.counts) == (True, {})
    assert crowded.store.calls == []


def test_a_pace_that_can_not_be_kept_in_time_leaves_the_rest(crowded: World) -> None:
    """Ten a second for two seconds: twenty, and no second with more than ten."""
    crowd(crowded, 40)
    crowded.expire()
    begun = crowded.clock()
    instance = Instance(world=crowded, per_second=10)

    swept = instance.sweep().run(range(SHARDS), begun + 2 * SECOND)

    assert swept.more
    assert swept.counts == {Outcome.REFRESHED: 20}
    assert busiest_second(crowded, begun) == 10


def test_a_shard_has_its_part_of_the_rate(crowded: World) -> None:
    """Wherever the sixteen are swept, together they keep to it."""
    connections = crowd(crowded, 100)
    crowded.expire()
    shard = connections[0].key.shard
    mine = sum(each.key.shard == shard for each in connections)
    begun = crowded.clock()

    Instance(world=crowded, per_second=16).run((shard,))

    assert mine > 3
    assert crowded.clock() - begun == (mine - 1) * SECOND


def test_no_type_keeps_another_waiting(crowded: World) -> None:
    """One has three pages to do, the other five connections: these come after the first page."""
    crowded.kinds = connector_types()
    crowd(crowded, 600)
    others = crowd(crowded, 5, "google_drive")
    crowded.expire()
    instance = Instance(world=crowded, connector_types=(GOOGLE, "google_drive"))

    instance.run()

    grants = {crowded.grant_of(crowded.refresh_token(each.key)) for each in others}
    called = [call.grant for call in crowded.provider.calls]
    assert len(called) == 605
    assert [place for place, grant in enumerate(called) if grant in grants] == [*range(256, 261)]


def test_a_busy_one_is_passed_over(crowded: World) -> None:
    """Somebody refreshes it at this moment: no second call, and no failure."""
    crowd(crowded, 3)
    crowded.expire()
    snapshot = crowded.peek().read(in_turn(crowded)[0])
    assert snapshot is not None
    crowded.peek().claim(snapshot, "busy")

    swept = Instance(world=crowded).run()

    assert swept.counts == {Outcome.BUSY: 1, Outcome.REFRESHED: 2}


def test_one_that_was_ended_meanwhile_is_passed_over(crowded: World) -> None:
    """It was found, and then its person disconnected."""
    crowd(crowded, 2)
    crowded.expire()
    key = in_turn(crowded)[0]
    crowded.store.meanwhile("claim", lambda: crowded.disconnect(key, themselves(crowded, key)))

    swept = Instance(world=crowded).run()

    assert swept.counts == {Outcome.BUSY: 1, Outcome.REFRESHED: 1}
    assert crowded.record(key).status is ConnectionStatus.REVOKED


def test_one_call_of_each_type_beforehand(world: World) -> None:
    """`most=1`: the first that is due, of each; what rests or is busy is none."""
    crowd(world, 5)
    world.connect(CLEO, CLEO_ID)
    world.expire()
    swept = Instance(world=world).run(most=1)
    assert swept.counts == {Outcome.REFRESHED: 2}
    assert not swept.more
    assert len({call.grant for call in world.provider.calls}) == 2


def test_two_sweeps_at_once_do_no_work_twice(crowded: World) -> None:
    """Two instances of four threads each find the same, at the same time: one call for each."""
    crowd(crowded, 120)
    crowded.expire()
    together = threading.Barrier(2)
    swept = []

    def sweep() -> None:
        instance = Instance(world=crowded, workers=4)
        together.wait()
        swept.append(instance.run())

    threads = [threading.Thread(target=sweep) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(crowded.provider.calls) == 120
    assert len({call.grant for call in crowded.provider.calls}) == 120
    assert sum(each.counts[Outcome.REFRESHED] for each in swept) == 120
    assert not any(each.counts[Outcome.FAILED] for each in swept)


def test_a_sweep_in_the_midst_of_another_does_no_work_twice(crowded: World) -> None:
    """Before each claim of the one the other does everything: it finds all of them done."""
    crowd(crowded, 10)
    crowded.expire()
    crowded.store.meanwhile("claim", lambda: Instance(world=crowded).run())

    swept = Instance(world=crowded).run()

    assert swept.counts == {Outcome.BUSY: 10}
    assert len(crowded.provider.calls) == 10


def test_what_rests_costs_two_operations_and_no_call(crowded: World) -> None:
    """Nobody used it for three days: one read of its use, one write of when it is due again."""
    (connection,) = crowd(crowded, 1)
    crowded.clock.advance(timedelta(hours=73).total_seconds())
    instance = Instance(world=crowded)
    crowded.meter.reset()

    assert instance.run().counts == {Outcome.RESTED: 1}

    assert crowded.meter.counts() == {
        "main.read": 1, "activity.read": 2, "main.write": 1
    }  # fmt: skip
    due = crowded.record(connection.key).refresh_due_at
    assert due == connection.connected_at + timedelta(days=30)
    crowded.meter.reset()
    assert not instance.run().counts
    assert crowded.meter.counts() == {"main.read": 1}
    assert crowded.actions(connection.key) == ["connected"]
    assert crowded.provider.calls == []
    assert due - crowded.clock() > MINUTE
