"""Another token than the one that an API refused: once for all who ask, and never the same again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from multi_user_oauth.errors import (
    GrantRefusedError,
    NeedsSignInError,
    NotConnectedError,
    ProviderUnavailableError,
    RefreshInProgressError,
)
from multi_user_oauth.model import Agent, ConnectionKey
from multi_user_oauth.ports import Anew
from tests.support.world import ADA, ADA_ID, AGENT, MINUTE, World
from tests.unit.core.modes import each_mode

CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}'


class Asked:
    """A refresher that says what it was asked for."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.wishes: list[Anew | None] = []

    def refresh(self, key: ConnectionKey, *, min_ttl: timedelta, anew: Anew | None = None) -> None:
        """As the port."""
        self.wishes.append(anew)
        self._world.refresher().refresh(key, min_ttl=min_ttl, anew=anew)


@each_mode
def test_a_fresh_token_is_changed_for_another_where_that_is_forced(world: World) -> None:
    """It is an hour good, and an API refused it: the provider is asked once, without a challenge."""
    world.connect()
    world.clock.advance(60)
    tokens = world.tokens()
    old = tokens.get(AGENT, ADA)

    new = tokens.get(AGENT, ADA, force_refresh=True)

    assert new.value != old.value
    assert [call.claims for call in world.provider.calls] == [None]
    assert tokens.get(AGENT, ADA) == new
    assert len(world.provider.calls) == 1


def test_which_token_was_refused_is_told_and_no_other(world: World) -> None:
    """By its generation; who forces nothing asks nobody."""
    generation = world.connect().generation
    world.clock.advance(60)
    asked = Asked(world)
    world.tokens(asked).get(AGENT, ADA)
    world.tokens(asked).get(AGENT, ADA, force_refresh=True)
    world.tokens(asked).get(AGENT, ADA, claims_challenge=CLAIMS)

    assert asked.wishes == [
        Anew(generation=generation),
        Anew(generation=generation + 1, claims=CLAIMS),
    ]


def test_a_token_of_the_last_minute_is_another_one_already(world: World) -> None:
    """A hundred who were refused the same one cost the provider one call."""
    world.connect()
    world.clock.advance(59)
    first = world.tokens().get(AGENT, ADA, force_refresh=True)
    assert world.provider.calls == []

    world.clock.advance(1)
    second = world.tokens().get(AGENT, ADA, force_refresh=True)
    assert second.value != first.value
    world.clock.advance(59)
    for _ in range(3):
        assert world.tokens().get(AGENT, ADA, force_refresh=True) == second
    assert len(world.provider.calls) == 1


def test_a_challenge_is_passed_on_however_young_the_token_is(world: World) -> None:
    """The provider is to put in what the token lacks: waiting would not bring it there."""
    world.connect()

    token = world.tokens().get(AGENT, ADA, claims_challenge=CLAIMS)

    assert [call.claims for call in world.provider.calls] == [CLAIMS]
    assert token == world.tokens().get(AGENT, ADA)


def test_who_waits_for_another_worker_is_served_with_its_token(world: World) -> None:
    """A refresh is under way: its token is another one, and nobody asks twice."""
    world.connect()
    world.clock.advance(60)
    snapshot = world.peek().read(ADA)
    assert snapshot is not None
    claimed = world.peek().claim(snapshot, "slow")
    asked = Asked(world)

    def meanwhile() -> None:
        if len(world.clock.slept) == 2:
            world.clock.meanwhile = None
            world.peek().release(claimed, None)
            world.refresher().refresh(ADA, min_ttl=MINUTE, anew=Anew(generation=1))

    world.clock.meanwhile = meanwhile
    token = world.tokens(asked).get(AGENT, ADA, force_refresh=True)

    assert asked.wishes == []
    assert len(world.provider.calls) == 1
    assert token == world.tokens().get(AGENT, ADA)


def test_who_can_not_be_given_another_is_not_given_the_old_one(world: World) -> None:
    """The provider is down: 503, though the stored token would serve anybody else."""
    world.connect()
    world.clock.advance(60)
    world.provider.fail(ProviderUnavailableError("scripted", retry_after=30))

    with pytest.raises(ProviderUnavailableError) as failed:
        world.tokens().get(AGENT, ADA, force_refresh=True)

    assert failed.value.retry_after == 30
    assert world.uses[-1].outcome == "provider_unavailable"
    assert world.tokens().get(AGENT, ADA).value


def test_a_refresher_that_brings_nothing_new_ends_in_a_refusal(world: World) -> None:
    """After ten seconds; never the refused token, as if it were another."""
    world.connect()
    world.clock.advance(60)

    class Dreaming:
        def refresh(
            self, key: ConnectionKey, *, min_ttl: timedelta, anew: Anew | None = None
        ) -> None:
            world.clock.advance(1)

    with pytest.raises(RefreshInProgressError):
        world.tokens(Dreaming()).get(AGENT, ADA, claims_challenge=CLAIMS)


def test_a_grant_that_is_dead_is_said_to_be(world: World) -> None:
    """The API refused the token because it was ended: the forced refresh finds out."""
    world.connect()
    world.clock.advance(60)
    world.provider.withdraw(ADA_ID)

    with pytest.raises(NeedsSignInError):
        world.tokens().get(AGENT, ADA, force_refresh=True)


def test_nobody_forces_what_they_may_not_use(world: World) -> None:
    """The rule is asked first: no read, no call."""
    world.connect()
    world.clock.advance(60)
    world.store.calls.clear()

    with pytest.raises(NotConnectedError):
        world.tokens().get(Agent(name="other@project.example"), ADA, force_refresh=True)

    assert world.store.calls == []
    assert world.provider.calls == []


def test_the_end_of_a_grant_is_stored_and_stays(world: World) -> None:
    """Named once by the provider, it stands until an answer names another, or a new grant begins."""
    week = world.clock() + timedelta(days=7)
    assert world.connect().refresh_token_expires_at is None
    world.provider.alter(refresh_token_expires_at=week)
    world.expire()
    world.refresh()
    assert world.record().refresh_token_expires_at == week
    world.expire()
    world.refresh()
    assert world.record().refresh_token_expires_at == week
    assert world.connect().refresh_token_expires_at is None


def test_a_challenge_that_only_the_person_can_meet_cuts_nobody_off(world: World) -> None:
    """Whoever sent it is told to have the person sign in; for all others nothing has changed."""
    world.connect()
    world.clock.advance(60)
    before = world.record()
    world.provider.fail(GrantRefusedError("scripted", reason="mfa_required"))

    with pytest.raises(NeedsSignInError) as refused:
        world.tokens().get(AGENT, ADA, claims_challenge=CLAIMS)

    assert refused.value.reason == "mfa_required"
    assert replace(world.record(), audit=before.audit) == before
    assert world.actions() == ["connected"]
    assert world.activity.suspects(ADA.connector_type, after=None, limit=10) == ()
    assert world.tokens().get(AGENT, ADA).value.reveal()


def test_a_token_that_has_ended_is_never_another_one(world: World) -> None:
    """Not even one that came a moment ago: where tokens live for seconds, the next is asked for."""
    world.provider.lifetime = timedelta(seconds=20)
    world.connect()
    world.clock.advance(30)
    assert world.tokens().get(AGENT, ADA, force_refresh=True).expires_at > world.clock()
