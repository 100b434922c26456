"""Telling the provider: once, never over a live sibling's head, and again where it did not work."""

from collections.abc import Callable

import pytest

from multi_user_oauth.errors import (
    ConflictError,
    ProviderMisconfiguredError,
    RevocationPendingError,
    StoreUnavailableError,
)
from multi_user_oauth.model import Connection, ConnectionStatus, RevocationResult
from tests.support.checker import pending
from tests.support.world import (
    ADA,
    ADA_DRIVE,
    ADA_ID,
    BOB,
    BOB_ID,
    Killed,
    World,
    at,
    killed_at,
)

LEASE = 40.0


@pytest.fixture
def dead(world: World) -> Connection:
    """Ada's connection as it was when it ended; the provider was down."""
    connection = world.connect()
    world.provider.down = True
    world.disconnect()
    world.provider.down = False
    world.clock.advance(LEASE)
    return connection


def finish(world: World, dead: Connection) -> RevocationResult:
    """As a later worker would."""
    return world.finisher().finish(ADA, dead.epoch)


def test_what_waited_is_done_later(world: World, dead: Connection) -> None:
    """The provider was down at the disconnect; told later, the sealed value is deleted."""
    waiting = pending(world, world.record())
    assert waiting is not None

    assert finish(world, dead) is RevocationResult.REVOKED

    assert pending(world, world.record()) is None
    assert len(world.provider.revoke_calls) == 1
    assert world.actions() == ["connected", "disconnected"]


def provider_down(world: World) -> None:
    """Google does not answer."""
    world.provider.down = True


def application_refused(world: World) -> None:
    """Google answers that it is our fault."""

    def refuse() -> None:
        raise ProviderMisconfiguredError("scripted")

    world.provider.arriving = refuse


def keys_down(world: World) -> None:
    """The key service does not answer."""
    for key in world.keys.values():
        key.down = True


@pytest.mark.parametrize("trouble", [provider_down, application_refused, keys_down])
def test_what_can_not_be_done_now_stays(
    world: World, dead: Connection, trouble: Callable[[World], object]
) -> None:
    """Pending, the sealed value untouched, and done once the trouble is over."""
    trouble(world)
    assert finish(world, dead) is RevocationResult.PENDING
    waiting = pending(world, world.record())
    assert waiting is not None
    assert waiting.sealed_refresh == dead.sealed_refresh

    world.provider.down = False
    for key in world.keys.values():
        key.down = False
    world.clock.advance(LEASE)
    assert finish(world, dead) is RevocationResult.REVOKED


def test_a_value_that_does_not_open_is_an_alarm(world: World, dead: Connection) -> None:
    """Somebody altered it: nothing is claimed to be done, and an operator is called."""
    other = world.connect(BOB, BOB_ID)
    assert other.sealed_refresh is not None
    world.paste_revocation(ADA, dead.epoch, sealed_refresh=other.sealed_refresh)

    assert finish(world, dead) is RevocationResult.PENDING

    assert world.provider.revoke_calls == []
    alarms = [r.__dict__ for r in world.log if r.levelname == "ERROR"]
    assert [(a["alarm"], a["connection"]) for a in alarms] == [("tampered", str(ADA))]


def test_a_live_sibling_is_not_cut_off(world: World) -> None:
    """Another connection of the same account must live: nothing is called, and that is said."""
    world.connect()
    world.connect(ADA_DRIVE)

    assert world.disconnect().provider is RevocationResult.SUPERSEDED

    assert world.provider.revoke_calls == []
    assert pending(world, world.record()) is None
    assert world.provider.is_good(world.refresh_token(ADA_DRIVE))
    assert world.disconnect(ADA_DRIVE).provider is RevocationResult.REVOKED


def test_asked_again_the_answer_is_the_same(world: World) -> None:
    """The first answer got lost on its way: superseded stays superseded, revoked stays revoked."""
    first = world.connect()
    world.connect(ADA_DRIVE)
    world.disconnect()
    assert world.finisher().finish(ADA, first.epoch) is RevocationResult.SUPERSEDED

    drive = world.record(ADA_DRIVE)
    world.disconnect(ADA_DRIVE)
    again = world.finisher().finish(ADA_DRIVE, drive.epoch)
    assert again is RevocationResult.REVOKED
    assert len(world.provider.revoke_calls) == 1


def test_another_persons_connection_is_no_sibling(world: World, dead: Connection) -> None:
    """Only the same account counts, not the e-mail's domain."""
    world.connect(BOB, BOB_ID)

    assert finish(world, dead) is RevocationResult.REVOKED
    assert world.provider.is_good(world.refresh_token(BOB))


def test_a_tombstone_is_no_sibling(world: World, dead: Connection) -> None:
    """The same account's other connection was ended as well."""
    world.connect(ADA_DRIVE)
    world.disconnect(ADA_DRIVE)
    world.provider.revoke_calls.clear()

    assert finish(world, dead) is RevocationResult.REVOKED
    assert len(world.provider.revoke_calls) == 1


def test_a_sibling_that_needs_sign_in_is_alive(world: World, dead: Connection) -> None:
    """It may heal yet: it is not cut off."""
    world.connect(ADA_DRIVE)
    world.paste(ADA_DRIVE, status="needs_sign_in")
    assert finish(world, dead) is RevocationResult.SUPERSEDED
    world.paste(ADA_DRIVE, status="active")


