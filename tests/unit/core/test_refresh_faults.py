"""Dying at every point, lost answers of the database, and the rescue record (F01 to F08, F21)."""

import pytest

from multi_user_oauth.errors import (
    ConflictError,
    MultiUserOAuthError,
    NeedsSignInError,
    ProviderUnavailableError,
    RefreshInProgressError,
    StoreUnavailableError,
)
from multi_user_oauth.model import Connection, ConnectionStatus, rescue_id
from tests.support.provider import Mode
from tests.support.world import ADA, Killed, World, at, killed_at
from tests.unit.core.modes import each_mode, keeping_old_tokens, single, spending_old_tokens

LEASE = 40.0
TRIES = 8
POINTS = ["claimed", "prepared", "answered", "committed"]


@pytest.fixture
def stale(world: World) -> Connection:
    """Ada's connection; its access token has run out."""
    world.connect()
    world.expire()
    return world.record()


def lock_the_record(world: World, error: type[MultiUserOAuthError]) -> None:
    """Let every try of one commit fail, as when a dead process holds the document (F07)."""
    world.store.fail_before("commit", error("scripted"), times=TRIES)


@keeping_old_tokens
@pytest.mark.parametrize("point", POINTS)
def test_kill_9_loses_nothing_where_old_tokens_stay_good(
    world: World, stale: Connection, point: str
) -> None:
    """Whoever comes when the lease has run out finishes the work (F01, F02, F03, F04)."""
    with pytest.raises(Killed):
        world.refresh(point=killed_at(point))
    world.clock.advance(LEASE)
    world.refresh()

    assert world.record().status is ConnectionStatus.ACTIVE
    assert world.record().generation == stale.generation + 1
    assert world.actions() == ["connected", "refreshed"]
    assert len(world.provider.calls) == (2 if point == "answered" else 1)


@pytest.mark.usefixtures("stale")
@spending_old_tokens
@pytest.mark.parametrize("point", POINTS)
def test_kill_9_between_answer_and_commit_is_the_only_loss(world: World, point: str) -> None:
    """A strict provider has spent the old token: one sign-in, no further call (F02, F03)."""
    with pytest.raises(Killed):
        world.refresh(point=killed_at(point))
    world.clock.advance(LEASE)
    if point != "answered":
        world.refresh()
        assert world.actions() == ["connected", "refreshed"]
        return
    for _ in range(3):
        with pytest.raises(NeedsSignInError):
            world.refresh()
        world.expire()

    assert len(world.provider.calls) == 2
    assert world.actions() == ["connected", "needs_sign_in"]


@pytest.mark.usefixtures("stale")
@each_mode
def test_a_lost_answer_of_the_provider(world: World) -> None:
    """It worked the request off and we never heard (F02): an outage, and then as after a kill."""
    world.provider.lose_answer()
    with pytest.raises(ProviderUnavailableError):
        world.refresh()
    assert world.record().status is ConnectionStatus.ACTIVE
    world.clock.advance(1)

    if world.mode in {Mode.STATIC, Mode.LAX}:
        world.refresh()
        assert world.actions() == ["connected", "refreshed"]
    else:
        with pytest.raises(NeedsSignInError):
            world.refresh()
        assert world.actions() == ["connected", "needs_sign_in"]


@each_mode
@pytest.mark.parametrize("error", [StoreUnavailableError, ConflictError])
def test_a_commit_whose_answer_was_lost_counts_once(
    world: World, stale: Connection, error: type[MultiUserOAuthError]
) -> None:
    """It landed: read back and known by its id; the caller is served (F05)."""
    world.store.fail_after("commit", error("scripted"))

    world.refresh()

    assert world.record().generation == stale.generation + 1
    assert world.actions() == ["connected", "refreshed"]
    assert world.store.calls.count("commit") == 2  # connecting, refreshing


@each_mode
@pytest.mark.parametrize("error", [StoreUnavailableError, ConflictError])
def test_a_commit_that_did_not_land_is_tried_again(
    world: World, stale: Connection, error: type[MultiUserOAuthError]
) -> None:
    """Not applied, whatever the reason: tried until it is (F06)."""
    world.store.fail_before("commit", error("scripted"), times=TRIES - 1)

    world.refresh()

    assert world.record().generation == stale.generation + 1
    assert world.actions() == ["connected", "refreshed"]
    assert world.clock.slept == list(world.limits.commit_waits)


@each_mode
def test_a_landed_commit_is_known_though_reads_fail_too(world: World, stale: Connection) -> None:
    """Applied, answer lost, the read-back lost: the next try meets its own write (F05, F08)."""
    world.store.fail_after("commit")
    world.store.meanwhile("read", lambda: None)  # the refresher's own look
    world.store.fail_before("read", times=2)

    world.refresh()

    assert world.record().generation == stale.generation + 1
    assert world.actions() == ["connected", "refreshed"]


@each_mode
def test_a_refusal_whose_answer_was_lost_is_written_once(world: World, stale: Connection) -> None:
    """`needs_sign_in` landed, the answer and a read-back did not: one record."""
    world.provider.withdraw(stale.identity)
    world.store.fail_after("commit")
    world.store.meanwhile("read", lambda: None)
    world.store.fail_before("read")

    with pytest.raises(NeedsSignInError):
        world.refresh()

    assert world.actions() == ["connected", "needs_sign_in"]


