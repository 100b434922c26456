"""What was put aside after an answer: adopted though nobody asks for it, forgotten if too late."""

from dataclasses import replace

import pytest

from multi_user_oauth.errors import ConflictError, StoreUnavailableError
from multi_user_oauth.model import Connection, ConnectionStatus, Rescue
from tests.support.instances import Instance
from tests.support.world import ADA, BOB, BOB_ID, Killed, World, killed_at
from tests.unit.core.modes import each_mode

LEASE = 40.0
TRIES = 8


@pytest.fixture
def put_aside(world: World) -> Connection:
    """Ada's connection, whose new credential was put aside; the lease of who did that still stands."""
    world.connect()
    world.expire()
    world.store.fail_before("commit", times=TRIES)
    with pytest.raises(StoreUnavailableError):
        world.refresh()
    assert world.rescue() is not None
    return world.record()


def adopting(world: World) -> int:
    """Look after what was put aside, once; return how many were seen."""
    instance = Instance(world=world)
    return instance.rescues().run(instance.until())


def aside(world: World) -> tuple[Rescue, ...]:
    """Return what is put aside."""
    return world.peek().rescues(after=None, limit=100)


@each_mode
@pytest.mark.usefixtures("put_aside")
def test_it_is_adopted_though_nobody_asks_for_it(world: World) -> None:
    """F07: When the lease has run out; the provider is not asked; the connection serves as ever."""
    adopting(world)
    assert world.actions() == ["connected"]

    world.clock.advance(LEASE)
    assert adopting(world) == 1

    assert world.actions() == ["connected", "rescued"]
    assert len(world.provider.calls) == 1
    assert world.provider.is_good(world.refresh_token())
    assert aside(world) == ()
    assert adopting(world) == 0


@pytest.mark.usefixtures("put_aside")
def test_a_mark_that_came_after_it_is_healed(world: World) -> None:
    """A sibling was refused and could not see it: the person was told to sign in for nothing."""
    rescue = aside(world)[0]
    world.clock.advance(LEASE)
    world.store.meanwhile("rescued", lambda: world.peek().forget_rescue(rescue))
    world.store.meanwhile("rescued", lambda: world.peek().forget_rescue(rescue))
    world.refused = "the provider is mistaken"
    world.provider.refuses = frozenset(world.provider.owners)
    instance = Instance(world=world)
    instance.run()
    assert world.record().status is ConnectionStatus.NEEDS_SIGN_IN
    world.peek().rescue(rescue)

    adopting(world)

    assert world.actions() == ["connected", "needs_sign_in", "healed"]
    assert aside(world) == ()


@each_mode
def test_one_that_was_overtaken_is_forgotten(world: World, put_aside: Connection) -> None:
    """The connection has a newer credential: what is behind now stays behind."""
    rescue = aside(world)[0]
    world.clock.advance(LEASE)
    adopting(world)
    world.peek().rescue(rescue)
    before = world.record()
    assert before.generation == put_aside.generation + 1

    assert adopting(world) == 1

    assert aside(world) == ()
    assert world.record() == before


@pytest.mark.usefixtures("put_aside")
def test_one_of_a_tombstone_is_forgotten(world: World) -> None:
    """Never brought back, and its sealed values are kept no longer."""
    rescue = aside(world)[0]
    world.disconnect()
    world.peek().rescue(rescue)
    adopting(world)
    assert aside(world) == ()
    assert world.actions() == ["connected", "disconnected"]


@pytest.mark.usefixtures("put_aside")
def test_one_of_an_earlier_life_is_forgotten(world: World) -> None:
    """Disconnected and connected again: another epoch."""
    rescue = aside(world)[0]
    world.disconnect()
    world.clock.advance(LEASE)
    fresh = world.connect()
    world.peek().rescue(rescue)
    adopting(world)
    assert aside(world) == ()
    assert world.record() == fresh


@pytest.mark.usefixtures("put_aside")
def test_one_of_nobody_is_forgotten(world: World) -> None:
    """The connection was erased since."""
    rescue = aside(world)[0]
    stranger = replace(rescue, connection=replace(rescue.connection, key=BOB))
    world.peek().rescue(stranger)
    adopting(world)
    assert [each.connection.key for each in aside(world)] == [ADA]


@pytest.mark.parametrize("error", [ConflictError, StoreUnavailableError])
@pytest.mark.parametrize("operation", ["claim", "commit"])
@pytest.mark.usefixtures("put_aside")
def test_one_that_can_not_be_adopted_now_stays(
    world: World, operation: str, error: type[ConflictError | StoreUnavailableError]
) -> None:
    """And does not keep the others waiting."""
    world.connect(BOB, BOB_ID)
    world.clock.advance(LEASE)
    world.expire()
    world.store.fail_before("commit", times=TRIES)
    with pytest.raises(StoreUnavailableError):
        world.refresh(BOB)
    world.clock.advance(LEASE)
    world.store.fail_before(
        operation, error("scripted"), times=TRIES if operation == "commit" else 1
    )

    assert adopting(world) == 2
    assert [each.connection.key for each in aside(world)] == [ADA]
    assert world.actions(BOB) == ["connected", "rescued"]

    world.clock.advance(LEASE)
    adopting(world)
    assert world.actions() == ["connected", "rescued"]


@pytest.mark.usefixtures("put_aside")
def test_a_lease_whose_holder_still_lives_is_respected(world: World) -> None:
    """It may be about to do it itself."""
    assert adopting(world) == 1
    assert world.rescue() is not None
    assert world.record().lease is not None


@pytest.mark.usefixtures("put_aside")
def test_what_somebody_adopts_meanwhile_is_left_to_them(world: World) -> None:
    """Claimed, and nothing is there any more: the lease is given back, the rest is as it was."""
    world.clock.advance(LEASE)
    rescue = aside(world)[0]
    world.store.meanwhile("rescued", lambda: world.peek().forget_rescue(rescue))
    adopting(world)
    assert world.record().lease is None
    assert world.actions() == ["connected"]


def test_there_may_be_more_than_a_page(crowded: World) -> None:
    """In the time there is: the rest the next time."""
    connection = crowded.connect()
    for each in range(130):
        crowded.peek().rescue(Rescue(connection=connection, used_generation=1000 + each))
    assert Instance(world=crowded).rescues().run(crowded.clock()) == 0
    assert adopting(crowded) == 130
    assert aside(crowded) == ()


def test_a_worker_that_died_leaves_no_rescue_and_no_harm(world: World) -> None:
    """Between answer and commit: there is nothing to adopt, and nothing is done."""
    world.connect()
    world.expire()
    with pytest.raises(Killed):
        world.refresh(point=killed_at("answered"))
    assert adopting(world) == 0
    assert world.actions() == ["connected"]
