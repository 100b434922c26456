"""Many refusals at once: of grants, which may not be believed, and of the application itself."""

import threading
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import pairwise

import pytest

from multi_user_oauth.errors import ProviderMisconfiguredError, ProviderUnavailableError
from multi_user_oauth.model import SHARDS, Connection, ConnectionStatus
from multi_user_oauth.model.breaker import Trouble
from multi_user_oauth.ports.events import EventType
from multi_user_oauth.tending import Outcome
from tests.support.instances import Instance, Queue, crowd, fresh, statuses
from tests.support.provider import ALWAYS
from tests.support.world import ADA, AGENT, World

ACTIVE, NEEDS_SIGN_IN = ConnectionStatus.ACTIVE, ConnectionStatus.NEEDS_SIGN_IN
INSTANCES = 16


def alarms(world: World) -> list[str]:
    """Return the reason of each alarm."""
    lines = (line.__dict__ for line in world.log)
    return [line["reason"] for line in lines if line.get("alarm") == "breaker_opened"]


def told(world: World) -> list[str]:
    """Return who was told to sign in again."""
    return [event.subject for event in world.events if event.type == EventType.NEEDS_SIGN_IN]


def grants(world: World, connections: Iterable[Connection]) -> frozenset[int]:
    """Return what the provider knows these connections as."""
    return frozenset(world.grant_of(world.refresh_token(each.key)) for each in connections)


@pytest.fixture
def mistaken(crowded: World) -> Iterator[list[Connection]]:
    """Give 200 who are due, of whom the provider has called 60 dead for five minutes, by mistake."""
    connections = crowd(crowded, 200)
    crowded.refused = "the provider is mistaken"
    crowded.expire()
    crowded.provider.refuses = grants(crowded, connections[:60])
    Instance(world=crowded).minutes(5)
    yield connections
    crowded.provider.refuses = frozenset()


@pytest.mark.usefixtures("mistaken")
def test_a_third_of_all_called_dead_by_mistake(crowded: World) -> None:
    """N76: 60 of 200 in five minutes: five are marked, one alarm, nobody is told."""
    assert statuses(crowded) == {ACTIVE: 195, NEEDS_SIGN_IN: 5}
    assert Instance(world=crowded).look().trouble is Trouble.STORM
    assert alarms(crowded) == ["storm"]
    assert told(crowded) == []


def test_after_such_a_mistake_all_heals_by_itself(
    crowded: World, mistaken: list[Connection]
) -> None:
    """N76: Every other probe is one of the marked; its success heals the others. Nobody was told."""
    crowded.provider.refuses = frozenset()
    minutes, instance = 0, Instance(world=crowded)
    while statuses(crowded)[ACTIVE] < 200 or fresh(crowded) < 200:
        assert minutes < 11, "two probes of five minutes each"
        instance.minutes(1)
        minutes += 1

    assert instance.look().is_quiet
    instance.minutes(30)
    assert alarms(crowded) == ["storm"]
    assert told(crowded) == []
    assert crowded.activity.suspects(ADA.connector_type, after=None, limit=9) == ()
    assert sum("healed" in crowded.actions(each.key) for each in mistaken) == 5


def test_a_mistake_that_was_short_is_over_with_the_first_probe(crowded: World) -> None:
    """N76: One of the marked is accepted: that proves it, and no window is waited for."""
    connections = crowd(crowded, 200)
    crowded.refused = "the provider is mistaken"
    crowded.expire()
    crowded.provider.refuses = grants(crowded, connections[:60])
    instance = Instance(world=crowded)
    instance.minutes(1)
    assert statuses(crowded)[NEEDS_SIGN_IN] == 5
    crowded.provider.refuses = frozenset()

    instance.minutes(1)

    assert statuses(crowded) == {ACTIVE: 200}
    assert fresh(crowded) == 200
    assert instance.look().is_quiet


