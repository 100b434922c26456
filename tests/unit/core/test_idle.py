"""Cost follows use: ahead of expiry while it is used, just alive while not, ended if that is said."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from multi_user_oauth.model import Connection, ConnectionKey, ConnectionStatus, Identity, Provider
from multi_user_oauth.model.forecast import UNUSED, forecast
from multi_user_oauth.model.upkeep import Upkeep
from multi_user_oauth.ports import Anew
from multi_user_oauth.ports.events import EventType
from multi_user_oauth.refresh import RefreshConnection
from multi_user_oauth.tending import Outcome
from multi_user_oauth.token import GetAccessToken
from tests.support.instances import Instance
from tests.support.world import ADA, ADA_ID, AGENT, BOB, BOB_ID, CLEO, CLEO_ID, World

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
LIMITED = Upkeep(idle_limit=90 * DAY)
BOTH = pytest.mark.parametrize(("key", "identity"), [(ADA, ADA_ID), (CLEO, CLEO_ID)])


class Awaited:
    """What a caller waits for: each call of it is a reader who had to."""

    def __init__(self, refresher: RefreshConnection) -> None:
        self._refresher = refresher
        self.number = 0

    def refresh(self, key: ConnectionKey, *, min_ttl: timedelta, anew: Anew | None = None) -> None:
        """As `Refresher`."""
        self.number += 1
        self._refresher.refresh(key, min_ttl=min_ttl, anew=anew)


def reader(world: World) -> tuple[Instance, GetAccessToken, Awaited]:
    """Return an instance that sweeps, what agents ask, and how often they waited."""
    instance = Instance(world=world)
    awaited = Awaited(instance.refresher)
    return instance, world.tokens(awaited), awaited


def calls_since(world: World, since: datetime) -> int:
    """Return how often the provider was asked from then on."""
    return sum(call.began >= since for call in world.provider.calls)


def test_who_works_in_an_office_never_waits(world: World) -> None:
    """
    A hundred reads on each of ten working days, the weekend between: fewer than one in 1,000 waits.

    It costs a refresh an hour, at night too; not one a read.
    """
    world.connect()
    instance, tokens, awaited = reader(world)
    monday, reads = world.clock(), 0  # at nine
    for day in (0, 1, 2, 3, 4, 7, 8, 9, 10, 11):
        for each in range(100):
            instance.until_then(monday + day * DAY + each * 8 * HOUR / 100)
            tokens.get(AGENT, ADA)
            reads += 1

    assert reads == 1000
    assert awaited.number == 0
    hours = (world.clock() - monday) / HOUR
    assert hours * 0.9 < len(world.provider.calls) < hours * 1.3


def test_after_a_long_absence_the_first_read_waits_and_no_other(world: World) -> None:
    """A fortnight's leave: one call, and then it is kept ahead again."""
    world.connect()
    instance, tokens, awaited = reader(world)
    back = world.clock() + 14 * DAY
    instance.until_then(back)
    assert calls_since(world, world.clock() - 10 * DAY) == 0
    for each in range(100):
        instance.until_then(back + each * HOUR / 10)
        tokens.get(AGENT, ADA)
    assert awaited.number == 1


@BOTH
def test_who_is_away_for_five_months_is_kept_alive(
    world: World, key: ConnectionKey, identity: Identity
) -> None:
    """Refreshed about once a month, at either provider: never near the end of its refresh token."""
    connection = world.connect(key, identity)
    instance = Instance(world=world)
    quiet = world.clock() + 3 * DAY
    instance.until_then(world.clock() + 150 * DAY)

    monthly = [call.began for call in world.provider.calls if call.began >= quiet]
    assert len(monthly) == 4
    gaps = [later - earlier for earlier, later in pairwise([*monthly, world.clock()])]
    lives, _ = UNUSED[identity.provider]
    assert all(gap <= 30 * DAY + HOUR for gap in gaps)
    assert max(gaps) < lives / 2
    after = world.record(key)
    assert after.status is ConnectionStatus.ACTIVE
    told = forecast(after, world.kinds[key.connector_type])
    assert told is not None
    assert told.until > world.clock() + 59 * DAY
    assert after.generation > connection.generation
    assert world.tokens(instance.refresher).get(AGENT, key).expires_at > world.clock()


@pytest.mark.parametrize(("minutes", "most"), [(10, 13), (5, 25), (60, 2)])
def test_a_short_token_is_not_asked_for_at_every_read(
    world: World, minutes: int, most: int
) -> None:
    """A read every ten seconds for an hour: about two calls in a lifetime, and nobody waits."""
    world.provider.lifetime = timedelta(minutes=minutes)
    world.connect()
    instance, tokens, awaited = reader(world)
    begun = world.clock()
    for each in range(360):
        instance.until_then(begun + timedelta(seconds=10 * each))
        tokens.get(AGENT, ADA)
    assert len(world.provider.calls) <= most
    assert awaited.number == 0


