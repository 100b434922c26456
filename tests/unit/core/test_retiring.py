"""A key version is destroyed when nothing can need it any more, and never before."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from multi_user_oauth.errors import (
    ConfigurationError,
    KeysUnavailableError,
    KeyVersionNeededError,
    StoreUnavailableError,
)
from multi_user_oauth.model import Kind, ProvedPerson, SignedIn
from multi_user_oauth.rewrapping.whole_walk import Total
from tests.support.keys import DESTROYED
from tests.support.rewrapping import (
    RETENTION,
    connect_many,
    everything_opens,
    retiring,
    rotate,
    step,
)
from tests.support.world import ADA, BOB, BOB_ID, CLEO, CLEO_ID, SCOPES, World

DAY = timedelta(days=1).total_seconds()
WHOLE = RETENTION.total_seconds()
HOURS = 4 * 3600


def refused(world: World, text: str, version: str = "1", kind: Kind = Kind.REFRESH) -> None:
    """Raise `AssertionError` unless this version is not destroyed, and this is why."""
    with pytest.raises(KeyVersionNeededError, match=text):
        retiring(world).destroy(kind, version)
    assert world.keys[kind].states()[version] == "ENABLED"


def test_a_version_is_destroyed_once_no_backup_can_need_it(world: World) -> None:
    """98 days after the first whole walk that found nothing of it, to the second."""
    world.connect()
    rotate(world)
    assert retiring(world).rewrap().rewrapped == 1

    refused(world, r"A backup may need version 1 of the refresh key: .* until 2026-04-13 09:00 UTC")
    world.clock.advance(WHOLE - 1)
    refused(world, "A backup may need version 1")
    world.clock.advance(1)
    retiring(world).destroy(Kind.REFRESH, "1")

    assert world.keys[Kind.REFRESH].states() == {"1": DESTROYED, "2": "ENABLED"}
    assert world.keys[Kind.ACCESS].states() == {"1": "ENABLED", "2": "ENABLED"}
    assert everything_opens(world)


def test_a_version_that_a_record_needs_is_not_destroyed(world: World) -> None:
    """N51: However long ago it was rotated away; the records are counted right before."""
    connect_many(world, 2)
    rotate(world)
    world.clock.advance(10 * WHOLE)
    refused(world, r"Records that need version 1 of the refresh key: 2\. Re-wrap them first$")


@pytest.mark.parametrize("where", ["revocation", "rescue"])
def test_every_kind_of_record_counts(world: World, where: str) -> None:
    """N51: A token on its way out, and one that could not be stored."""
    world.connect()
    rotate(world)
    if where == "revocation":
        world.provider.down = True
        world.disconnect()
    else:
        world.expire()
        world.store.fail_before("commit", times=8)
        with pytest.raises(StoreUnavailableError):
            world.refresh()
        world.clock.advance(41)
        assert step(world).skipped == 1
    refused(world, "Records that need version 1 of the refresh key: 1")


def test_the_primary_version_is_never_destroyed(world: World) -> None:
    """Not even with nobody connected, for ever."""
    retiring(world).uses()
    world.clock.advance(10 * WHOLE)
    refused(world, "Version 1 of the refresh key is the primary one")


def test_a_version_that_was_never_counted_at_zero_stays(world: World) -> None:
    """The first count starts the time: a backup from before may need it, whatever is there now."""
    rotate(world)
    world.clock.advance(10 * WHOLE)
    refused(world, "A backup may need version 1")
    world.clock.advance(WHOLE)
    retiring(world).destroy(Kind.REFRESH, "1")


def test_a_record_that_went_unseen_counts_for_its_backups(world: World) -> None:
    """
    Seen at the last count, disconnected long after, found missing just now: a backup of yesterday has it.

    The time runs from when it was found missing.
    """
    world.connect()
    retiring(world).uses()
    rotate(world)
    world.clock.advance(2 * WHOLE)
    world.disconnect()
    refused(world, "A backup may need version 1")


def test_a_version_that_comes_into_use_again_starts_anew(world: World) -> None:
    """A restored backup, or a rescue that was adopted late: re-wrapped again, its time begins again."""
    world.connect()
    before = world.record()
    rotate(world)
    retiring(world).rewrap()
    world.clock.advance(WHOLE - DAY)
    world.paste(ADA, sealed_access=before.sealed_access, sealed_refresh=before.sealed_refresh)
    retiring(world).rewrap()
    world.clock.advance(2 * DAY)
    refused(world, "A backup may need version 1")
    world.clock.advance(WHOLE)
    retiring(world).destroy(Kind.REFRESH, "1")


def test_a_writer_who_had_not_heard_of_the_rotation_is_waited_for(world: World) -> None:
    """
    Also where no backups are kept: a data key wrapped just before may be committed just after.

    Cloud KMS may need three hours to let everybody know.
    """
    connecting = world.connecting()
    place = connecting.prepare(BOB)  # a callback has wrapped its keys
    rotate(world)
    no_backups = retiring(world, retention=timedelta(0))
    with pytest.raises(KeyVersionNeededError, match="may need version 1"):
        no_backups.destroy(Kind.REFRESH, "1")

    tokens = world.provider.grant(BOB_ID, SCOPES)
    assert tokens.refresh_token is not None
    person = ProvedPerson(identity=BOB_ID, emails=(BOB.user_email,))
    connecting.connect(place, SignedIn(tokens=tokens, person=person), tokens.refresh_token, ())

    world.clock.advance(HOURS)
    with pytest.raises(KeyVersionNeededError, match="Records that need version 1"):
        no_backups.destroy(Kind.REFRESH, "1")
    no_backups.rewrap()
    world.clock.advance(HOURS - 1)
    with pytest.raises(KeyVersionNeededError, match="may need version 1"):
        no_backups.destroy(Kind.REFRESH, "1")
    world.clock.advance(1)
    no_backups.destroy(Kind.REFRESH, "1")
    assert everything_opens(world)


def test_a_record_that_can_not_be_read_keeps_every_version(world: World) -> None:
    """Nobody knows which one it needs."""
    world.connect()
    sealed = world.record().sealed_refresh
    rotate(world)
    retiring(world).rewrap()
    rewrapped = world.record().sealed_refresh
    world.clock.advance(2 * WHOLE)
    world.paste(ADA, sealed_refresh=b"\x07" + (sealed or b"")[1:])
    refused(world, "Records that can not be read: 1,")
    world.paste(ADA, sealed_refresh=rewrapped)
    retiring(world).destroy(Kind.REFRESH, "1")


def test_a_count_with_unreadable_records_starts_no_time(world: World) -> None:
    """Or it would have run already when they turn out to need the version."""
    world.connect()
    rotate(world)
    retiring(world).rewrap()
    world.connect(CLEO, CLEO_ID)
    good = world.record(CLEO).sealed_refresh
    rotate(world)
    world.paste(CLEO, sealed_refresh=b"\x07")
    retiring(world).rewrap()
    world.paste(CLEO, sealed_refresh=good)
    uses = {(use.kind, use.version): use for use in retiring(world).uses()}
    assert uses[Kind.REFRESH, "2"].unneeded_since is None
    assert uses[Kind.REFRESH, "1"].unneeded_since is not None


def test_an_unknown_version_and_a_destroyed_one_are_named(world: World) -> None:
    """A slip of the hand is no harm."""
    rotate(world)
    world.keys[Kind.ACCESS].destroy("1")
    for version, why in (("7", "does not exist"), ("1", "is DESTROYED already")):
        with pytest.raises(ConfigurationError, match=f"Version {version} of the access key {why}"):
            retiring(world).destroy(Kind.ACCESS, version)


def test_a_version_that_becomes_primary_while_we_count_stays(world: World) -> None:
    """Asked again right before it would go."""
    world.connect()
    rotate(world)
    retiring(world).rewrap()
    world.clock.advance(2 * WHOLE)
    key = world.keys[Kind.REFRESH]

    with pytest.raises(KeyVersionNeededError, match="the primary one"):
        retiring(world).destroy(Kind.REFRESH, "1", told=lambda _: key.promote("1"))
    assert key.states()["1"] == "ENABLED"


def test_every_version_is_listed_with_what_needs_it(world: World) -> None:
    """Records, when one was last seen, and since when there is none."""
    world.connect()
    retiring(world).uses()
    seen = world.clock()
    world.clock.advance(DAY)
    rotate(world)
    world.connect(BOB, BOB_ID)

    uses = {(use.kind, use.version): use for use in retiring(world).uses()}
    assert [uses[kind, version].records for kind in Kind for version in "12"] == [1, 1, 1, 1]
    assert [use.is_primary for use in uses.values()] == [False, True] * 2
    assert {use.unneeded_since for use in uses.values()} == {None}
    world.clock.advance(DAY)
    retiring(world).rewrap()
    rewrapped = world.clock()
    world.clock.advance(DAY)
    uses = {(use.kind, use.version): use for use in retiring(world).uses()}
    old, new = uses[Kind.ACCESS, "1"], uses[Kind.ACCESS, "2"]
    assert (old.records, old.last_seen, old.state) == (0, rewrapped, "ENABLED")
    assert seen < rewrapped == old.unneeded_since
    assert (new.records, new.last_seen) == (2, world.clock())


def test_a_rotation_makes_a_new_primary_version(world: World) -> None:
    """Of that key."""
    assert retiring(world).rotate(Kind.ACCESS) == "2"
    assert [world.keys[kind].primary() for kind in (Kind.ACCESS, Kind.REFRESH)] == ["2", "1"]


def test_what_was_in_use_is_tried_again_when_its_lease_has_run_out(world: World) -> None:
    """An operator starts it once."""
    world.connect()
    snapshot = world.store.read(ADA)
    assert snapshot is not None
    world.store.claim(snapshot, "somebody")
    rotate(world)

    total = retiring(world).rewrap()

    assert (total.rewrapped, total.skipped, world.clock.slept) == (1, 0, [40.0])


def test_what_stays_in_use_is_told(world: World) -> None:
    """After two more walks; nothing is counted at zero."""
    world.connect()
    rotate(world)

    def busy() -> None:
        snapshot = world.peek().read(ADA)
        assert snapshot is not None
        world.peek().claim(snapshot, "somebody")

    busy()
    world.clock.meanwhile = busy
    assert retiring(world).rewrap().skipped == 1
    assert len(world.clock.slept) == 2
    assert set(world.activity.key_versions(Kind.ACCESS)) == {"1"}


def test_a_short_outage_is_sat_out(world: World) -> None:
    """The walk goes on from where it was."""
    connect_many(world, 3)
    rotate(world)
    world.store.meanwhile("rewrap", lambda: None)
    world.store.fail_before("rewrap", times=2)
    heard: list[Total] = []

    total = retiring(world).rewrap(told=heard.append)

    assert (total.rewrapped, world.clock.slept) == (3, [1.0, 1.0])
    assert heard
    assert everything_opens(world)


def test_as_long_as_there_is_progress_it_goes_on(world: World) -> None:
    """However often a step fails in all: only three in a row that do nothing are an outage."""
    connect_many(world, 3)
    rotate(world)
    for _ in range(3):
        world.store.fail_before("rewrap", times=2)
        world.store.meanwhile("rewrap", lambda: None)

    assert retiring(world).rewrap().rewrapped == 3


@pytest.mark.parametrize(
    "work",
    [lambda r: r.rewrap(), lambda r: r.uses(), lambda r: r.destroy(Kind.REFRESH, "1")],
    ids=["rewrap", "uses", "destroy"],
)
def test_a_long_outage_ends_it(world: World, work: Callable[[object], object]) -> None:
    """Try again later; nothing was destroyed, and no time was started."""
    world.connect()
    rotate(world)
    for key in world.keys.values():
        key.down = True
    with pytest.raises(KeysUnavailableError):
        work(retiring(world))
    assert world.clock.slept == [1.0, 1.0]
    assert world.activity.key_versions(Kind.REFRESH) == {}
    for key in world.keys.values():
        assert key.states()["1"] == "ENABLED"
        key.down = False


def test_a_walk_from_the_middle_proves_nothing(world: World) -> None:
    """It has not seen what came before: no version is noted as needed by nothing."""
    first = connect_many(world, 2)[0]
    rotate(world)
    total = retiring(world).rewrap(after=f"connections:{first.document_id}")

    assert total.rewrapped == 1
    uses = {use.version: use for use in retiring(world).uses() if use.kind is Kind.REFRESH}
    assert (uses["1"].records, uses["1"].unneeded_since) == (1, None)
