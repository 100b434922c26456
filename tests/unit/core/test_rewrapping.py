"""Every record is brought to the newest key version, whatever happens meanwhile, and nothing is lost."""

import logging
from collections.abc import Callable
from datetime import timedelta

import pytest

from multi_user_oauth.errors import KeysUnavailableError, RequestError, StoreUnavailableError
from multi_user_oauth.model import ConnectionKey, Kind, RevocationResult
from multi_user_oauth.rewrapping import walk
from tests.support.rewrapping import connect_many, counted, everything_opens, rotate, step
from tests.support.world import ADA, ADA_DRIVE, BOB, BOB_ID, Killed, World, at, killed_at

AT_ONCE = timedelta(0)
TRIES = 8  # to commit


class Later:
    """A `Finisher` that leaves it for later."""

    def finish(self, key: ConnectionKey, epoch: int) -> RevocationResult:
        """As the port."""
        return RevocationResult.PENDING


def both(versions: dict[str, int]) -> dict[Kind, dict[str, int]]:
    """Return these counts for both keys."""
    return {kind: dict(versions) for kind in Kind}


def rescued(world: World) -> None:
    """Let Ada's refresh end in a rescue record, and its lease run out."""
    world.expire()
    world.store.fail_before("commit", times=TRIES)
    with pytest.raises(StoreUnavailableError):
        world.refresh()
    assert world.rescue() is not None
    world.clock.advance(41)


def test_everything_is_at_the_newest_version_afterwards(world: World) -> None:
    """And opens as before; nobody is asked at the provider, no generation changes, nothing is audited."""
    keys = connect_many(world, 3)
    before = [(world.record(key).generation, world.actions(key)) for key in keys]
    tokens = [world.refresh_token(key) for key in keys]
    rotate(world)

    done = step(world)

    assert (done.rewrapped, done.skipped, done.tampered, done.next_after) == (3, 0, 0, None)
    assert done.versions == both({"2": 3}) == counted(world)
    assert done.newest == dict.fromkeys(Kind, "2")
    assert [world.refresh_token(key) for key in keys] == tokens
    assert [(world.record(key).generation, world.actions(key)) for key in keys] == before
    assert world.provider.calls == []
    assert everything_opens(world)


def test_what_is_at_the_newest_version_is_left_alone(world: World) -> None:
    """N50: A second walk asks the key service for its versions, and writes nothing but the two notes."""
    connect_many(world, 3)
    rotate(world)
    step(world)
    world.meter.reset()

    assert (step(world).rewrapped, counted(world)) == (0, both({"2": 3}))
    counts = world.meter.counts()
    assert (counts["kms"], counts.get("main.write"), counts["activity.write"]) == (2, None, 2)


def test_only_the_key_that_was_rotated_is_wrapped_anew(world: World) -> None:
    """The other value stays as it is."""
    world.connect()
    access = world.record().sealed_access
    world.keys[Kind.REFRESH].rotate()

    done = step(world)

    assert done.versions == {Kind.ACCESS: {"1": 1}, Kind.REFRESH: {"2": 1}}
    assert world.record().sealed_access == access
    assert everything_opens(world)


def test_a_refresh_keeps_the_new_wrapping(world: World) -> None:
    """The data key stays, and so does the version of what is sealed with it next."""
    world.connect()
    rotate(world)
    step(world)
    world.expire()
    world.refresh()

    assert counted(world) == both({"2": 1})
    assert world.get().value


def test_a_revocation_is_rewrapped_and_can_be_finished(world: World) -> None:
    """Also after the old version is gone."""
    world.connect()
    world.disconnect(finisher=Later())
    rotate(world)

    done = step(world)

    assert (done.rewrapped, done.versions) == (1, {Kind.ACCESS: {}, Kind.REFRESH: {"2": 1}})
    world.keys[Kind.REFRESH].destroy("1")
    epoch = world.record().pending_revocation
    assert epoch is not None
    assert world.finisher().finish(ADA, epoch) is RevocationResult.REVOKED


def test_a_tombstone_needs_no_version(world: World) -> None:
    """It holds nothing."""
    world.connect()
    world.disconnect()
    assert step(world).versions == both({})