def test_in_a_storm_the_marked_are_tried_first_and_in_turn_with_others(crowded: World) -> None:
    """N76: Each probe is one call, over all instances; every other one is of somebody not yet refused."""
    connections = crowd(crowded, 40)
    crowded.refused = "the provider is mistaken"
    crowded.expire()
    crowded.provider.refuses = grants(crowded, connections)
    instance = Instance(world=crowded)
    instance.minutes(1)
    marked = grants(crowded, [each for each in crowded.records() if each.status is NEEDS_SIGN_IN])
    assert len(marked) == 5
    before = len(crowded.provider.calls)

    for _ in range(10):
        for each in range(INSTANCES):
            Instance(world=crowded).doubts().run(instance.until())
            Instance(world=crowded).run((each,))
        crowded.clock.advance(30)

    probes = [call.grant in marked for call in crowded.provider.calls[before:]]
    assert probes[:3] == [True, False, True]
    crowded.provider.refuses = frozenset()


def test_a_true_revocation_of_many(crowded: World) -> None:
    """
    N76: 60 of 200 are really dead: the others are served, and in the end exactly they are marked.

    In waves of five, with a window without a storm between two; each is told once, when that is over.
    """
    connections = crowd(crowded, 200)
    dead, living = connections[:60], connections[60:]
    for connection in dead:
        crowded.provider.withdraw(connection.identity)
    crowded.expire()
    instance = Instance(world=crowded)
    agents = crowded.tokens(instance.refresher)
    marked = [0]
    while len(told(crowded)) < 60:
        assert len(marked) < 12 * 60, "it takes half a day"
        instance.minutes(1)
        marked.append(statuses(crowded)[NEEDS_SIGN_IN])
        asker = living[len(marked) * 7 % len(living)]
        assert agents.get(AGENT, asker.key).expires_at > crowded.clock()

    waves = [minute for minute, (before, now) in enumerate(pairwise(marked)) if now > before]
    assert all(now - before <= 5 for before, now in pairwise(marked))
    assert all(later - earlier >= 10 for earlier, later in pairwise(waves))
    refused = {each.key for each in crowded.records() if each.status is NEEDS_SIGN_IN}
    assert refused == {each.key for each in dead}
    assert sorted(told(crowded)) == sorted(str(each.key) for each in dead)
    assert instance.look().trouble is None
    assert not instance.minutes(60)[Outcome.REFUSED]


def test_among_many_who_are_well_more_are_believed(crowded: World) -> None:
    """N76: One in twenty of all that the sweep asked for lately: twelve after a page of 256."""
    crowd(crowded, 400)
    crowded.expire()
    due = crowded.peek().due(ADA.connector_type, range(SHARDS), by=crowded.clock(), limit=400)
    for snapshot in due.snapshots[300:312]:
        crowded.provider.withdraw(snapshot.connection.identity)

    Instance(world=crowded).run()

    assert statuses(crowded) == {ACTIVE: 388, NEEDS_SIGN_IN: 12}
    assert alarms(crowded) == []


def test_one_who_ends_a_grant_is_no_storm(crowded: World) -> None:
    """N90: Marked at once, one record, one event ten minutes later; the token is kept."""
    connections = crowd(crowded, 3)
    dead = connections[0]
    crowded.provider.withdraw(dead.identity)
    crowded.expire()
    crowded.provider.lifetime = timedelta(hours=9)
    instance = Instance(world=crowded)

    assert instance.minutes(1) == {Outcome.REFUSED: 1, Outcome.REFRESHED: 2}
    assert crowded.record(dead.key).sealed_refresh == dead.sealed_refresh
    assert told(crowded) == []
    instance.minutes(9)
    assert told(crowded) == []
    instance.minutes(120)

    assert told(crowded) == [str(dead.key)]
    assert len(crowded.provider.calls) == 3
    assert crowded.actions(dead.key) == ["connected", "needs_sign_in"]
    assert alarms(crowded) == []


