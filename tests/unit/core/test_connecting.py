"""Storing a new connection: whose e-mail, which epoch, what it replaces, all in one commit."""

import pytest

from multi_user_oauth.errors import (
    ConflictError,
    HeldByAnotherAccountError,
    MultiUserOAuthError,
    NeedsSignInError,
    StoreUnavailableError,
)
from multi_user_oauth.model import (
    Connection,
    ConnectionKey,
    ConnectionStatus,
    Identity,
    ProvedPerson,
    SignedIn,
    System,
)
from multi_user_oauth.sign_in.connecting import Connecting, Place
from tests.support.world import (
    ADA,
    ADA_DRIVE,
    ADA_ID,
    BOB_ID,
    CLEO,
    CLEO_ID,
    OPTIONAL,
    SCOPES,
    World,
)

NEW_EMAIL = ConnectionKey("google_workspace", "ada.king@example.com")


def fill(
    world: World, connecting: Connecting, place: Place, identity: Identity = ADA_ID
) -> Connection:
    """The second half of a sign-in, after the exchange."""
    tokens = world.provider.grant(identity, SCOPES + OPTIONAL)
    assert tokens.refresh_token is not None
    person = ProvedPerson(identity=identity, emails=(place.key.user_email,))
    connecting.connect(place, SignedIn(tokens=tokens, person=person), tokens.refresh_token, ())
    return world.record(place.key)


def test_a_first_connection(world: World) -> None:
    """Generation one, the time as its epoch, nothing left over of anything."""
    record = world.connect()

    assert (record.epoch, record.generation) == (int(world.clock().timestamp() * 1000), 1)
    assert (record.connected_at, record.refreshed_at) == (world.clock(), None)
    assert (record.lease, record.failure, record.reason, record.revoked_at) == (None,) * 4
    assert record.access_token_expires_at == world.clock() + world.provider.lifetime
    assert world.actions() == ["connected"]


def test_connecting_again_replaces_the_grant(world: World) -> None:
    """Higher epoch, next generation, new keys; the old values open nowhere."""
    before = world.connect()
    after = world.connect()

    assert after.epoch > before.epoch
    assert after.generation == before.generation + 1
    assert after.sealed_refresh != before.sealed_refresh
    assert world.actions() == ["connected", "connected_again"]


def test_who_needed_to_sign_in_is_well_again(world: World) -> None:
    """That is what signing in again is for."""
    world.connect()
    world.expire()
    world.provider.withdraw(ADA_ID)
    with pytest.raises(NeedsSignInError):
        world.refresh()

    after = world.connect()

    assert (after.status, after.reason, after.failure) == (ConnectionStatus.ACTIVE, None, None)
    assert world.get().value


@pytest.mark.parametrize("status", [ConnectionStatus.ACTIVE, ConnectionStatus.NEEDS_SIGN_IN])
def test_an_email_that_is_held_is_not_taken_over(world: World, status: ConnectionStatus) -> None:
    """N32: Another account under the same address: refused, an admin can release it."""
    world.connect(ADA, BOB_ID)
    if status is ConnectionStatus.NEEDS_SIGN_IN:
        world.expire()
        world.provider.withdraw(BOB_ID)
        with pytest.raises(NeedsSignInError):
            world.refresh()
    before = world.record()

    with pytest.raises(HeldByAnotherAccountError):
        world.connect()

    assert world.record() == before


def test_a_tombstone_holds_nothing(world: World) -> None:
    """After the disconnect the address is free, for another account too."""
    world.connect(ADA, BOB_ID)
    world.disconnect(caller=System(name="operator"))

    assert world.connect().identity == ADA_ID


def test_two_first_sign_ins_at_once(world: World) -> None:
    """Two accounts, one free address: the first has it, the second is told."""
    connecting = world.connecting()
    place = connecting.prepare(ADA)
    world.connect(ADA, BOB_ID)

    with pytest.raises(HeldByAnotherAccountError):
        fill(world, connecting, place)

    assert world.record().identity == BOB_ID