def test_a_rescue_that_is_awaited_is_counted_and_not_touched(world: World) -> None:
    """The next refresh adopts it; the walk after that brings it to the newest version."""
    world.connect()
    rescued(world)
    rotate(world)

    done = step(world)

    assert done.versions == both({"1": 1, "2": 1})
    assert (done.rewrapped, done.skipped) == (1, 1)
    world.refresh()
    assert world.actions()[-1] == "rescued"
    assert counted(world) == both({"1": 1})
    again = step(world)
    assert (again.rewrapped, again.skipped, again.versions) == (1, 0, both({"2": 1}))


def test_a_rescue_that_nobody_awaits_needs_no_version(world: World) -> None:
    """Ada has signed in again since: it will never be opened."""
    world.connect()
    rescued(world)
    world.connect()
    assert len(world.peek().rescues(after=None, limit=9)) == 1

    assert step(world).versions == both({"1": 1})


def test_a_rescue_that_is_adopted_while_we_walk_is_counted(world: World) -> None:
    """It is met where it went: of three places it leaves the first for the second."""
    world.connect()
    rescued(world)
    rotate(world)
    world.store.meanwhile("snapshots", world.refresh)

    done = step(world, count_only=True)

    assert done.versions == both({"1": 2})  # once too often, never once too few


def test_a_disconnect_while_we_walk_is_counted(world: World) -> None:
    """The sealed refresh token is met among the revocations."""
    world.connect()
    world.store.meanwhile("revocations", lambda: world.disconnect(finisher=Later()))

    assert step(world, count_only=True).versions[Kind.REFRESH]["1"] >= 1


def test_counting_writes_nothing_but_the_notes(world: World) -> None:
    """Not even what is at an old version."""
    keys = connect_many(world, 2)
    rotate(world)
    before = [world.peek().read(key) for key in keys]

    done = step(world, count_only=True)

    assert (done.rewrapped, done.skipped, done.versions) == (0, 0, both({"1": 2}))
    assert [world.peek().read(key) for key in keys] == before
    for kind in Kind:
        assert world.activity.key_versions(kind) == {"1": world.clock()}


def test_what_is_seen_is_noted_with_the_time(world: World) -> None:
    """The old version too, though nothing needs it afterwards: it was needed until now."""
    world.connect()
    step(world)
    first = world.clock()
    world.clock.advance(3600)
    rotate(world)
    world.connect(BOB, BOB_ID)
    step(world)
    last = world.clock()
    world.clock.advance(3600)
    step(world)

    for kind in Kind:
        assert world.activity.key_versions(kind) == {"1": last, "2": world.clock()}
    assert first < last


def test_the_old_version_is_noted_before_anything_is_written(world: World) -> None:
    """Or a process that dies in between would leave a version that nobody ever saw in use."""
    world.connect()
    rotate(world)
    with pytest.raises(Killed):
        step(world, point=killed_at("rewrap_written"))
    assert counted(world) == both({"2": 1})
    assert set(world.activity.key_versions(Kind.ACCESS)) == {"1", "2"}


def test_a_record_in_use_is_left_to_its_holder(world: World) -> None:
    """A live lease is respected, also by the next step; once it has run out, the record is re-wrapped."""
    world.connect()
    world.expire()
    snapshot = world.store.read(ADA)
    assert snapshot is not None
    world.store.claim(snapshot, "somebody")
    rotate(world)

    done = step(world)
    assert (done.rewrapped, done.skipped, done.versions) == (0, 1, both({"1": 1}))
    world.clock.advance(41)
    assert step(world).rewrapped == 1


def test_a_revocation_in_use_is_left_to_its_holder(world: World) -> None:
    """As a connection."""
    world.connect()
    world.disconnect(finisher=Later())
    (revocation,) = world.peek().revocations(after=None, limit=9)
    world.store.claim_revocation(revocation, "somebody")
    rotate(world)

    done = step(world)
    assert (done.rewrapped, done.skipped) == (0, 1)
    world.clock.advance(41)
    assert step(world).rewrapped == 1


