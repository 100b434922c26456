"""A person's word on an agent: stored in the connection, with its audit, and never lost."""

from dataclasses import replace
from datetime import timedelta

import pytest

from multi_user_oauth.errors import (
    DelegationRequiredError,
    ForbiddenError,
    NotConnectedError,
    RequestError,
    StoreUnavailableError,
    TooManyDelegationsError,
)
from multi_user_oauth.model import (
    MOST_DELEGATIONS,
    Action,
    AgentRule,
    ConnectionKey,
    Delegation,
    Person,
)
from tests.support.world import (
    ADA,
    ADA_DRIVE,
    ADA_HERSELF,
    ADA_ID,
    AGENT,
    BOB_ID,
    HOUR,
    MINUTE,
    SCOPES,
    Killed,
    World,
    at,
    killed_at,
)
from tests.unit.core.modes import each_mode

OTHER = "other@project.example"
TOKEN = (Action.TOKEN,)
MAIL = (Action.MAIL_SEND, Action.MAIL_READ)


def with_other(world: World) -> None:
    """Let the policy know a second agent, for mail alone."""
    rule = AgentRule(
        name=OTHER,
        connector_types=frozenset({ADA.connector_type}),
        users=frozenset({ADA.user_email}),
        actions=frozenset({"mail.send", "mail.read"}),
    )
    world.policy = replace(world.policy, agents={**world.policy.agents, OTHER: rule})


def last(world: World) -> tuple[str, str, str]:
    """Return the newest audit record's event, actor and reason."""
    record = world.peek().audit(ADA)[-1]
    return record.action, record.actor, record.reason


def test_a_word_is_stored_with_its_audit_in_one_commit(world: World) -> None:
    """One read; the record and its audit record are the two writes."""
    world.connect()
    world.meter.reset()

    said = world.delegating().say(ADA_HERSELF, ADA, AGENT.name, MAIL, world.clock() + HOUR)

    assert world.meter.counts() == {"main.read": 1, "main.write": 2}
    assert world.record().delegations == (said,)
    assert said == Delegation(
        agent=AGENT.name,
        actions=("mail.read", "mail.send"),
        given_at=world.clock(),
        expires_at=world.clock() + HOUR,
    )
    until = (world.clock() + HOUR).isoformat()
    assert last(world) == (
        "delegation_limited",
        f"person:{ADA_ID}",
        f"{AGENT.name}: mail.read, mail.send, until {until}",
    )


@pytest.mark.parametrize(
    ("required", "before", "said", "event"),
    [
        (False, None, TOKEN, "delegated"),
        (False, None, MAIL, "delegation_limited"),
        (True, None, MAIL, "delegated"),
        (False, MAIL, MAIL[:1], "delegation_limited"),
        (False, MAIL[:1], MAIL, "delegated"),
        (False, MAIL, (Action.FILES_READ,), "delegated"),
        (False, (), MAIL, "delegated"),
        (False, TOKEN, (), "delegation_cut"),
        (True, None, (), "delegation_cut"),
    ],
)
def test_the_audit_says_whether_it_is_more_or_less(
    world: World,
    required: bool,
    before: tuple[Action, ...] | None,
    said: tuple[Action, ...],
    event: str,
) -> None:
    """Less than the agent had before, by the person's word or by the policy alone, is a limit."""
    world.connect()
    world.policy = replace(world.policy, delegations_required=required)
    if before is not None:
        world.delegating().say(ADA_HERSELF, ADA, AGENT.name, before)

    world.delegating().say(ADA_HERSELF, ADA, AGENT.name, said)

    assert last(world)[0] == event


def test_where_leave_is_required_nothing_goes_without(world: World) -> None:
    """The policy lets the agent in, the person has not yet."""
    world.connect()
    world.policy = replace(world.policy, delegations_required=True)
    with pytest.raises(DelegationRequiredError):
        world.get()

    world.delegating().say(ADA_HERSELF, ADA, AGENT.name, TOKEN)

    assert world.get().value


def test_a_word_is_never_more_than_the_policy(world: World) -> None:
    """Leave to everything does not make a mail agent one that is given tokens."""
    world.connect()
    with_other(world)
    world.delegating().say(ADA_HERSELF, ADA, OTHER, TOKEN)

    (reach,) = (r for r in world.delegating().reach(world.record()) if r.agent == OTHER)

    assert reach.actions == reach.at_most == tuple(sorted(MAIL))