@each_mode
@pytest.mark.parametrize("error", [StoreUnavailableError, ConflictError])
def test_what_can_not_be_committed_is_rescued(
    world: World, stale: Connection, error: type[MultiUserOAuthError]
) -> None:
    """The next worker takes it from there, without asking the provider (F07)."""
    lock_the_record(world, error)
    with pytest.raises(error):
        world.refresh()
    assert world.rescue() is not None
    assert world.record().generation == stale.generation
    got_at = world.clock()

    world.clock.advance(LEASE)
    world.refresh()

    after = world.record()
    assert len(world.provider.calls) == 1
    assert (after.status, after.generation) == (ConnectionStatus.ACTIVE, stale.generation + 1)
    assert after.refreshed_at is not None
    assert after.refreshed_at <= got_at
    assert world.actions() == ["connected", "rescued"]
    rescue = world.peek().rescued(ADA, stale.epoch, stale.generation)
    assert rescue is None


@pytest.mark.usefixtures("stale")
@each_mode
def test_reads_that_fail_during_the_commit_lead_to_the_rescue(world: World) -> None:
    """Neither writes nor reads (F08): kept, and adopted later."""
    lock_the_record(world, StoreUnavailableError)
    world.store.meanwhile("read", lambda: None)
    world.store.fail_before("read", times=TRIES)
    with pytest.raises(StoreUnavailableError):
        world.refresh()
    world.clock.advance(LEASE)

    world.refresh()

    assert len(world.provider.calls) == 1
    assert world.actions() == ["connected", "rescued"]


@pytest.mark.usefixtures("stale")
@each_mode
def test_a_rescue_is_not_adopted_under_a_live_lease(world: World) -> None:
    """The one who could not commit may still be at it."""
    lock_the_record(world, ConflictError)
    with pytest.raises(ConflictError):
        world.refresh()

    with pytest.raises(RefreshInProgressError):
        world.refresh()

    assert world.rescue() is not None


@pytest.mark.usefixtures("stale")
@each_mode
def test_an_adoption_that_fails_is_tried_again_later(world: World) -> None:
    """The record is locked for longer: what was rescued stays where it is."""
    for _ in range(3):
        lock_the_record(world, StoreUnavailableError)
        with pytest.raises(StoreUnavailableError):
            world.refresh()
        world.clock.advance(LEASE)
    assert len(world.provider.calls) == 1

    world.refresh()

    assert len(world.provider.calls) == 1
    assert world.actions() == ["connected", "rescued"]


@pytest.mark.usefixtures("stale")
def test_an_adopted_answer_may_be_old(world: World) -> None:
    """Rescued long ago, its access token is over too: the asker looks again and it is renewed."""
    lock_the_record(world, StoreUnavailableError)
    with pytest.raises(StoreUnavailableError):
        world.refresh()
    world.expire()

    token = world.get()

    assert token.expires_at > world.clock()
    assert world.actions() == ["connected", "rescued", "refreshed"]
    assert len(world.provider.calls) == 2


@pytest.mark.usefixtures("stale")
@single
def test_before_a_refusal_counts_the_rescue_is_looked_for(world: World) -> None:
    """An earlier worker's answer was put aside after its lease was gone: it is what counts."""

    def taken_over_and_given_back() -> None:
        world.clock.advance(LEASE)
        world.provider.preparing = ProviderUnavailableError("scripted")
        with pytest.raises(ProviderUnavailableError):
            world.refresh()
        world.provider.preparing = None
        lock_the_record(world, StoreUnavailableError)

    with pytest.raises(StoreUnavailableError):
        world.refresh(point=at("answered", taken_over_and_given_back))
    assert world.record().lease is None

    world.refresh()

    assert world.actions() == ["connected", "rescued"]
    assert world.provider.is_good(world.refresh_token())


def test_a_rescue_does_not_survive_a_disconnect(world: World, stale: Connection) -> None:
    """Our copies are destroyed, the one that was put aside too."""
    lock_the_record(world, StoreUnavailableError)
    with pytest.raises(StoreUnavailableError):
        world.refresh()

    world.disconnect()

    assert world.peek().rescued(ADA, stale.epoch, stale.generation) is None
    assert world.actions() == ["connected", "disconnected"]


@pytest.mark.usefixtures("stale")
@each_mode
def test_a_rescue_of_an_older_grant_is_never_adopted(world: World) -> None:
    """Put aside, then disconnected and connected anew: it belongs to nothing that stands."""
    lock_the_record(world, StoreUnavailableError)
    with pytest.raises(StoreUnavailableError):
        world.refresh()
    world.disconnect()
    world.clock.advance(LEASE)
    world.connect()
    world.expire()

    world.refresh()

    assert world.actions() == ["connected", "disconnected", "connected_again", "refreshed"]


@pytest.mark.usefixtures("stale")
def test_a_lost_answer_to_the_claim_costs_only_the_lease(world: World) -> None:
    """The lease may have been written: nobody called, and after it all goes on."""
    world.store.fail_after("claim")
    with pytest.raises(StoreUnavailableError):
        world.refresh()
    assert world.provider.calls == []

    world.clock.advance(LEASE)
    world.refresh()

    assert world.actions() == ["connected", "refreshed"]


@pytest.mark.usefixtures("stale")
def test_ten_minutes_without_a_database_change_nothing(world: World) -> None:
    """503 to everybody, no status change; then it goes on by itself (F21)."""
    world.store.fail_before("read", times=60)
    for _ in range(60):
        with pytest.raises(StoreUnavailableError):
            world.refresh()
        world.clock.advance(10)

    world.refresh()

    assert world.actions() == ["connected", "refreshed"]


def test_the_rescues_name_is_the_credential_that_was_used() -> None:
    """Connection, epoch and the generation whose token was spent."""
    assert rescue_id(ADA, 7, 3) == f"{ADA.document_id}-7-3"
