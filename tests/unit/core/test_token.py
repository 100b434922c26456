"""The token for a caller: allowed, fresh, written down, and of the person that was asked for."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from multi_user_oauth.custody import AccessTokens
from multi_user_oauth.errors import (
    DelegationRequiredError,
    ForbiddenError,
    InsufficientScopeError,
    KeysUnavailableError,
    MultiUserOAuthError,
    NeedsSignInError,
    NotConnectedError,
    ProviderUnavailableError,
    RefreshInProgressError,
    StoreUnavailableError,
    TamperedError,
)
from multi_user_oauth.model import Agent, ConnectionKey, Kind, Person, Snapshot, System
from multi_user_oauth.ports import Anew, Use
from multi_user_oauth.refreshing import is_leased
from tests.support.world import (
    ADA,
    ADA_HERSELF,
    ADA_ID,
    AGENT,
    BOB,
    BOB_ID,
    CLEO,
    CLEO_ID,
    DEPLOYMENT,
    MINUTE,
    SCOPES,
    Killed,
    World,
    killed_at,
)
from tests.unit.core.modes import each_mode


def test_a_fresh_token_costs_exactly_one_read(world: World) -> None:
    """
    Once the data key is at hand, a token is one read of the database and nothing else.

    But for the first in an hour, whose use is written down.
    """
    world.connect()
    tokens = world.tokens()
    world.meter.reset()
    token = tokens.get(AGENT, ADA)
    assert world.meter.counts() == {"main.read": 1, "kms": 1, "activity.write": 1}

    world.meter.reset()
    assert tokens.get(AGENT, ADA) == token
    assert world.meter.counts() == {"main.read": 1}
    assert world.provider.calls == []


def test_the_token_comes_with_what_it_is_good_for(world: World) -> None:
    """Value, end, scopes, and what the person did not grant."""
    world.connect(scopes=SCOPES)

    token = world.get()

    assert token.value.reveal() == f"AT|{ADA_ID}|1|0"
    assert token.expires_at == world.clock() + world.provider.lifetime
    assert (token.scopes, token.missing_scopes) == (SCOPES, ("calendar.read",))


def test_each_gets_the_token_of_whom_it_asked_for(world: World) -> None:
    """Interleaved asks for three people in one process: never another's (N33)."""
    world.connect()
    world.connect(BOB, BOB_ID)
    world.connect(CLEO, CLEO_ID)
    for turn in range(30):
        if turn % 10 == 9:
            world.expire()
        for key, identity in ((ADA, ADA_ID), (BOB, BOB_ID), (CLEO, CLEO_ID)):
            assert world.get(key=key).value.reveal().split("|")[1] == str(identity)


@each_mode
def test_an_expired_token_is_refreshed_first(world: World) -> None:
    """The caller waits for one refresh and gets the new token."""
    world.connect()
    old = world.get()
    world.expire()

    new = world.get()

    assert new.value != old.value
    assert new.expires_at - world.clock() == world.provider.lifetime
    assert len(world.provider.calls) == 1


def test_sixty_seconds_are_the_least_unless_said_otherwise(world: World) -> None:
    """N41c: A token with less to live is renewed, unless the caller is content with less."""
    world.connect()
    world.clock.advance(3600 - 59)
    world.get(min_ttl=timedelta(seconds=59))
    world.get(min_ttl=timedelta(0))
    assert world.provider.calls == []

    assert world.get().expires_at - world.clock() >= MINUTE
    assert len(world.provider.calls) == 1


def test_a_wish_beyond_the_providers_lifetime_is_served_with_what_there_is(world: World) -> None:
    """A wish of a day where tokens live an hour: no loop, one call at most."""
    world.connect()
    world.clock.advance(120)

    token = world.get(min_ttl=timedelta(days=1))

    assert token.expires_at == world.clock() + world.provider.lifetime
    assert len(world.provider.calls) == 1


def test_who_waits_gets_the_others_token(world: World) -> None:
    """Another worker is at it: we look at the record now and then, and never ask the provider."""
    world.connect()
    world.expire()

    _refresh_slowly(world, looks=3)

    token = world.get()

    assert len(world.provider.calls) == 1
    assert len(world.clock.slept) == 3
    assert all(0.1 <= seconds <= 0.3 for seconds in world.clock.slept)
    assert len(set(world.clock.slept)) == 3, "waiters look in step"
    assert token.expires_at > world.clock()


def _refresh_slowly(world: World, *, looks: int) -> None:
    """A worker that died with its lease; after so many looks of ours, the lease is over."""
    snapshot = world.peek().read(ADA)
    assert snapshot is not None
    claimed = world.peek().claim(snapshot, "slow")

    def meanwhile() -> None:
        if len(world.clock.slept) == looks:
            world.clock.meanwhile = None
            world.peek().release(claimed, None)

    world.clock.meanwhile = meanwhile