def test_many_who_connected_together_are_not_due_together(crowded: World) -> None:
    """A hundred in one second: within the hours that follow no minute has more than a third of them."""
    connections: list[Connection] = [
        crowded.connect(
            ConnectionKey(ADA.connector_type, f"p{each}@example.com"), Identity.google(f"7{each}")
        )
        for each in range(100)
    ]
    instance = Instance(world=crowded)
    instance.until_then(crowded.clock() + 6 * HOUR)
    per_minute: dict[datetime, int] = {}
    for call in crowded.provider.calls:
        minute = call.began.replace(second=0, microsecond=0)
        per_minute[minute] = per_minute.get(minute, 0) + 1
    assert max(per_minute.values()) <= len(connections) / 3
    assert len(per_minute) > 20


@BOTH
def test_what_nobody_uses_is_ended_where_that_is_said(
    world: World, key: ConnectionKey, identity: Identity
) -> None:
    """
    N36: After 90 days without a use: a tombstone, the provider told where it can be, the audit says why.

    Not a day earlier, and not one that was used since.
    """
    world.connect(key, identity)
    used = world.connect(BOB, BOB_ID)
    instance = Instance(world=world, upkeep=LIMITED)
    tokens, begun = world.tokens(instance.refresher), world.clock()
    for day in (0, 80):
        instance.until_then(begun + day * DAY)
        tokens.get(AGENT, BOB)
    instance.until_then(begun + 90 * DAY - timedelta(seconds=61))
    assert world.record(key).status is ConnectionStatus.ACTIVE
    moved = world.refresh_token(key)

    instance.until_then(begun + 90 * DAY + timedelta(seconds=61))

    ended = world.record(key)
    assert ended.status is ConnectionStatus.REVOKED
    assert (ended.sealed_access, ended.sealed_refresh) == (None, None)
    last = world.peek().audit(key)[-1]
    assert (last.action, last.actor, last.reason) == ("disconnected", "system:refresh", "unused")
    told = [event for event in world.events if event.type == EventType.REVOKED]
    assert [(event.subject, event.data["reason"]) for event in told] == [(str(key), "unused")]
    google = identity.provider is Provider.GOOGLE
    assert world.provider.revoke_calls == ([moved.reveal()] if google else [])
    assert [entry.key for entry in world.activity.entries()] == [key]
    assert world.record(BOB).status is ConnectionStatus.ACTIVE
    assert world.record(BOB).epoch == used.epoch


def test_an_end_that_the_provider_can_not_be_told_of_is_told_later(world: World) -> None:
    """N36: It is ended here at once, and a later round tells the provider."""
    world.connect()
    instance = Instance(world=world, upkeep=LIMITED)
    instance.until_then(world.clock() + 90 * DAY - HOUR)
    world.clock.advance(7200)
    world.provider.down = True
    assert instance.minutes(1)[Outcome.ENDED] == 1
    assert world.record().status is ConnectionStatus.REVOKED
    assert world.provider.revoke_calls == []

    world.provider.down = False
    instance.minutes(2)

    assert len(world.provider.revoke_calls) == 1


def test_nothing_is_ended_while_its_use_is_not_known(world: World) -> None:
    """N36: The activity database does not answer: rather refreshed once too often."""
    world.connect()
    instance = Instance(world=world, upkeep=LIMITED)
    instance.until_then(world.clock() + 90 * DAY - HOUR)
    world.clock.advance(7200)
    world.activity.fail_before("uses")

    assert instance.run().counts == {Outcome.REFRESHED: 1}
    assert world.record().status is ConnectionStatus.ACTIVE


def test_unless_it_is_said_nothing_is_ended(world: World) -> None:
    """Two years without a use."""
    world.connect()
    instance = Instance(world=world)
    instance.until_then(world.clock() + 730 * DAY)
    assert world.record().status is ConnectionStatus.ACTIVE
    assert forecast(world.record(), None) is not None
    assert world.record().refresh_due_at is not None


def test_one_that_is_used_before_the_sweep_comes_lives(world: World) -> None:
    """N36: It was due to be ended, and somebody used it first."""
    world.connect()
    instance = Instance(world=world, upkeep=LIMITED)
    instance.until_then(world.clock() + 90 * DAY - HOUR)
    world.clock.advance(7200)
    world.tokens().get(AGENT, ADA)
    instance.minutes(60)
    assert world.record().status is ConnectionStatus.ACTIVE
