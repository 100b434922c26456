"""Disconnect: at once and for good here, and said truthfully what became of it at the provider."""

from dataclasses import replace

import pytest

from multi_user_oauth.errors import (
    ConflictError,
    MultiUserOAuthError,
    NotConnectedError,
    RevocationPendingError,
    StoreUnavailableError,
)
from multi_user_oauth.model import (
    Caller,
    Connection,
    ConnectionKey,
    ConnectionStatus,
    Kind,
    Person,
    RevocationResult,
    System,
)
from tests.support.checker import pending
from tests.support.world import (
    ADA,
    ADA_DRIVE,
    ADA_EMAIL,
    ADA_HERSELF,
    ADA_ID,
    AGENT,
    BOB_ID,
    CLEO,
    CLEO_ID,
    HOUR,
    World,
)
from tests.unit.core.modes import each_mode

TRIES = 8
CLEO_HERSELF = Person(identities=frozenset({CLEO_ID}), email="cleo@example.com")


class Absent:
    """A `Finisher` that can not be reached, or has nothing to say."""

    def __init__(self, answer: RevocationResult | MultiUserOAuthError) -> None:
        self.asked: list[tuple[ConnectionKey, int]] = []
        self._answer = answer

    def finish(self, key: ConnectionKey, epoch: int) -> RevocationResult:
        """As the port."""
        self.asked.append((key, epoch))
        if isinstance(self._answer, MultiUserOAuthError):
            raise self._answer
        return self._answer


@each_mode
def test_a_disconnect_ends_the_grant(world: World) -> None:
    """A tombstone, the grant ended at the provider, nothing sealed left anywhere."""
    before = world.connect()
    token = world.refresh_token()

    answer = world.disconnect()

    after = world.record()
    assert (answer.provider, answer.access_token_valid_until) == (RevocationResult.REVOKED, None)
    assert after.status is ConnectionStatus.REVOKED
    assert (after.sealed_access, after.sealed_refresh) == (None, None)
    assert after.revoked_at == world.clock()
    assert after.epoch > before.epoch
    assert after.identity == before.identity
    assert world.provider.revoke_calls == [token.reveal()]
    assert pending(world, after) is None
    assert world.actions() == ["connected", "disconnected"]
    assert world.peek().audit(ADA)[-1].actor == f"person:{ADA_ID}"


def test_the_sealed_token_moves_unopened(world: World) -> None:
    """No key is used: even with the key service down it is all done, but for the provider."""
    before = world.connect()
    for key in world.keys.values():
        key.down = True

    answer = world.disconnect()

    waiting = pending(world, world.record())
    assert answer.provider is RevocationResult.PENDING
    assert waiting is not None
    assert waiting.sealed_refresh == before.sealed_refresh
    assert (waiting.epoch, waiting.generation) == (before.epoch, before.generation)
    assert waiting.identity == before.identity
    assert waiting.created_at == world.clock()


def test_the_ledger_is_written_first(world: World) -> None:
    """It lies in the other database; without it nothing is ended."""
    before = world.connect()
    world.activity.fail_before("enter")
    with pytest.raises(StoreUnavailableError):
        world.disconnecting().disconnect(ADA_HERSELF, ADA)
    assert world.record() == before

    world.disconnect()

    (entry,) = world.activity.entries()
    assert (entry.key, entry.identity, entry.epoch) == (ADA, ADA_ID, before.epoch)
    assert (entry.at, entry.actor) == (world.clock(), f"person:{ADA_ID}")


@pytest.mark.parametrize("error", [StoreUnavailableError, ConflictError])
def test_a_busy_record_is_pending_and_in_the_ledger(
    world: World, error: type[MultiUserOAuthError]
) -> None:
    """Somebody's dead transaction holds it: 503, to come again; the ledger knows already (F07)."""
    before = world.connect()
    world.store.fail_before("commit", error("scripted"), times=TRIES)

    with pytest.raises(RevocationPendingError):
        world.disconnecting().disconnect(ADA_HERSELF, ADA)

    assert world.record() == before
    assert [entry.epoch for entry in world.activity.entries()] == [before.epoch]
    world.disconnect()
    assert len(world.activity.entries()) == 1