def test_a_reconnect_cancels(world: World, dead: Connection) -> None:
    """The person came back before the provider was told: nothing is called."""
    world.connect()

    assert world.peek().revocation(ADA, dead.epoch) is None
    assert finish(world, dead) is RevocationResult.SUPERSEDED
    assert world.provider.revoke_calls == []


def test_another_persons_reconnect_cancels_nothing(world: World, dead: Connection) -> None:
    """Bob took over Ada's address: her grant still has to end, and does; his lives."""
    world.connect(identity=BOB_ID)

    assert world.peek().revocation(ADA, dead.epoch) is not None
    assert finish(world, dead) is RevocationResult.REVOKED
    assert world.provider.is_good(world.refresh_token())
    assert world.peek().revocation(ADA, dead.epoch) is None


def test_a_reconnect_waits_while_the_provider_is_being_told(world: World, dead: Connection) -> None:
    """What is made now could die with the old grant: come again, before any code is spent."""

    def reconnect() -> None:
        with pytest.raises(RevocationPendingError):
            world.connecting().prepare(ADA)

    world.provider.arriving = reconnect
    assert finish(world, dead) is RevocationResult.REVOKED
    assert world.connect().status is ConnectionStatus.ACTIVE


def test_a_dead_finishers_lease_runs_out(world: World, dead: Connection) -> None:
    """Killed in between: nobody else for forty seconds, then again (F17)."""
    with pytest.raises(Killed):
        world.finisher(killed_at("revocation_claimed")).finish(ADA, dead.epoch)
    world.clock.advance(LEASE - 0.001)
    assert finish(world, dead) is RevocationResult.PENDING
    with pytest.raises(RevocationPendingError):
        world.connecting().prepare(ADA)

    world.clock.advance(0.001)
    world.connecting().prepare(ADA)
    assert finish(world, dead) is RevocationResult.REVOKED
    assert len(world.provider.revoke_calls) == 1


def test_killed_after_the_provider_was_told(world: World, dead: Connection) -> None:
    """Told once more by the next: an unknown token counts as revoked."""
    with pytest.raises(Killed):
        world.finisher(killed_at("revocation_answered")).finish(ADA, dead.epoch)
    world.clock.advance(LEASE)

    assert finish(world, dead) is RevocationResult.REVOKED
    assert pending(world, world.record()) is None


@pytest.mark.parametrize("place", ["revocation_claimed", "by_identity"])
def test_a_finisher_that_was_frozen_does_not_act(
    world: World, dead: Connection, place: str
) -> None:
    """Its lease may soon be another's: what it would send might arrive under that one's."""

    def frozen() -> None:
        call = world.limits.provider_call.total_seconds()
        world.clock.advance(LEASE - call + 0.001)

    world.store.meanwhile("by_identity", frozen if place == "by_identity" else lambda: None)
    assert world.finisher(at(place, frozen)).finish(ADA, dead.epoch) is RevocationResult.PENDING
    assert world.provider.revoke_calls == []

    world.clock.advance(LEASE)
    assert finish(world, dead) is RevocationResult.REVOKED


def test_a_finisher_that_was_frozen_leaves_whoever_came_back_alone(
    world: World, dead: Connection
) -> None:
    """Its lease ran out, the person connected again, and then it went on."""

    def frozen() -> None:
        world.clock.advance(LEASE)
        world.connect()

    finisher = world.finisher(at("revocation_claimed", frozen))
    assert finisher.finish(ADA, dead.epoch) is not RevocationResult.REVOKED
    assert world.provider.revoke_calls == []
    assert world.provider.is_good(world.refresh_token())
    assert world.peek().revocation(ADA, dead.epoch) is None


def test_who_loses_the_claim_leaves_it_alone(world: World, dead: Connection) -> None:
    """Two finishers read the same job; one does it."""
    world.store.meanwhile("claim_revocation", lambda: finish(world, dead))

    assert finish(world, dead) is RevocationResult.PENDING
    assert len(world.provider.revoke_calls) == 1


def test_a_sibling_that_came_after_the_claim_lives(world: World, dead: Connection) -> None:
    """The look for siblings comes after the claim."""
    finisher = world.finisher(at("revocation_claimed", lambda: world.connect(ADA_DRIVE)))

    assert finisher.finish(ADA, dead.epoch) is RevocationResult.SUPERSEDED
    assert world.provider.is_good(world.refresh_token(ADA_DRIVE))


@pytest.mark.parametrize("error", [StoreUnavailableError, ConflictError])
def test_what_was_told_is_said_though_it_can_not_be_deleted(
    world: World, dead: Connection, error: type[StoreUnavailableError] | type[ConflictError]
) -> None:
    """The grant is ended: that is the answer; the value is deleted by the next."""
    world.store.fail_before("finish_revocation", error("scripted"))
    assert finish(world, dead) is RevocationResult.REVOKED

    world.clock.advance(LEASE)
    assert finish(world, dead) is RevocationResult.REVOKED
    assert pending(world, world.record()) is None


def test_a_clock_that_was_set_back_does_not_stop_it(world: World, dead: Connection) -> None:
    """A dead finisher's lease "from the future" does not last until then."""
    with pytest.raises(Killed):
        world.finisher(killed_at("revocation_claimed")).finish(ADA, dead.epoch)
    world.clock.advance(-7200)

    assert finish(world, dead) is RevocationResult.REVOKED


def test_nothing_to_finish_is_finished(world: World) -> None:
    """Of what never was there is nothing left."""
    assert world.finisher().finish(ADA, 1) is RevocationResult.REVOKED
    assert ADA_ID not in world.provider.owners.values()