@pytest.mark.parametrize("credentials", [1, 2])
def test_an_application_that_is_refused(crowded: World, credentials: int) -> None:
    """
    N77: The client secret of 200 people expired: few calls, one alarm, nobody is marked.

    Sixteen instances, a shard each, minute after minute; each refresh tries all live credentials. With
    a new secret all are fresh at most six minutes later, by themselves.
    """
    crowd(crowded, 200)
    crowded.expire()
    crowded.provider.knows_client_for = 0
    crowded.provider.credentials = credentials
    instances = [Instance(world=crowded) for _ in range(INSTANCES)]
    for shard, instance in enumerate(instances):
        instance.run((shard,))

    assert crowded.provider.refused_clients == 3 * credentials
    assert alarms(crowded) == ["misconfigured"]
    for _ in range(30):
        crowded.clock.advance(60)
        for shard, instance in enumerate(instances):
            instance.run((shard,))
    assert crowded.provider.refused_clients <= (3 + 9) * credentials
    assert statuses(crowded) == {ACTIVE: 200}
    assert alarms(crowded) == ["misconfigured"]

    crowded.provider.knows_client_for = ALWAYS
    minutes = 0
    while fresh(crowded) < 200:
        assert minutes < 6
        crowded.clock.advance(60)
        for shard, instance in enumerate(instances):
            instance.run((shard,))
        minutes += 1
    assert statuses(crowded) == {ACTIVE: 200}
    assert told(crowded) == []
    closed = [event for event in crowded.events if event.type == EventType.BREAKER_CLOSED]
    assert len(closed) == 1


@pytest.mark.parametrize("credentials", [1, 2])
def test_an_application_that_is_refused_by_all_instances_at_once(
    crowded: World, credentials: int
) -> None:
    """
    N77: The one that hands the shards on finds out: the sixteen that get them at once ask nobody.

    At most twenty requests, over all instances, until somebody acts.
    """
    crowd(crowded, 200)
    crowded.expire()
    crowded.provider.knows_client_for = 0
    crowded.provider.credentials = credentials
    queue = Queue()
    first = Instance(world=crowded, queue=queue)
    first.rounds().round(first.until())
    assert sorted(queue.shards) == list(range(SHARDS))
    together = threading.Barrier(INSTANCES)

    def bring(shard: int) -> None:
        instance = Instance(world=crowded, workers=4)
        rounds, sent_at = instance.rounds(), crowded.clock()
        together.wait()
        rounds.shard(shard, sent_at, instance.until())

    threads = [threading.Thread(target=bring, args=(shard,)) for shard in queue.shards]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert crowded.provider.refused_clients == 3 * credentials
    assert crowded.provider.refused_clients <= 20
    assert statuses(crowded) == {ACTIVE: 200}
    assert alarms(crowded) == ["misconfigured"]


def test_an_application_that_is_refused_in_the_midst_of_a_sweep(crowded: World) -> None:
    """
    N77: Eight were on their way: these, and some until the breaker opens, in the next sweep at last.

    Answers that were on their way still come in between, and begin the row of failures anew.
    """
    crowd(crowded, 200)
    crowded.expire()
    crowded.provider.knows_client_for = 100
    Instance(world=crowded, workers=8).run()
    crowded.clock.advance(1)
    Instance(world=crowded, workers=8).run()

    assert crowded.provider.refused_clients <= 20
    assert statuses(crowded) == {ACTIVE: 200}
    assert alarms(crowded) == ["misconfigured"]
    assert fresh(crowded) == 100


def test_callers_of_a_refused_application_knock_no_harder(crowded: World) -> None:
    """N77: A process that was refused three times asks no more than the probes, whoever wants a token."""
    connections = crowd(crowded, 30)
    crowded.expire()
    crowded.provider.knows_client_for = 0
    agents = crowded.tokens(Instance(world=crowded).refresher)
    for _ in range(3):
        for connection in connections:
            with pytest.raises((ProviderMisconfiguredError, ProviderUnavailableError)):
                agents.get(AGENT, connection.key)
    assert crowded.provider.refused_clients == 3
    assert statuses(crowded) == {ACTIVE: 30}