@pytest.mark.parametrize("error", [StoreUnavailableError, ConflictError])
def test_a_disconnect_whose_answer_was_lost_counts_once(
    world: World, error: type[MultiUserOAuthError]
) -> None:
    """It landed: one record, one tombstone, the provider told."""
    world.connect()
    world.store.fail_after("commit", error("scripted"))

    assert world.disconnect().provider is RevocationResult.REVOKED

    assert world.actions() == ["connected", "disconnected"]


def test_a_refresh_that_came_in_between_is_ended_too(world: World) -> None:
    """The newest token is what moves, and the newest access token's end is what is said."""
    world.connect()
    world.expire()
    world.store.meanwhile("commit", world.refresh)

    answer = world.disconnect(finisher=Absent(RevocationResult.PENDING))

    waiting = pending(world, world.record())
    assert waiting is not None
    assert waiting.generation == 2
    assert answer.access_token_valid_until == world.record().access_token_expires_at
    assert world.actions() == ["connected", "refreshed", "disconnected"]


def test_a_reconnect_that_came_in_between_lives(world: World) -> None:
    """The person connected anew while we were at it: that one they did not mean."""
    world.connect()

    def again() -> None:
        world.clock.advance(1)
        world.connect()

    world.store.meanwhile("commit", again)

    with pytest.raises(ConflictError):
        world.disconnecting().disconnect(ADA_HERSELF, ADA)

    assert world.record().status is ConnectionStatus.ACTIVE
    assert world.provider.revoke_calls == []


@pytest.mark.parametrize(
    ("result", "still_valid"),
    [
        (RevocationResult.REVOKED, False),
        (RevocationResult.PENDING, True),
        (RevocationResult.SUPERSEDED, True),
    ],
)
def test_the_answer_tells_until_when_a_token_works(
    world: World, result: RevocationResult, still_valid: bool
) -> None:
    """Only where the provider ended the grant do tokens stop at once."""
    before = world.connect()

    answer = world.disconnect(finisher=Absent(result))

    until = before.access_token_expires_at if still_valid else None
    assert (answer.provider, answer.access_token_valid_until) == (result, until)


def test_a_token_that_is_over_is_not_spoken_of(world: World) -> None:
    """No time is named that has passed, to the moment."""
    world.connect()
    world.clock.advance(HOUR.total_seconds())

    answer = world.disconnect(finisher=Absent(RevocationResult.PENDING))

    assert answer.access_token_valid_until is None


def test_what_can_not_be_ended_at_the_provider_is_said(world: World) -> None:
    """Microsoft: our copy is destroyed, nothing kept, and where the person can end it is named."""
    before = world.connect(CLEO, CLEO_ID)

    answer = world.disconnect(CLEO, CLEO_HERSELF)

    assert answer.provider is RevocationResult.NOT_POSSIBLE
    assert answer.access_token_valid_until == before.access_token_expires_at
    assert "https://myapps.microsoft.com" in answer.reason
    assert world.record(CLEO).pending_revocation is None
    assert world.peek().revocation(CLEO, before.epoch) is None
    assert world.provider.revoke_calls == []


def test_each_result_has_its_words(world: World) -> None:
    """What is said differs for each, and is never empty."""
    reasons = set()
    for result in RevocationResult:
        world.connect()
        reasons.add(world.disconnect(finisher=Absent(result)).reason)
        world.clock.advance(1)

    assert len(reasons) == len(RevocationResult)
    assert all(reasons)


def test_the_finisher_is_asked_for_what_was_buried(world: World) -> None:
    """By the key and the epoch of the grant, not of the tombstone."""
    before = world.connect()
    absent = Absent(RevocationResult.PENDING)

    world.disconnect(finisher=absent)

    assert absent.asked == [(ADA, before.epoch)]
    assert world.record().pending_revocation == before.epoch