def test_who_waits_in_vain_is_told_after_ten_seconds(world: World) -> None:
    """A lease that nobody gives back: 503, to come again; no call, no queue."""
    world.connect()
    world.expire()
    with pytest.raises(Killed):
        world.refresh(point=killed_at("claimed"))
    began = world.clock()

    with pytest.raises(RefreshInProgressError):
        world.get()

    assert timedelta(seconds=10) <= world.clock() - began < timedelta(seconds=10.5)
    assert world.provider.calls == []
    assert world.uses[-1].outcome == "refresh_in_progress"


def test_a_refresher_that_is_busy_is_asked_again_later(world: World) -> None:
    """The claim was lost to another instance: a pause, another look."""
    world.connect()
    world.expire()
    world.store.meanwhile("claim", world.refresh)

    token = world.get()

    assert len(world.clock.slept) == 1
    assert len(world.provider.calls) == 1
    assert token.expires_at > world.clock()


def test_an_outage_is_passed_on_with_its_time(world: World) -> None:
    """Below the wish nothing is handed out: 503 with the provider's own Retry-After."""
    world.connect()
    world.expire()
    world.provider.fail(ProviderUnavailableError("scripted", retry_after=90))

    with pytest.raises(ProviderUnavailableError) as failed:
        world.get()

    assert failed.value.retry_after == 90
    assert world.uses[-1].outcome == "provider_unavailable"


def test_an_outage_does_not_touch_a_token_that_still_serves(world: World) -> None:
    """The provider is down, the token is good: it is served."""
    world.connect()
    world.provider.down = True
    world.clock.advance(3500)

    assert world.get().value


@each_mode
def test_needs_sign_in_is_said_with_its_reason(world: World) -> None:
    """Whoever asks learns why; the second asker costs the provider nothing."""
    world.connect()
    world.expire()
    world.provider.withdraw(ADA_ID)
    for _ in range(3):
        with pytest.raises(NeedsSignInError) as refused:
            world.get()
        assert refused.value.reason == "sign_in_required"

    assert len(world.provider.calls) == 1
    assert [use.outcome for use in world.uses] == ["needs_sign_in"] * 3


def test_after_a_disconnect_no_token_leaves(world: World) -> None:
    """From the commit on, on every instance, warm caches or not (N34)."""
    world.connect()
    warm = world.tokens()
    warm.get(AGENT, ADA)
    world.disconnect()

    for tokens in (warm, world.tokens()):
        with pytest.raises(NotConnectedError):
            tokens.get(AGENT, ADA)


# -- who may --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "caller",
    [
        Agent(name="other@project.example"),
        Agent(name=""),
        Agent(name=AGENT.name.upper()),
    ],
)
def test_an_agent_outside_its_rule_learns_nothing(world: World, caller: Agent) -> None:
    """What exists and what does not are refused alike, without a look into the database."""
    world.connect()
    world.store.calls.clear()
    errors = []
    for key in (ADA, ConnectionKey("google_workspace", "nobody@example.com")):
        with pytest.raises(NotConnectedError) as refused:
            world.get(caller, key)
        errors.append((type(refused.value), str(refused.value) == str(key)))

    assert errors == [(NotConnectedError, True)] * 2
    assert world.store.calls == []
    assert [use.outcome for use in world.uses] == ["not_connected"] * 2


def test_within_its_rule_the_unknown_is_refused_with_the_same_words(world: World) -> None:
    """An allowed agent's refusal for somebody unknown is that of a forbidden one."""
    nobody = ConnectionKey("google_workspace", "nobody@example.com")
    with pytest.raises(NotConnectedError) as unknown:
        world.get(AGENT, nobody)
    with pytest.raises(NotConnectedError) as forbidden:
        world.get(Agent(name="other@project.example"), nobody)

    assert str(unknown.value) == str(forbidden.value)
    assert unknown.value.args == forbidden.value.args


@pytest.mark.parametrize("is_admin", [False, True])
def test_a_person_is_never_given_a_token(world: World, is_admin: bool) -> None:
    """Not their own, and an admin nobody's; the refusal is written down."""
    world.connect()
    person = replace(ADA_HERSELF, is_admin=is_admin)

    with pytest.raises(ForbiddenError):
        world.get(person)

    assert [(use.actor, use.outcome) for use in world.uses] == [
        (f"person:{ADA_ID}", "forbidden"),
    ]


def test_the_system_itself_may(world: World) -> None:
    """An operator at a terminal, or the refresher's own checks."""
    world.connect()

    assert world.get(System(name="doctor")).value


