"""Working off what is pending: all of it, each once, whatever is wrong with some of it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from multi_user_oauth.errors import StoreUnavailableError
from multi_user_oauth.model import ConnectionKey, Identity, RevocationResult, System
from multi_user_oauth.ports import Finisher
from tests.support.world import ADA, ADA_ID, BOB, BOB_ID, World

LEASE = 40.0
OPERATOR = System(name="operator")
LONG = timedelta(hours=1)


class Nobody:
    """A `Finisher` that is not there."""

    def finish(self, key: ConnectionKey, epoch: int) -> RevocationResult:
        """As the port."""
        del key, epoch
        return RevocationResult.PENDING


def many(world: World, number: int) -> list[ConnectionKey]:
    """Let so many people connect and disconnect, and nobody tell the provider."""
    keys = [ConnectionKey("google_workspace", f"p{each:03}@example.com") for each in range(number)]
    nobody: Finisher = Nobody()
    for each, key in enumerate(keys):
        world.connect(key, Identity.google(str(5000 + each)))
        world.disconnect(key, caller=OPERATOR, finisher=nobody)
    return keys


def results(world: World, seconds: float = 3600) -> tuple[list[str], bool]:
    """Let a run go on for so long; return what it came to, and whether there is more."""
    run = world.finishing().run(world.clock() + timedelta(seconds=seconds))
    return [each.result.value for each in run.done], run.more


def test_everything_is_finished_once(world: World) -> None:
    """More than a page of it; a second run finds nothing."""
    many(world, 103)

    done, more = results(world)

    assert (done, more) == (["revoked"] * 103, False)
    assert results(world) == ([], False)
    assert len(world.provider.revoke_calls) == len(set(world.provider.revoke_calls)) == 103


def test_a_run_that_comes_in_between_does_nothing_twice(world: World) -> None:
    """Two work off the same page: each revocation is one's."""
    many(world, 5)
    others = []
    world.store.meanwhile("claim_revocation", lambda: others.append(results(world)))

    done, more = results(world)

    assert sorted(done + others[0][0]) == ["pending"] * 5 + ["revoked"] * 5
    assert more is False
    assert len(world.provider.revoke_calls) == len(set(world.provider.revoke_calls)) == 5


def test_many_at_the_same_time_finish_each_once(world: World) -> None:
    """As so many instances would: each revocation is sent by one of them."""
    many(world, 24)
    with ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(results, world) for _ in range(4)]
    done = [result for run in runs for result in run.result()[0]]

    assert done.count("revoked") == 24
    assert len(world.provider.revoke_calls) == len(set(world.provider.revoke_calls)) == 24
    assert results(world) == ([], False)


def test_there_is_time_for_some(world: World) -> None:
    """The run says that there is more, and the next one goes on."""
    many(world, 3)
    world.provider.arriving = lambda: world.clock.advance(5)

    assert results(world, seconds=4) == (["revoked"], True)
    assert results(world) == (["revoked"] * 2, False)


def test_what_is_under_a_live_lease_is_left_to_its_holder(world: World) -> None:
    """It stays pending, and is done when the lease has run out."""
    (key,) = many(world, 1)
    pending = world.record(key).pending_revocation
    assert pending is not None
    found = world.peek().revocation(key, pending)
    assert found is not None
    world.peek().claim_revocation(found, "another's")

    assert results(world) == (["pending"], False)
    world.clock.advance(LEASE)
    assert results(world) == (["revoked"], False)


def test_an_outage_leaves_all_of_it_pending(world: World) -> None:
    """Each is tried once a run, and not again before its lease has run out."""
    many(world, 4)
    world.provider.down = True
    assert results(world) == (["pending"] * 4, False)
    world.provider.down = False
    assert results(world) == (["pending"] * 4, False)
    world.clock.advance(LEASE)
    assert results(world) == (["revoked"] * 4, False)


def test_one_that_does_not_open_stops_no_other(world: World) -> None:
    """An operator is called; the others are done, by this run and by every other."""
    keys = many(world, 3)
    first, second = (world.record(key) for key in keys[:2])
    assert first.pending_revocation is not None
    assert second.pending_revocation is not None
    stolen = world.peek().revocation(keys[1], second.pending_revocation)
    assert stolen is not None
    world.paste_revocation(keys[0], first.pending_revocation, sealed_refresh=stolen.sealed_refresh)

    assert results(world) == (["pending", "revoked", "revoked"], False)
    alarms = [r.__dict__ for r in world.log if r.levelname == "ERROR"]
    assert [(a["alarm"], a["connection"]) for a in alarms] == [("tampered", str(keys[0]))]


def test_one_that_can_not_be_read_stops_no_other(world: World) -> None:
    """A document of no sense, or under another one's name, is logged and left out."""
    keys = many(world, 3)
    epochs = [world.record(key).pending_revocation for key in keys]
    assert epochs[0] is not None
    world.paste_revocation(keys[0], epochs[0], schema=99)

    assert results(world) == (["revoked"] * 2, False)


@pytest.mark.parametrize("operation", ["claim_revocation", "by_identity"])
def test_a_database_that_fails_once_stops_no_other(world: World, operation: str) -> None:
    """That one waits for a later run."""
    many(world, 3)
    world.store.fail_before(operation)

    assert results(world) == (["pending", "revoked", "revoked"], False)


def test_a_database_that_fails_at_once_is_said_so(world: World) -> None:
    """Nothing was done; that is no empty list."""
    many(world, 1)
    world.store.fail_before("unfinished")
    with pytest.raises(StoreUnavailableError):
        results(world)


def test_a_database_that_fails_later_leaves_more_to_do(world: World) -> None:
    """What was done is told."""
    many(world, 103)
    world.store.meanwhile("unfinished", lambda: None)
    world.store.fail_before("unfinished")

    assert results(world) == (["revoked"] * 100, True)
    assert results(world) == (["revoked"] * 3, False)


def test_what_no_tombstone_points_to_is_found(world: World) -> None:
    """Bob took over Ada's address: her grant still has to end, and does; his lives."""
    world.connect()
    world.disconnect(finisher=Nobody())
    world.connect(identity=BOB_ID)
    assert world.record().pending_revocation is None

    assert results(world) == (["revoked"], False)
    assert world.provider.is_good(world.refresh_token())


def test_who_connected_again_meanwhile_is_not_cut_off(world: World) -> None:
    """The page was read before the person came back."""
    world.connect()
    world.connect(BOB, BOB_ID)
    for key, identity in ((ADA, ADA_ID), (BOB, BOB_ID)):
        assert world.record(key).identity == identity
        world.disconnect(key, caller=OPERATOR, finisher=Nobody())
    world.provider.arriving = lambda: world.connect(BOB, BOB_ID)

    assert results(world) == (["revoked", "pending"], False)
    assert world.provider.is_good(world.refresh_token(BOB))
    assert results(world) == ([], False)
