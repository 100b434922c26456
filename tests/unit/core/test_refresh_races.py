"""Many workers, one connection: takeovers, late answers, disconnects and reconnects in flight."""

from contextlib import suppress
from datetime import timedelta

import pytest

from multi_user_oauth.errors import (
    NeedsSignInError,
    NotConnectedError,
    ProviderUnavailableError,
    RefreshInProgressError,
)
from multi_user_oauth.model import Connection, ConnectionStatus
from tests.support.provider import Mode
from tests.support.world import ADA, BOB_ID, Killed, World, at, killed_at
from tests.unit.core.modes import each_mode, keeping_old_tokens, single, spending_old_tokens

LEASE = 40.0


@pytest.fixture
def stale(world: World) -> Connection:
    """Ada's connection; its access token has run out."""
    world.connect()
    world.expire()
    return world.record()


def frozen_past_the_lease(world: World) -> None:
    """Stop for longer than a lease lives, while another worker refreshes."""
    world.clock.advance(LEASE)
    world.refresh()


@pytest.mark.usefixtures("stale")
@each_mode
def test_a_second_worker_does_not_ask_the_provider(world: World) -> None:
    """While one is at it the next is told so at once, and the provider is asked once."""

    def second() -> None:
        with pytest.raises(RefreshInProgressError):
            world.refresh()

    world.provider.answering = second
    world.refresh()

    assert len(world.provider.calls) == 1
    assert world.clock.slept == []


@pytest.mark.usefixtures("stale")
def test_who_loses_the_claim_does_not_ask_the_provider(world: World) -> None:
    """Two read the same record; only one can write its lease there."""
    world.store.meanwhile("claim", world.refresh)

    with pytest.raises(RefreshInProgressError):
        world.refresh()

    assert len(world.provider.calls) == 1


@pytest.mark.usefixtures("stale")
def test_a_lease_lives_forty_seconds_to_the_moment(world: World) -> None:
    """A dead worker's lease keeps others away that long and not longer."""
    with pytest.raises(Killed):
        world.refresh(point=killed_at("claimed"))

    world.clock.advance(LEASE - 0.001)
    with pytest.raises(RefreshInProgressError):
        world.refresh()
    world.clock.advance(0.001)
    world.refresh()

    assert world.actions() == ["connected", "refreshed"]


@pytest.mark.parametrize("jump", [-7200.0, -3600.0, -2 * LEASE])
def test_a_clock_that_was_set_back_does_not_lengthen_a_lease(
    world: World, stale: Connection, jump: float
) -> None:
    """A dead worker's lease "from the future" does not keep everybody away until then."""
    with pytest.raises(Killed):
        world.refresh(point=killed_at("claimed"))
    world.paste(ADA, access_token_expires_at=stale.connected_at)
    world.clock.advance(jump)
    world.clock.advance(LEASE)

    world.refresh()

    assert "refreshed" in world.actions()


@pytest.mark.usefixtures("stale")
@each_mode
@pytest.mark.parametrize("point", ["claimed", "prepared"])
def test_who_wakes_before_the_call_calls_no_more(world: World, point: str) -> None:
    """Frozen past the lease, while another refreshed: no call, nothing written (F11)."""
    with pytest.raises(RefreshInProgressError):
        world.refresh(point=at(point, lambda: frozen_past_the_lease(world)))

    assert len(world.provider.calls) == 1
    assert world.actions() == ["connected", "refreshed"]


@pytest.mark.usefixtures("stale")
@each_mode
@pytest.mark.parametrize(("seconds", "calls"), [(32.0, 1), (32.001, 0)])
def test_a_call_begins_only_if_the_lease_outlives_it(
    world: World, seconds: float, calls: int
) -> None:
    """Eight seconds may a call last; later than that before the lease's end none is begun."""
    with suppress(RefreshInProgressError):
        world.refresh(point=at("claimed", lambda: world.clock.advance(seconds)))

    assert len(world.provider.calls) == calls