def test_a_withdrawn_rule_counts_at_once(world: World) -> None:
    """The policy is asked at each call."""
    world.connect()
    tokens = world.tokens()
    tokens.get(AGENT, ADA)
    world.policy = replace(world.policy, agents={})

    with pytest.raises(NotConnectedError):
        tokens.get(AGENT, ADA)


# -- scopes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("expired", [False, True])
def test_a_scope_that_was_not_granted_costs_no_call(world: World, expired: bool) -> None:
    """403 before anything is refreshed (N35)."""
    world.connect(scopes=SCOPES)
    if expired:
        world.expire()

    with pytest.raises(InsufficientScopeError):
        world.get(scopes=("mail.read", "calendar.read"))

    assert world.provider.calls == []
    assert (world.uses[-1].outcome, world.uses[-1].scopes) == (
        "insufficient_scope",
        ("mail.read", "calendar.read"),
    )


def test_a_scope_that_the_refresh_took_away_is_refused(world: World) -> None:
    """Granted yesterday, not in today's answer: the new token does not leave for it."""
    world.connect()
    world.expire()
    world.provider.alter(scopes=("openid",))

    with pytest.raises(InsufficientScopeError):
        world.get(scopes=("mail.read",))

    assert len(world.provider.calls) == 1


def test_scopes_are_compared_without_case(world: World) -> None:
    """Microsoft answers with a case of its own."""
    world.connect(scopes=("OpenID", "Mail.Read"))

    assert world.get(scopes=("openid", "MAIL.READ")).value


# -- the line is written first --------------------------------------------------------------------


def test_the_use_is_written_before_the_token_leaves(world: World) -> None:
    """Who, for whom, what for, how long; and it is written when the call returns."""
    world.connect()

    world.tokens().get(AGENT, ADA, min_ttl=2 * MINUTE, scopes=("mail.read",), purpose="digest")

    assert world.uses == [
        Use(
            actor="agent:agent@project.example",
            key=ADA,
            outcome="released",
            purpose="digest",
            scopes=("mail.read",),
            min_ttl=120,
        )
    ]


def test_a_token_whose_use_can_not_be_written_does_not_leave(world: World) -> None:
    """The log is full: no token, whatever else is well."""
    world.connect()

    def full(_use: Use) -> None:
        raise OSError("scripted: no space left")

    with pytest.raises(OSError, match="no space left"):
        world.tokens(uses=full).get(AGENT, ADA)


# -- nobody else's --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda theirs: {"sealed_access": theirs.sealed_access},
        lambda theirs: {"sealed_access": theirs.sealed_refresh},
        lambda _: {"sealed_access": b""},
        lambda _: {"sealed_access": None},
        lambda _: {"identity": str(BOB_ID)},
        lambda _: {"generation": 2},
        lambda theirs: {"epoch": theirs.epoch + 1},
    ],
    ids=["another's", "another kind's", "empty", "none", "identity", "generation", "epoch"],
)
def test_what_was_moved_or_altered_does_not_open(
    world: World, change: Callable[[object], dict[str, object]]
) -> None:
    """Whoever can write the database can not make us answer with another token (N42 to N46)."""
    mine = world.connect()
    world.connect(BOB, BOB_ID)
    world.paste(ADA, **change(world.record(BOB)))

    with pytest.raises(TamperedError):
        world.get()

    assert world.uses[-1].outcome == "tampered"
    assert world.provider.calls == []
    world.paste(
        ADA,
        sealed_access=mine.sealed_access,
        identity=str(mine.identity),
        generation=mine.generation,
        epoch=mine.epoch,
    )


def test_every_flipped_byte_is_noticed(world: World) -> None:
    """A typed error for each byte of the sealed value (N47)."""
    mine = world.connect()
    assert mine.sealed_access is not None
    tokens = AccessTokens(deployment=DEPLOYMENT, opener=world.opener(Kind.ACCESS))
    for index in range(len(mine.sealed_access)):
        altered = bytearray(mine.sealed_access)
        altered[index] ^= 1
        with pytest.raises(TamperedError):
            tokens.open(replace(mine, sealed_access=bytes(altered)))


def test_a_database_that_answers_with_another_record_is_caught(world: World) -> None:
    """The last look at the border: Bob's whole record, in order in itself, is not Ada's (N33)."""
    world.connect()
    world.connect(BOB, BOB_ID)
    theirs = world.peek().read(BOB)

    class Confused:
        def read(self, key: ConnectionKey) -> Snapshot | None:
            return theirs

        def by_identity(self, identity: object) -> tuple[Snapshot, ...]:
            return ()

    with pytest.raises(TamperedError):
        world.tokens(connections=Confused()).get(AGENT, ADA)
    assert world.uses[-1].outcome == "tampered"


