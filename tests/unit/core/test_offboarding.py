"""Offboarding: whose connections end, what a failure in the middle leaves, and what is certified."""

from contextlib import suppress
from dataclasses import replace

import pytest

from multi_user_oauth.certificate import Certificate
from multi_user_oauth.errors import (
    ConflictError,
    ForbiddenError,
    NotConnectedError,
    RevocationPendingError,
    StepUpRequiredError,
    StoreUnavailableError,
)
from multi_user_oauth.model import (
    Agent,
    Caller,
    ConnectionKey,
    Person,
    Policy,
    Provider,
    RevocationResult,
    StepUp,
    System,
)
from multi_user_oauth.offboarding import Offboard
from multi_user_oauth.ports import Finisher
from tests.support.world import (
    ADA,
    ADA_DRIVE,
    ADA_EMAIL,
    ADA_HERSELF,
    ADA_ID,
    AGENT,
    BOB,
    BOB_ID,
    CLEO,
    CLEO_ID,
    World,
)

OPERATOR = System(name="operator")
ADMIN = Person(identities=frozenset({BOB_ID}), email="bob@example.com", is_admin=True)
ELSEWHERE = ConnectionKey("google_drive", "ada.lovelace@example.com")
TRIES = 8


def offboarding(world: World, finisher: Finisher | None = None) -> Offboard:
    """Return the use case over this world."""
    finisher = finisher or world.finisher()
    return Offboard(
        connections=world.store,
        revocations=world.store,
        audit=world.store,
        people=world.activity,
        disconnect=world.disconnecting(finisher),
        finisher=finisher,
        connector_types=world.kinds,
        revocable=frozenset({Provider.GOOGLE}),
        policy=lambda: world.policy,
        now=world.clock,
    )


def offboard(world: World, caller: Caller = OPERATOR, email: str = ADA_EMAIL) -> Certificate:
    """Offboard somebody."""
    return offboarding(world).offboard(caller, email)


def outcomes(certificate: Certificate) -> dict[ConnectionKey, RevocationResult]:
    """Return what became of each connection at the provider."""
    return {each.key: each.provider for each in certificate.connections}


def test_all_connector_types_end_and_the_grant_is_revoked_once(world: World) -> None:
    """Two connections of one Google account are one grant there: one call, and both are revoked."""
    world.connect()
    world.connect(ADA_DRIVE)

    certificate = offboard(world)

    revoked = RevocationResult.REVOKED
    assert outcomes(certificate) == {ADA: revoked, ADA_DRIVE: revoked}
    assert len(world.provider.revoke_calls) == 1
    assert certificate.is_final
    assert all(each.copy_destroyed for each in certificate.connections)


def test_while_the_provider_is_down_the_whole_grant_is_pending(world: World) -> None:
    """The connection that ended first was left to the other; its grant lives all the same."""
    world.connect()
    world.connect(ADA_DRIVE)
    world.provider.down = True

    first = offboard(world)

    assert set(outcomes(first).values()) == {RevocationResult.PENDING}
    assert not first.is_final
    assert [each.copy_destroyed for each in first.connections].count(False) == 1
    world.provider.down = False
    world.clock.advance(40)
    assert set(outcomes(offboard(world)).values()) == {RevocationResult.REVOKED}


def test_the_same_account_under_another_email_ends_too(world: World) -> None:
    """They are this person's; of others nothing ends."""
    world.connect()
    world.connect(ELSEWHERE)
    world.connect(BOB, BOB_ID)

    certificate = offboard(world)

    assert outcomes(certificate).keys() == {ADA, ELSEWHERE}
    assert certificate.signed_out == (ADA_ID,)
    assert world.record(BOB).holds_its_email


def test_whose_the_email_was_before_keeps_what_is_theirs(world: World) -> None:
    """Ada left the address long ago; Bob has it now, and he leaves: her other connection lives."""
    world.connect()
    world.connect(ELSEWHERE)
    world.disconnect()
    world.connect(ADA_DRIVE, BOB_ID)

    certificate = offboard(world)

    assert outcomes(certificate)[ADA_DRIVE] is RevocationResult.REVOKED
    assert outcomes(certificate)[ADA] is RevocationResult.SUPERSEDED
    (hers,) = (each for each in certificate.connections if each.key == ADA)
    assert hers.connected_elsewhere == (ELSEWHERE,)
    assert hers.left_to_do is not None
    assert world.record(ELSEWHERE).holds_its_email