def test_whoever_writes_meanwhile_wins(world: World) -> None:
    """A refresh between reading and writing is not overwritten: that record is for the next walk."""
    world.connect()
    world.expire()
    rotate(world)

    done = step(world, point=at("rewrapped", world.refresh))

    assert (done.rewrapped, done.skipped) == (0, 1)
    assert world.record().generation == 2
    assert everything_opens(world)
    assert step(world).rewrapped == 1
    assert world.get().value


def test_a_disconnect_meanwhile_wins(world: World) -> None:
    """A tombstone stays one."""
    world.connect()
    rotate(world)

    done = step(world, point=at("rewrapped", world.disconnect))

    assert (done.rewrapped, done.skipped) == (0, 1)
    assert world.record().sealed_refresh is None


def test_a_refresh_that_was_frozen_meanwhile_commits_all_the_same(world: World) -> None:
    """
    Its lease ran out, we re-wrap under it; its answer is the credential, with the version it knew.

    The next walk brings that one along.
    """
    world.connect()
    world.expire()
    rotate(world)

    def long_after() -> None:
        world.clock.advance(41)
        assert step(world).rewrapped == 1

    world.refresh(point=at("answered", long_after))

    assert world.record().generation == 2
    assert counted(world) == both({"1": 1})
    assert step(world).rewrapped == 1
    assert everything_opens(world)


@pytest.mark.parametrize("field", ["sealed_access", "sealed_refresh"])
@pytest.mark.parametrize("cut", [0, 40], ids=["no version to be read", "damaged"])
def test_a_record_that_does_not_open_is_named_and_the_walk_goes_on(
    world: World, field: str, cut: int
) -> None:
    """It stays as it is, for somebody to look at; those after it are re-wrapped."""
    first, second = connect_many(world, 2)
    sealed = getattr(world.record(first), field)
    damaged = sealed[:cut] + bytes([sealed[cut] ^ 1]) + sealed[cut + 1 :]
    world.paste(first, **{field: damaged})
    rotate(world)

    done = step(world)

    assert (done.rewrapped, done.tampered, done.skipped, done.next_after) == (1, 1, 0, None)
    assert getattr(world.record(first), field) == damaged
    (line,) = [each for each in world.log if each.levelno >= logging.ERROR]
    assert (line.levelname, line.__dict__["connection"]) == ("ERROR", str(first))
    world.credential(world.record(second))
    world.paste(first, **{field: sealed})


def test_a_value_of_another_record_gets_no_new_wrapping(world: World) -> None:
    """Whoever can write the database can not have it made good."""
    first, second = connect_many(world, 2)
    own = world.record(first).sealed_refresh
    world.paste(first, sealed_refresh=world.record(second).sealed_refresh)
    rotate(world)

    done = step(world)

    assert (done.rewrapped, done.tampered) == (1, 1)
    assert world.record(first).sealed_refresh != world.record(second).sealed_refresh
    world.paste(first, sealed_refresh=own)


def test_a_key_service_that_goes_away_ends_the_step_with_what_was_done(world: World) -> None:
    """The record at which it went is not in it; from there on the next one goes on."""
    keys = connect_many(world, 4)
    rotate(world)

    def gone() -> None:
        world.keys[Kind.REFRESH].down = True

    done = step(world, point=_at_the(3, "rewrapped", gone))

    assert isinstance(done.stopped, KeysUnavailableError)
    assert (done.rewrapped, done.next_after) == (3, f"connections:{keys[2].document_id}")
    assert done.versions == both({"2": 3})
    with pytest.raises(KeysUnavailableError):
        step(world, done.next_after)
    world.keys[Kind.REFRESH].down = False
    rest = step(world, done.next_after)
    assert (rest.rewrapped, rest.versions, rest.next_after) == (1, both({"2": 1}), None)
    assert everything_opens(world)


def test_a_key_service_that_forgets_harms_nothing(world: World) -> None:
    """What it wraps it does not unwrap: the records stay as they were."""
    world.connect()
    rotate(world)
    world.keys[Kind.ACCESS].forgetful = True

    with pytest.raises(KeysUnavailableError):
        step(world)
    assert counted(world) == both({"1": 1})
    assert everything_opens(world)


def _at_the(number: int, name: str, hook: Callable[[], None]) -> Callable[[str], None]:
    reached = 0

    def point(place: str) -> None:
        nonlocal reached
        reached += place == name
        if place == name and reached == number:
            hook()

    return point