def test_another_deployments_key_opens_nothing(world: World) -> None:
    """The database, copied elsewhere, opens nowhere (N45)."""
    mine = world.connect()
    elsewhere = AccessTokens(deployment="another", opener=world.opener(Kind.ACCESS))

    with pytest.raises(TamperedError):
        elsewhere.open(mine)


@pytest.mark.parametrize("error", [KeysUnavailableError, StoreUnavailableError])
def test_what_is_down_is_said_and_changes_nothing(
    world: World, error: type[MultiUserOAuthError]
) -> None:
    """Keys or database: 503, written down, and well again by itself (N53)."""
    world.connect()
    if error is KeysUnavailableError:
        world.keys[Kind.ACCESS].down = True
    else:
        world.store.fail_before("read")
    with pytest.raises(error):
        world.get()
    assert world.uses[-1].outcome == error.code

    world.keys[Kind.ACCESS].down = False
    assert world.get().value


def test_a_caller_never_waits_for_ever(world: World) -> None:
    """A refresher that says it is done and is not: after ten seconds the caller is told."""
    world.connect()
    world.expire()

    class Dreaming:
        def refresh(
            self, key: ConnectionKey, *, min_ttl: timedelta, anew: Anew | None = None
        ) -> None:
            world.clock.advance(1)

    began = world.clock()
    with pytest.raises(RefreshInProgressError):
        world.tokens(Dreaming()).get(AGENT, ADA)

    assert world.clock() - began == world.limits.wait_for_refresh


def test_who_sees_a_lease_does_not_ask(world: World) -> None:
    """The refresher, which may be another function, is left alone: looking is enough."""
    world.connect()
    world.expire()
    _refresh_slowly(world, looks=3)
    asked: list[ConnectionKey] = []
    real = world.refresher()

    class Counting:
        def refresh(
            self, key: ConnectionKey, *, min_ttl: timedelta, anew: Anew | None = None
        ) -> None:
            asked.append(key)
            real.refresh(key, min_ttl=min_ttl, anew=anew)

    world.tokens(Counting()).get(AGENT, ADA)

    assert asked == [ADA]


def test_no_lease_is_no_lease(world: World) -> None:
    """A record without a lease has no age of one."""
    world.connect()
    snapshot = world.peek().read(ADA)
    assert snapshot is not None

    assert snapshot.lease_age is None
    assert not is_leased(snapshot, world.limits)


def test_a_person_has_no_use_for_the_key(world: World) -> None:
    """A refused person costs no read: nothing is opened for them."""
    world.connect()
    world.store.calls.clear()
    somebody = Person(identities=frozenset({BOB_ID}), email="bob@example.com")

    with pytest.raises(ForbiddenError):
        world.get(somebody)

    assert world.store.calls == []


# -- the person's word ----------------------------------------------------------------------------


def test_a_cut_while_the_caller_waits_holds(world: World) -> None:
    """
    The person cuts the agent between its asking and its answer: no token leaves (N41b).

    The read that the answer is made of began after that commit.
    """
    world.connect()
    world.expire()

    class CutMeanwhile:
        def refresh(
            self, key: ConnectionKey, *, min_ttl: timedelta, anew: Anew | None = None
        ) -> None:
            world.refresh(key)
            world.delegating().say(ADA_HERSELF, key, AGENT.name, ())

    with pytest.raises(DelegationRequiredError):
        world.tokens(CutMeanwhile()).get(AGENT, ADA)

    assert world.uses[-1].outcome == "delegation_required"
    assert world.activity.uses(ADA) == ()


def test_a_cut_while_another_refreshes_holds(world: World) -> None:
    """The same where the caller only looks at the record until another worker is done (N41b)."""
    world.connect()
    world.expire()
    _refresh_slowly(world, looks=2)
    waiting = world.clock.meanwhile
    assert waiting is not None

    def meanwhile() -> None:
        if len(world.clock.slept) == 1:
            world.delegating().cut_all(ADA_HERSELF, ADA)
        waiting()

    world.clock.meanwhile = meanwhile
    with pytest.raises(DelegationRequiredError):
        world.get()

    assert len(world.clock.slept) == 1
    assert world.provider.calls == []


def test_every_read_that_begins_after_the_cut_gives_nothing(world: World) -> None:
    """On every instance, with warm keys or not; a read that began before may still answer (N41b)."""
    world.connect()
    warm = world.tokens()
    warm.get(AGENT, ADA)
    world.store.meanwhile("read", lambda: world.delegating().say(ADA_HERSELF, ADA, AGENT.name, ()))

    with pytest.raises(DelegationRequiredError):
        warm.get(AGENT, ADA)

    with pytest.raises(DelegationRequiredError):
        world.tokens().get(AGENT, ADA)