def test_a_finisher_that_can_not_be_reached_makes_it_pending(world: World) -> None:
    """The connection is ended by then: that is said, not an error."""
    world.connect()

    answer = world.disconnect(finisher=Absent(StoreUnavailableError("scripted")))

    assert answer.provider is RevocationResult.PENDING
    assert world.record().status is ConnectionStatus.REVOKED


# -- who ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "caller",
    [
        AGENT,
        Person(identities=frozenset({BOB_ID}), email=ADA_EMAIL),
        Person(identities=frozenset(), email=ADA_EMAIL),
    ],
)
def test_who_may_not_learns_nothing(world: World, caller: Caller) -> None:
    """As for a connection that never was; an e-mail is no proof; nothing is written anywhere."""
    before = world.connect()
    with pytest.raises(NotConnectedError) as refused:
        world.disconnecting().disconnect(caller, ADA)
    with pytest.raises(NotConnectedError) as unknown:
        world.disconnecting().disconnect(ADA_HERSELF, ADA_DRIVE)

    assert (str(refused.value), str(unknown.value)) == (str(ADA), str(ADA_DRIVE))
    assert world.record() == before
    assert world.activity.entries() == ()


@pytest.mark.parametrize(
    "caller",
    [
        replace(ADA_HERSELF, identities=frozenset({ADA_ID, CLEO_ID})),
        Person(identities=frozenset({BOB_ID}), email="bob@example.com", is_admin=True),
        System(name="operator"),
    ],
)
def test_who_may_is_in_the_audit(world: World, caller: Caller) -> None:
    """The person, an admin, an operator: by name."""
    world.connect()

    world.disconnect(caller=caller)

    assert world.peek().audit(ADA)[-1].actor == str(caller)


def test_twice_is_once(world: World) -> None:
    """The second finds nothing to end, and writes nothing."""
    world.connect()
    world.disconnect()
    entries = world.activity.entries()
    world.clock.advance(1)

    with pytest.raises(NotConnectedError):
        world.disconnecting().disconnect(ADA_HERSELF, ADA)

    assert world.activity.entries() == entries
    assert world.actions() == ["connected", "disconnected"]


def test_who_needs_to_sign_in_can_disconnect(world: World) -> None:
    """A refused grant is ended as any other: an unknown token counts as revoked."""
    world.connect()
    world.expire()
    world.provider.withdraw(ADA_ID)
    with pytest.raises(MultiUserOAuthError):
        world.refresh()

    assert world.disconnect().provider is RevocationResult.REVOKED
    assert (world.record().reason, world.record().status) == (None, ConnectionStatus.REVOKED)


def test_a_disconnect_costs_one_read_and_four_writes(world: World) -> None:
    """Ledger, tombstone, audit, revocation; no key."""
    world.connect()
    disconnect = world.disconnecting(Absent(RevocationResult.PENDING))
    world.meter.reset()

    disconnect.disconnect(ADA_HERSELF, ADA)

    assert world.meter.counts() == {"main.read": 1, "main.write": 3, "activity.write": 1}


def test_an_epoch_is_never_used_again(world: World) -> None:
    """Connected and disconnected within one moment, and with the clock set back: always higher."""
    epochs: list[int] = []
    for turn in range(6):
        world.clock.advance(-3600 * (turn % 2))
        epochs.append(_epoch(world.connect()))
        world.disconnect(finisher=Absent(RevocationResult.PENDING))
        epochs.append(world.record().epoch)

    assert epochs == sorted(set(epochs))


def _epoch(connection: Connection) -> int:
    return connection.epoch


def test_no_key_is_ever_asked(world: World) -> None:
    """Not the access key either."""
    world.connect()
    world.meter.reset()
    world.keys[Kind.ACCESS].down = True
    world.disconnect()

    assert world.meter.counts()["kms"] == 1, "the finisher's one unwrap"
