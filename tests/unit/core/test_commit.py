"""A step is written once, or not at all, and whoever asked learns which."""

from dataclasses import replace
from datetime import timedelta

import pytest

from multi_user_oauth.audit import audited
from multi_user_oauth.commit import Committer, Step
from multi_user_oauth.errors import ConflictError, StoreUnavailableError
from multi_user_oauth.model import Batch, Limits, Snapshot
from tests.support.world import ADA, World

LIMITS = Limits(commit_waits=(0.1, 0.2), commit_patience=timedelta(seconds=6))


@pytest.fixture
def snapshot(world: World) -> Snapshot:
    """Ada's connection as it was read."""
    world.connect()
    snapshot = world.peek().read(ADA)
    assert snapshot is not None
    return snapshot


@pytest.fixture
def committer(world: World) -> Committer:
    """Three tries."""
    return Committer(store=world.store, now=world.clock, sleep=world.clock.sleep, limits=LIMITS)


def a_step(world: World, seen: list[Snapshot | None]) -> Step:
    """Return a step that ends the connection and notes what it was shown."""

    def step(current: Snapshot | None) -> Batch | None:
        seen.append(current)
        assert current is not None
        ended = current.connection.disconnected(at=world.clock(), pending=False)
        after = replace(ended, commit_id="mine")
        change = audited(current, after, action="step", actor="system:test", at=world.clock())
        return Batch(changes=(change,))

    return step


def test_what_lands_at_once_costs_no_read(
    world: World, committer: Committer, snapshot: Snapshot
) -> None:
    """One write, no wait, no look back."""
    world.store.calls.clear()

    assert committer.commit(ADA, "mine", snapshot, a_step(world, []))

    assert world.store.calls == ["commit"]
    assert world.clock.slept == []


def test_a_conflict_shows_the_step_what_stands_now(
    world: World, committer: Committer, snapshot: Snapshot
) -> None:
    """Each try is made from the record as it was read last."""
    seen: list[Snapshot | None] = []
    world.store.meanwhile("commit", lambda: world.paste(ADA, scopes=["new"]))

    assert committer.commit(ADA, "mine", snapshot, a_step(world, seen))

    assert [s.connection.scopes for s in seen if s] == [snapshot.connection.scopes, ("new",)]
    assert world.clock.slept == [0.1]


def test_a_stale_step_writes_nothing(
    world: World, committer: Committer, snapshot: Snapshot
) -> None:
    """It says that the record has moved on beyond it: False, and no try."""
    world.store.calls.clear()

    assert not committer.commit(ADA, "mine", snapshot, lambda _: None)

    assert world.store.calls == []


def test_a_landed_step_is_known_by_its_id_only(
    world: World, committer: Committer, snapshot: Snapshot
) -> None:
    """Another's commit with the same effect is not ours."""
    seen: list[Snapshot | None] = []
    world.store.fail_after("commit")

    assert committer.commit(ADA, "mine", snapshot, a_step(world, seen))
    assert len(seen) == 1

    now = world.peek().read(ADA)
    world.store.fail_after("commit")
    assert committer.commit(ADA, "other", now, a_step(world, seen))
    assert len(seen) == 3


@pytest.mark.parametrize("error", [ConflictError, StoreUnavailableError])
def test_the_last_failure_is_raised(
    world: World,
    committer: Committer,
    snapshot: Snapshot,
    error: type[ConflictError] | type[StoreUnavailableError],
) -> None:
    """After the waits are used up; the record was looked at once more before."""
    world.store.fail_before("commit", error("scripted"), times=3)
    world.store.calls.clear()

    with pytest.raises(error):
        committer.commit(ADA, "mine", snapshot, a_step(world, []))

    assert world.store.calls == ["commit", "read"] * 3
    assert world.clock.slept == [0.1, 0.2, 0.0]


def test_no_try_begins_after_the_patience(
    world: World, committer: Committer, snapshot: Snapshot
) -> None:
    """Each try hangs for four seconds: the second is the last, though a wait is left; it is read back."""
    world.store.fail_before("commit", times=3)
    world.store.meanwhile("read", lambda: world.clock.advance(4.0))
    world.store.meanwhile("read", lambda: world.clock.advance(4.0))
    world.store.calls.clear()

    with pytest.raises(StoreUnavailableError):
        committer.commit(ADA, "mine", snapshot, a_step(world, []))

    assert world.store.calls == ["commit", "read"] * 2


def test_the_last_try_is_read_back_too(
    world: World, committer: Committer, snapshot: Snapshot
) -> None:
    """Landed at the very last, its answer lost: that is a success."""
    world.store.fail_before("commit", times=2)
    world.store.fail_after("commit")

    assert committer.commit(ADA, "mine", snapshot, a_step(world, []))


def test_a_record_that_is_gone_is_the_steps_to_judge(
    world: World, committer: Committer, snapshot: Snapshot
) -> None:
    """A read-back of nothing is no success."""
    seen: list[Snapshot | None] = []

    def step(current: Snapshot | None) -> Batch | None:
        seen.append(current)
        return None if len(seen) > 1 else Batch(changes=())

    world.store.fail_before("commit")

    assert not committer.commit(replace(ADA, user_email="x@example.com"), "mine", snapshot, step)
    assert seen == [snapshot, None]