FAULTS = [
    ("rescues", 1), ("read", 1), ("snapshots", 1), ("snapshots", 2), ("revocations", 1),
    ("rewrap", 1), ("rewrap", 2), ("rewrap_revocation", 1),
]  # fmt: skip


@pytest.mark.parametrize(("operation", "which"), FAULTS)
@pytest.mark.parametrize("answer_lost", [False, True])
def test_a_database_that_fails_anywhere_costs_nothing(
    world: World, operation: str, which: int, answer_lost: bool
) -> None:
    """Whether it did the work or not: walked on or anew, everything is at the newest version."""
    _one_of_each(world)
    rotate(world)
    fail = world.store.fail_after if answer_lost else world.store.fail_before
    for _ in range(which - 1):
        world.store.meanwhile(operation, lambda: None)
    fail(operation)

    after = None
    for _ in range(3):
        try:
            done = step(world, after)
        except StoreUnavailableError:
            continue
        after = done.next_after
        if after is None:
            break

    assert after is None
    _assert_finished(world)


@pytest.mark.parametrize("which", [1, 2, 3, 4])
@pytest.mark.parametrize("answer_lost", [False, True])
def test_a_note_that_can_not_be_written_stops_the_step(
    world: World, which: int, answer_lost: bool
) -> None:
    """What is not noted is not written; the step ends with the tombstone, which needed nothing."""
    _one_of_each(world)
    rotate(world)
    fail = world.activity.fail_after if answer_lost else world.activity.fail_before
    for _ in range(which - 1):
        world.activity.meanwhile("saw_key_versions", lambda: None)
    fail("saw_key_versions")

    done = step(world)

    assert isinstance(done.stopped, StoreUnavailableError)
    assert done.next_after is not None
    _assert_finished(world)


@pytest.mark.parametrize("place", ["rewrapped", "rewrap_written"])
@pytest.mark.parametrize("which", [1, 2, 3])
def test_killed_anywhere_and_begun_anew_it_finishes(world: World, place: str, which: int) -> None:
    """N50: Nothing is lost in between, and no record is touched twice for nothing."""
    _one_of_each(world)
    rotate(world)

    def die() -> None:
        raise Killed

    with pytest.raises(Killed):
        step(world, point=_at_the(which, place, die))

    assert everything_opens(world)
    _assert_finished(world)


def _one_of_each(world: World) -> None:
    """Leave a rescue that nobody awaits, a tombstone, two connections and a revocation."""
    world.connect()
    rescued(world)
    world.connect()
    world.connect(BOB, BOB_ID)
    world.connect(ADA_DRIVE)
    world.disconnect(ADA_DRIVE, finisher=Later())


def _assert_finished(world: World) -> None:
    done = step(world)
    assert (done.skipped, done.tampered, done.next_after, done.stopped) == (0, 0, None, None)
    assert done.versions == {Kind.ACCESS: {"2": 2}, Kind.REFRESH: {"2": 3}} == counted(world)
    assert step(world).rewrapped == 0
    for key in world.keys.values():
        key.destroy("1")
    assert everything_opens(world)


def test_a_step_ends_at_its_time_and_the_next_goes_on(world: World) -> None:
    """Each takes one record at least, however little time it has; together they take every one."""
    keys = connect_many(world, 3)
    rotate(world)
    after, places, rewrapped = None, [], 0
    while True:
        done = step(world, after, until=AT_ONCE)
        rewrapped += done.rewrapped
        after = done.next_after
        if after is None:
            break
        places.append(after)

    assert places == [f"connections:{key.document_id}" for key in keys]
    assert rewrapped == 3


def test_pages_are_read_to_their_end(world: World) -> None:
    """However many there are: a full last page is followed by an empty one."""
    connect_many(world, walk.PAGE + 1)
    rotate(world)

    assert step(world).rewrapped == walk.PAGE + 1


@pytest.mark.parametrize("after", ["", "x", "connections", "connections:", "people:ada", ":"])
def test_a_place_that_is_none_is_refused(world: World, after: str) -> None:
    """By name; nothing is done."""
    with pytest.raises(RequestError) as refused:
        step(world, after)
    assert refused.value.field == "after"