def test_who_could_use_it_is_told_with_what_it_may_now(world: World) -> None:
    """Cut and over is nothing; what it could be left at most is told beside it."""
    world.connect()
    with_other(world)
    world.delegating().say(ADA_HERSELF, ADA, "*", ())
    world.delegating().say(ADA_HERSELF, ADA, OTHER, MAIL[:1], world.clock() + MINUTE)

    def told() -> dict[str, tuple[Action, ...]]:
        return {r.agent: r.actions for r in world.delegating().reach(world.record())}

    assert told() == {AGENT.name: (), OTHER: MAIL[:1]}
    world.clock.advance(60)
    assert told() == {AGENT.name: (), OTHER: ()}
    assert [r.at_most for r in world.delegating().reach(world.record())][1] == tuple(sorted(MAIL))


@pytest.mark.parametrize(
    "person",
    [
        Person(identities=frozenset({BOB_ID}), email="ada@example.com"),
        Person(identities=frozenset({BOB_ID}), email="ada@example.com", is_admin=True),
        Person(identities=frozenset({BOB_ID}), email="b@example.com", is_auditor=True),
    ],
)
def test_nobody_speaks_for_another(world: World, person: Person) -> None:
    """N37, N41d: not who has the same e-mail, and no admin; it is as if it were not there."""
    world.connect()
    for deed in (
        lambda: world.delegating().say(person, ADA, AGENT.name, ()),
        lambda: world.delegating().cut_all(person, ADA),
    ):
        with pytest.raises(NotConnectedError) as refused:
            deed()
        assert str(refused.value) == str(ADA)
    with pytest.raises(NotConnectedError):
        world.delegating().cut_all(person, ConnectionKey("google_workspace", "x@example.com"))
    assert world.delegating().own(person) == ()
    assert world.record().delegations == ()


def test_a_bearer_token_gives_no_leave(world: World) -> None:
    """N41d: a frontend that signs people in itself must not let agents in for them."""
    world.connect()
    person = replace(ADA_HERSELF, by_bearer=True)
    for deed in (
        lambda: world.delegating().say(person, ADA, AGENT.name, TOKEN),
        lambda: world.delegating().cut_all(person, ADA),
        lambda: world.delegating().own(person),
    ):
        with pytest.raises(ForbiddenError):
            deed()
    assert world.record().delegations == ()


def test_on_a_tombstone_there_is_no_word_to_say(world: World) -> None:
    """Nor is it listed; who was cut by the disconnect stays cut after a new sign-in."""
    world.connect()
    world.connect(ADA_DRIVE)
    world.delegating().say(ADA_HERSELF, ADA, AGENT.name, TOKEN)
    world.disconnect()

    with pytest.raises(NotConnectedError):
        world.delegating().say(ADA_HERSELF, ADA, AGENT.name, TOKEN)

    assert [each.key for each in world.delegating().own(ADA_HERSELF)] == [ADA_DRIVE]
    world.connect()
    with pytest.raises(DelegationRequiredError):
        world.get()


def test_an_agent_that_nobody_knows_is_refused(world: World) -> None:
    """A typing error is no delegation; one that was given before can always be cut."""
    world.connect()
    with_other(world)
    world.delegating().say(ADA_HERSELF, ADA, OTHER, MAIL)
    world.policy = replace(world.policy, agents={})

    with pytest.raises(RequestError) as refused:
        world.delegating().say(ADA_HERSELF, ADA, AGENT.name, ())
    assert refused.value.field == "agent"
    world.delegating().say(ADA_HERSELF, ADA, OTHER, ())

    assert [(d.agent, d.actions) for d in world.record().delegations] == [(OTHER, ())]