def test_the_older_sign_in_of_two_is_stale(world: World) -> None:
    """Prepared first, back last: the newer grant stands."""
    connecting = world.connecting()
    place = connecting.prepare(ADA)
    world.clock.advance(1)
    newer = world.connect()

    with pytest.raises(ConflictError):
        fill(world, connecting, place)

    assert world.record() == newer


def test_a_disconnect_by_a_slower_clock_wins_too(world: World) -> None:
    """Its epoch may lie below the one that the sign-in drew; the tombstone is still seen."""
    world.connect()
    connecting = world.connecting()
    world.clock.advance(60)
    place = connecting.prepare(ADA)
    world.clock.advance(-60)
    world.disconnect()
    assert world.record().epoch < place.epoch

    with pytest.raises(ConflictError):
        fill(world, connecting, place)

    assert world.record().status is ConnectionStatus.REVOKED


def test_a_disconnect_while_signing_in_wins(world: World) -> None:
    """Ended after the sign-in began: that person did not mean to be connected (F16)."""
    world.connect()
    connecting = world.connecting()
    place = connecting.prepare(ADA)
    world.disconnect()

    with pytest.raises(ConflictError):
        fill(world, connecting, place)

    assert world.record().status is ConnectionStatus.REVOKED


def test_a_refresh_while_signing_in_does_not_matter(world: World) -> None:
    """The record moved on within the old grant: the new one follows it."""
    world.connect()
    world.expire()
    connecting = world.connecting()
    place = connecting.prepare(ADA)
    world.refresh()

    after = fill(world, connecting, place)

    assert (after.epoch, after.generation) == (place.epoch, 3)
    assert world.actions() == ["connected", "refreshed", "connected_again"]


def test_a_revocation_that_began_meanwhile_stops_the_sign_in(world: World) -> None:
    """Between the look and the commit the provider was told to end it all: start again."""
    old = world.connect()
    world.provider.down = True
    world.disconnect()
    world.provider.down = False
    world.clock.advance(40)
    connecting = world.connecting()
    place = connecting.prepare(ADA)
    assert place.cancels is not None
    world.finisher().finish(ADA, old.epoch)

    with pytest.raises(ConflictError):
        fill(world, connecting, place)

    assert world.record().status is ConnectionStatus.REVOKED


def test_cancelling_costs_one_read_and_one_write_more(world: World) -> None:
    """The waiting revocation is looked up before, and deleted in the same commit."""
    world.connect()
    world.provider.down = True
    world.disconnect()
    world.provider.down = False
    world.clock.advance(40)
    connecting = world.connecting()
    world.meter.reset()

    fill(world, connecting, connecting.prepare(ADA))

    assert world.meter.counts() == {"main.read": 3, "main.write": 3, "kms": 2}


# -- the same person under a new address ----------------------------------------------------------


def test_a_new_address_supersedes_the_old_connection(world: World) -> None:
    """N30: Married, renamed: the old connection ends in the commit that makes the new one."""
    old = world.connect()
    world.clock.advance(1)
    world.meter.reset()

    new = world.connect(NEW_EMAIL)

    after = world.record()
    assert (new.status, new.identity) == (ConnectionStatus.ACTIVE, ADA_ID)
    assert after.status is ConnectionStatus.REVOKED
    assert (after.sealed_access, after.sealed_refresh) == (None, None)
    assert (after.pending_revocation, after.revoked_at) == (None, world.clock())
    assert after.epoch > old.epoch
    assert world.actions() == ["connected", "superseded"]
    assert world.peek().audit(ADA)[-1].reason == "connected under another e-mail"
    assert world.peek().audit(ADA)[-1].actor == f"person:{ADA_ID}"
    assert world.meter.counts() == {"main.read": 2, "main.write": 4, "kms": 2}
    assert world.provider.revoke_calls == []