@pytest.mark.usefixtures("stale")
def test_no_further_call_begins_later_than_that_either(world: World) -> None:
    """However long the preparation took, what may follow is measured from the claim."""
    began = world.clock()
    world.refresh(point=at("claimed", lambda: world.clock.advance(10)))

    assert [call.send_until - began for call in world.provider.calls] == [timedelta(seconds=32)]


@keeping_old_tokens
def test_a_late_answer_that_was_overtaken_is_dropped(world: World, stale: Connection) -> None:
    """Frozen after the answer; another refreshed meanwhile: the newer stands, counted once (N80)."""
    with pytest.raises(RefreshInProgressError):
        world.refresh(point=at("answered", lambda: frozen_past_the_lease(world)))

    assert world.record().generation == stale.generation + 1
    assert world.actions() == ["connected", "refreshed"]
    assert world.rescue() is None


@single
def test_a_late_success_heals(world: World, stale: Connection) -> None:
    """The taker was refused for the token that we had just spent: our answer makes it good (F12, N82)."""

    def taker() -> None:
        world.clock.advance(LEASE)
        with pytest.raises(NeedsSignInError):
            world.refresh()

    world.refresh(point=at("answered", taker))

    after = world.record()
    assert (after.status, after.reason) == (ConnectionStatus.ACTIVE, None)
    assert after.generation == stale.generation + 1
    assert world.actions() == ["connected", "needs_sign_in", "healed"]
    assert world.provider.is_good(world.refresh_token())


@pytest.mark.usefixtures("stale")
@spending_old_tokens
def test_a_losers_refusal_changes_nothing(world: World) -> None:
    """Our request came late, a sibling's went through before it: the sibling's answer stands (N81)."""
    if world.mode is Mode.STRICT:
        world.loss = "using an old token ended the grant"

    world.provider.arriving = lambda: frozen_past_the_lease(world)
    with pytest.raises(RefreshInProgressError):
        world.refresh()

    assert world.record().status is ConnectionStatus.ACTIVE
    assert world.actions() == ["connected", "refreshed"]


@pytest.mark.usefixtures("stale")
@single
def test_a_refusal_waits_for_whoever_took_over(world: World) -> None:
    """Refused, and the lease is another's by now: it may hold the good answer, so nothing is said."""

    def taker_got_its_answer_but_did_not_commit() -> None:
        world.clock.advance(LEASE)
        with pytest.raises(Killed):
            world.refresh(point=killed_at("answered"))

    world.provider.arriving = taker_got_its_answer_but_did_not_commit
    with pytest.raises(RefreshInProgressError):
        world.refresh()

    assert world.record().status is ConnectionStatus.ACTIVE
    assert world.actions() == ["connected"]
    world.loss = "the taker died with the answer"


@pytest.mark.usefixtures("stale")
@single
def test_the_strict_end_is_one_sign_in_and_no_loop(world: World) -> None:
    """After a loss the next worker is refused once, and nobody asks again (N80)."""
    with pytest.raises(Killed):
        world.refresh(point=killed_at("answered"))
    world.clock.advance(LEASE)
    for _ in range(3):
        with pytest.raises(NeedsSignInError):
            world.refresh()
        world.expire()

    assert len(world.provider.calls) == 2
    assert world.actions() == ["connected", "needs_sign_in"]


@pytest.mark.usefixtures("stale")
@each_mode
@pytest.mark.parametrize("point", ["claimed", "prepared", "answered"])
def test_a_disconnect_in_flight_is_for_ever(world: World, point: str) -> None:
    """Wherever the refresh is, its answer is neither stored nor revoked (F15)."""
    moved = world.refresh_token()

    with pytest.raises((RefreshInProgressError, NeedsSignInError)):
        world.refresh(point=at(point, world.disconnect))

    after = world.record()
    assert after.status is ConnectionStatus.REVOKED
    assert world.actions() == ["connected", "disconnected"]
    assert world.provider.revoke_calls == [moved.reveal()]
    assert world.rescue() is None
    with pytest.raises(NotConnectedError):
        world.refresh()