def test_a_hundred_are_enough(world: World) -> None:
    """One more is refused; one of the hundred can be changed, and all be cut at once."""
    world.connect()
    rules = {f"a{n}": replace(world.policy.agents[AGENT.name], name=f"a{n}") for n in range(101)}
    world.policy = replace(world.policy, agents=rules)
    full = tuple(
        Delegation(agent=f"a{n}", actions=("token",), given_at=world.clock())
        for n in range(MOST_DELEGATIONS)
    )
    world.paste(
        ADA,
        delegations=[
            {"agent": d.agent, "actions": ["token"], "given_at": d.given_at, "expires_at": None}
            for d in full
        ],
    )
    assert world.record().delegations == full

    with pytest.raises(TooManyDelegationsError):
        world.delegating().say(ADA_HERSELF, ADA, "a100", TOKEN)
    world.delegating().say(ADA_HERSELF, ADA, "a7", ())
    assert len(world.record().delegations) == MOST_DELEGATIONS
    world.delegating().cut_all(ADA_HERSELF, ADA)

    assert [(d.agent, d.actions) for d in world.record().delegations] == [("*", ())]


@pytest.mark.parametrize("seconds", [0, -1])
def test_a_date_that_is_over_is_refused(world: World, seconds: int) -> None:
    """It would be a cut that nobody asked for."""
    world.connect()
    until = world.clock() + timedelta(seconds=seconds)
    with pytest.raises(RequestError) as refused:
        world.delegating().say(ADA_HERSELF, ADA, AGENT.name, TOKEN, until)
    assert refused.value.field == "expires_at"


# -- races and faults ---------------------------------------------------------------------------------


@each_mode
@pytest.mark.parametrize("point", ["claimed", "prepared", "answered"])
def test_a_refresh_in_flight_loses_no_word(world: World, point: str) -> None:
    """The refresh commits its token to the record as it stands then: both are kept."""
    world.connect()
    world.expire()

    def cut() -> None:
        world.delegating().say(ADA_HERSELF, ADA, AGENT.name, ())

    world.refresh(point=at(point, cut))

    record = world.record()
    assert [(d.agent, d.actions) for d in record.delegations] == [(AGENT.name, ())]
    assert record.generation == 2
    assert world.actions()[-2:] == ["delegation_cut", "refreshed"]


@each_mode
def test_a_word_in_flight_loses_no_refresh(world: World) -> None:
    """The other way round: the word is said on the record that the refresh has just written."""
    world.connect()
    world.expire()
    world.store.meanwhile("commit", world.refresh)

    world.delegating().say(ADA_HERSELF, ADA, AGENT.name, ())

    assert world.record().generation == 2
    assert world.actions()[-2:] == ["refreshed", "delegation_cut"]


def test_a_word_keeps_another_ones_lease(world: World) -> None:
    """A refresher that died holds it until it is over: nobody asks the provider before."""
    world.connect()
    world.expire()
    with pytest.raises(Killed):
        world.refresh(point=killed_at("claimed"))
    lease = world.record().lease

    world.delegating().say(ADA_HERSELF, ADA, AGENT.name, ())

    assert lease is not None
    assert world.record().lease == lease


def test_a_disconnect_meanwhile_wins(world: World) -> None:
    """The word is not said on what is gone."""
    world.connect()
    world.store.meanwhile("commit", world.disconnect)

    with pytest.raises(NotConnectedError):
        world.delegating().say(ADA_HERSELF, ADA, AGENT.name, TOKEN)

    assert [d.actions for d in world.record().delegations] == []


def test_two_words_at_once_are_both_kept(world: World) -> None:
    """On two agents; one after the other."""
    world.connect()
    with_other(world)
    world.store.meanwhile("commit", lambda: world.delegating().say(ADA_HERSELF, ADA, OTHER, ()))

    world.delegating().say(ADA_HERSELF, ADA, AGENT.name, ())

    assert [d.agent for d in world.record().delegations] == [OTHER, AGENT.name]


def test_a_lost_answer_is_no_second_record(world: World) -> None:
    """The commit landed, its answer did not: it is found, and not written again."""
    world.connect(scopes=SCOPES)
    world.store.fail_after("commit")

    world.delegating().say(ADA_HERSELF, ADA, AGENT.name, ())

    assert world.actions() == ["connected", "delegation_cut"]


def test_a_database_that_does_not_answer_is_said(world: World) -> None:
    """Nothing was said then; the person tries again."""
    world.connect()
    world.store.fail_before("commit", times=20)

    with pytest.raises(StoreUnavailableError):
        world.delegating().say(ADA_HERSELF, ADA, AGENT.name, ())