@pytest.mark.parametrize("calls", range(3))
def test_interrupted_anywhere_the_next_one_ends_the_rest(world: World, calls: int) -> None:
    """The e-mail's own connection is the last to end: by it the others are found."""
    world.connect()
    world.connect(ELSEWHERE)
    for _ in range(calls):
        world.store.meanwhile("commit", lambda: None)
    world.store.fail_before("commit", StoreUnavailableError("scripted"), times=TRIES)
    with suppress(RevocationPendingError):
        offboard(world)

    certificate = offboard(world)

    assert set(outcomes(certificate).values()) == {RevocationResult.REVOKED}
    assert not world.record(ELSEWHERE).holds_its_email
    assert not world.record(ADA).holds_its_email


def test_one_that_can_not_be_ended_keeps_no_other(world: World) -> None:
    """The others are ended, and the caller is told to come again."""
    world.connect()
    world.connect(ADA_DRIVE)
    world.store.fail_before("commit", StoreUnavailableError("scripted"), times=TRIES)

    with pytest.raises(RevocationPendingError):
        offboarding(world).offboard(OPERATOR, ADA_EMAIL)

    states = [world.record(key).holds_its_email for key in (ADA, ADA_DRIVE)]
    assert sorted(states) == [False, True]
    offboard(world)


def test_who_can_not_be_asked_again_leaves_it_pending(world: World) -> None:
    """The connection is ended: that is certified, also where the provider's part fails once more."""
    world.connect()
    world.provider.down = True
    offboard(world)
    world.provider.down = False
    world.clock.advance(40)
    world.store.fail_before("claim_revocation", StoreUnavailableError("scripted"))

    assert outcomes(offboard(world)) == {ADA: RevocationResult.PENDING}
    assert outcomes(offboard(world)) == {ADA: RevocationResult.REVOKED}


def test_who_connects_again_in_the_middle_gets_no_certificate(world: World) -> None:
    """It would not be true."""
    world.connect()

    def again() -> None:
        world.clock.advance(1)
        world.connect()

    for _ in (*world.kinds, "the one that is ended"):
        world.store.meanwhile("read", lambda: None)
    world.store.meanwhile("read", again)
    with pytest.raises(ConflictError):
        offboard(world)
    assert world.record().holds_its_email


def test_somebody_else_was_faster(world: World) -> None:
    """Ended meanwhile is ended: the certificate says by whom."""
    world.connect()
    world.activity.meanwhile("sign_out_everywhere", world.disconnect)

    certificate = offboard(world)

    (ended,) = certificate.connections
    assert ended.ended_by == f"person:{ADA_ID}"
    assert certificate.asked_by == str(OPERATOR)


def test_microsoft_has_nothing_to_tell(world: World) -> None:
    """What is left to do is said."""
    world.connect(CLEO, CLEO_ID)
    certificate = offboard(world, email=CLEO.user_email)
    (ended,) = certificate.connections
    assert ended.provider is RevocationResult.NOT_POSSIBLE
    assert ended.left_to_do is not None
    assert ended.access_token_valid_until is not None
    assert ended.copy_destroyed


def test_sessions_end_before_connections(world: World) -> None:
    """Who is signed in could connect again as fast as we disconnect."""
    world.connect()
    offboard(world)
    assert world.activity.calls.index("sign_out_everywhere") < world.activity.calls.index("enter")
    assert world.activity.sign_outs(ADA_ID).valid_from == world.clock()


@pytest.mark.parametrize(
    "caller",
    [
        ADA_HERSELF,
        AGENT,
        Agent(name="other"),
        replace(ADMIN, is_admin=False),
        replace(ADMIN, is_admin=False, is_auditor=True),
        replace(ADMIN, by_bearer=True),
    ],
)
def test_only_an_admin_may(world: World, caller: Caller) -> None:
    """Nobody else ends anything, or is told who is connected."""
    world.connect()
    for email in (ADA_EMAIL, "nobody@example.com"):
        with pytest.raises(ForbiddenError):
            offboarding(world).offboard(caller, email)
    assert world.record().holds_its_email


def test_an_admin_proves_more_where_the_policy_asks(world: World) -> None:
    """Before anybody is told whether the person is known."""
    world.connect()
    world.policy = Policy(step_up=StepUp(context="c1"))
    for email in (ADA_EMAIL, "nobody@example.com"):
        with pytest.raises(StepUpRequiredError):
            offboarding(world).offboard(ADMIN, email)
    assert outcomes(offboard(world, replace(ADMIN, stepped_up=True)))


def test_nobody_is_not_known(world: World) -> None:
    """An e-mail that never connected."""
    with pytest.raises(NotConnectedError):
        offboarding(world).offboard(OPERATOR, "nobody@example.com")