@pytest.mark.usefixtures("stale")
def test_a_disconnect_during_the_commit_is_for_ever(world: World) -> None:
    """It lands just before our write: ours is too old (F15)."""
    world.store.meanwhile("commit", world.disconnect)

    with pytest.raises(RefreshInProgressError):
        world.refresh()

    assert world.actions() == ["connected", "disconnected"]


@pytest.mark.usefixtures("stale")
def test_a_disconnect_before_the_claim_is_for_ever(world: World) -> None:
    """It lands between our read and our claim: no call is made (F15)."""
    world.store.meanwhile("claim", world.disconnect)

    with pytest.raises(RefreshInProgressError):
        world.refresh()

    assert world.provider.calls == []
    assert world.actions() == ["connected", "disconnected"]


@pytest.mark.usefixtures("stale")
def test_a_refusal_after_a_disconnect_changes_nothing(world: World) -> None:
    """The provider refuses because the person ended it: a tombstone needs no sign-in."""
    world.provider.arriving = world.disconnect

    with pytest.raises(RefreshInProgressError):
        world.refresh()

    assert world.actions() == ["connected", "disconnected"]


@pytest.mark.usefixtures("stale")
@each_mode
@pytest.mark.parametrize("point", ["claimed", "prepared", "answered"])
def test_a_reconnect_in_flight_keeps_its_own_grant(world: World, point: str) -> None:
    """Disconnected and connected by another account: the old answer does not touch it (F16)."""
    fresh: list[Connection] = []

    def another_account() -> None:
        world.disconnect()
        world.clock.advance(1)
        fresh.append(world.connect(identity=BOB_ID))

    with pytest.raises((RefreshInProgressError, NeedsSignInError)):
        world.refresh(point=at(point, another_account))

    assert [world.record()] == fresh
    assert world.provider.is_good(world.refresh_token())
    assert world.record().identity == BOB_ID


def test_generations_and_epochs_never_come_again(world: World, stale: Connection) -> None:
    """Connected again within the same moment, an old answer still knows that it is old (ABA)."""

    def again() -> None:
        world.disconnect()
        world.connect()

    with pytest.raises(RefreshInProgressError):
        world.refresh(point=at("answered", again))

    after = world.record()
    assert after.epoch > stale.epoch + 1
    assert after.generation > stale.generation
    assert world.actions() == ["connected", "disconnected", "connected_again"]


def test_a_failure_of_the_overtaken_is_not_noted(world: World, stale: Connection) -> None:
    """Our outage, after another worker succeeded: its record stays as it wrote it."""
    world.provider.arriving = lambda: frozen_past_the_lease(world)
    world.provider.script.append(lambda work: work())
    world.provider.fail(ProviderUnavailableError("scripted", retry_after=600))

    with pytest.raises(ProviderUnavailableError):
        world.refresh()

    after = world.record()
    assert (after.failure, after.generation) == (None, stale.generation + 1)


@pytest.mark.usefixtures("stale")
def test_a_write_of_another_field_does_not_cost_the_answer(world: World) -> None:
    """Whoever else writes the record meanwhile (a re-wrap): the answer lands, with their field."""
    world.store.meanwhile("commit", lambda: world.paste(ADA, missing_scopes=["x"]))

    world.refresh()

    assert world.actions() == ["connected", "refreshed"]
    assert world.store.calls.count("commit") == 3  # connecting, then twice


def test_an_answer_is_of_its_epoch_too(world: World, stale: Connection) -> None:
    """A restored record may come to the same generation again: another epoch, another grant."""
    with pytest.raises(RefreshInProgressError):
        world.refresh(point=at("answered", lambda: world.paste(ADA, epoch=stale.epoch + 1)))

    world.paste(ADA, epoch=stale.epoch)
    assert world.record().generation == stale.generation