def test_another_type_or_account_is_not_superseded(world: World) -> None:
    """The same account's other connector lives, and so does everybody else."""
    world.connect(ADA_DRIVE)
    world.connect(CLEO, CLEO_ID)
    world.connect()

    world.connect(NEW_EMAIL)

    assert world.record(ADA_DRIVE).status is ConnectionStatus.ACTIVE
    assert world.record(CLEO).status is ConnectionStatus.ACTIVE
    assert world.record().status is ConnectionStatus.REVOKED


def test_a_tombstone_is_not_superseded_again(world: World) -> None:
    """It was ended before: no second record of that."""
    world.connect()
    world.disconnect()

    world.connect(NEW_EMAIL)

    assert world.actions() == ["connected", "disconnected"]


def test_what_is_superseded_moved_on_meanwhile(world: World) -> None:
    """A refresh of the old connection in the moment of the commit: both still happen as one."""
    world.connect()
    world.expire()
    world.store.meanwhile("commit", world.refresh)

    new = world.connect(NEW_EMAIL)

    assert new.status is ConnectionStatus.ACTIVE
    assert world.actions() == ["connected", "refreshed", "superseded"]


def test_a_refresh_in_flight_of_the_superseded_is_dropped(world: World) -> None:
    """Its answer comes after the new connection was made."""
    world.connect()
    world.expire()
    world.provider.answering = lambda: world.connect(NEW_EMAIL)

    with pytest.raises(MultiUserOAuthError):
        world.refresh()

    assert world.actions() == ["connected", "superseded"]


# -- the database ---------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [StoreUnavailableError, ConflictError])
def test_a_commit_whose_answer_was_lost_counts_once(
    world: World, error: type[StoreUnavailableError] | type[ConflictError]
) -> None:
    """It landed, superseding included: read back and known."""
    world.connect()
    world.clock.advance(1)
    world.store.fail_after("commit", error("scripted"))
    world.store.meanwhile("read", lambda: None)
    world.store.fail_before("read")

    world.connect(NEW_EMAIL)

    assert world.actions(NEW_EMAIL) == ["connected"]
    assert world.actions() == ["connected", "superseded"]


def test_a_look_that_fails_after_the_exchange_is_taken_again(world: World) -> None:
    """The search for older connections met a database that blinked: the code is not wasted."""
    world.store.fail_before("by_identity")

    assert world.connect().status is ConnectionStatus.ACTIVE


def test_a_landed_commit_is_known_though_the_look_fails_then(world: World) -> None:
    """Landed, its answer lost, the read-back lost, and the next look for older ones lost too."""
    world.store.fail_after("commit")
    world.store.meanwhile("read", lambda: None)
    world.store.fail_before("read")
    world.store.meanwhile("by_identity", lambda: None)
    world.store.fail_before("by_identity")

    world.connect()

    assert world.actions() == ["connected"]


def test_epochs_are_never_used_again(world: World) -> None:
    """Also where the clock was set back by a day."""
    first = world.connect()
    world.clock.advance(-86_400)

    second = world.connect()

    assert second.epoch == first.epoch + 1


def test_an_account_that_is_connected_a_hundred_and_one_times(world: World) -> None:
    """N91: Google drops the oldest beyond a hundred; we hold one, the newest, and owe nothing."""
    world.provider.most_of_a_person = 100
    for _ in range(101):
        world.connect()
        world.clock.advance(1)
    assert world.provider.is_good(world.refresh_token())
    assert not world.provider.tokens["RT|google:1001|1|1"].valid
    assert world.peek().unfinished(after=None, limit=200).revocations == ()
    assert world.provider.revoke_calls == []

    world.expire()
    world.refresh()

    assert len(world.peek().by_identity(ADA_ID)) == 1
    assert world.provider.is_good(world.refresh_token())
