"""Who may do what, as one table: every kind of caller, every action, on a connection of Ada's."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import get_args

import pytest

from multi_user_oauth.access import may_see, require, require_reach
from multi_user_oauth.audit import GENESIS
from multi_user_oauth.errors import (
    DelegationRequiredError,
    ForbiddenError,
    MultiUserOAuthError,
    NotConnectedError,
    StepUpRequiredError,
)
from multi_user_oauth.model import (
    USES,
    Action,
    Agent,
    AgentRule,
    Caller,
    Connection,
    ConnectionKey,
    ConnectionStatus,
    Delegation,
    Person,
    Policy,
    StepUp,
    System,
)
from tests.support.clock import START
from tests.support.world import (
    ADA,
    ADA_HERSELF,
    ADA_ID,
    BOB_ID,
    CLEO_ID,
    HOUR,
    OPTIONAL,
    SCOPES,
)

TYPES = frozenset({"google_workspace", "microsoft_teams"})
READ = frozenset({"mail.read"})


def rule(
    name: str,
    user: str = "ada@example.com",
    types: Iterable[str] = TYPES,
    actions: frozenset[str] = frozenset({"token"}),
) -> AgentRule:
    """What the policy file says about an agent."""
    return AgentRule(
        name=name, connector_types=frozenset(types), users=frozenset({user}), actions=actions
    )


RULES = (
    rule("ada@p"),
    rule("another@p"),
    rule("domain@p", "*@example.com"),
    rule("reader@p", actions=READ),
    rule("later@p", actions=frozenset({"mail.read", "of a newer program"})),
    rule("powerless@p", actions=frozenset()),
    rule("other-type@p", types={"google_drive"}),
    rule("other-user@p", "bob@example.com"),
    rule("sub-domain@p", "*@sub.example.com"),
    rule("domain-above@p", "*@com"),
    rule("look-alike@p", "*@evil-example.com"),
    rule("longer@p", "*@example.com.evil.test"),
    rule("no-wildcard@p", "*"),
)
POLICY = Policy(
    agents={each.name: each for each in RULES},
    admins=frozenset({BOB_ID}),
    auditors=frozenset({CLEO_ID}),
)
REQUIRED = replace(POLICY, delegations_required=True)
STEP_UP = replace(POLICY, step_up=StepUp(context="c1"))

BOB = Person(identities=frozenset({BOB_ID}), email="bob@example.com")
ADMIN = replace(BOB, is_admin=True)
AUDITOR = Person(identities=frozenset({CLEO_ID}), email="cleo@example.com", is_auditor=True)


def leave(agent: str, *actions: str, hours: float | None = None) -> Delegation:
    """Ada's word on an agent, an hour ago."""
    expires_at = None if hours is None else START + hours * HOUR
    return Delegation(agent=agent, actions=actions, given_at=START - HOUR, expires_at=expires_at)


@dataclass(frozen=True, slots=True)
class Kind:
    """A caller, what the policy says besides, and what Ada said."""

    caller: Caller
    policy: Policy = POLICY
    words: tuple[Delegation, ...] = ()


def agent(*names: str, policy: Policy = POLICY, words: tuple[Delegation, ...] = ()) -> Kind:
    """An agent, and those who act for it."""
    return Kind(Agent(name=names[0], actors=names[1:]), policy, words)


KINDS = {
    "the owner": Kind(ADA_HERSELF),
    "the owner, of two identities": Kind(replace(ADA_HERSELF, identities=frozenset({ADA_ID, CLEO_ID}))),
    "the owner, an admin": Kind(replace(ADA_HERSELF, is_admin=True), STEP_UP),
    "the owner by bearer": Kind(replace(ADA_HERSELF, by_bearer=True)),
    "another person": Kind(BOB),
    "her e-mail elsewhere": Kind(Person(identities=frozenset({CLEO_ID}), email="ada@example.com")),
    "nobody of her e-mail": Kind(Person(identities=frozenset(), email="ada@example.com")),
    "another by bearer": Kind(replace(BOB, by_bearer=True)),
    "an admin": Kind(ADMIN),
    "an admin, not stepped up": Kind(ADMIN, STEP_UP),
    "an admin, stepped up": Kind(replace(ADMIN, stepped_up=True), STEP_UP),
    "stepped up, no admin": Kind(replace(BOB, stepped_up=True), STEP_UP),
    "an auditor": Kind(AUDITOR),
    "an auditor, stepped up": Kind(replace(AUDITOR, stepped_up=True), STEP_UP),
    "an admin by bearer": Kind(replace(ADMIN, by_bearer=True)),
    "an auditor by bearer": Kind(replace(AUDITOR, by_bearer=True)),
    "an agent": agent("ada@p"),
    "of her domain": agent("domain@p"),
    "for another type": agent("other-type@p"),
    "for another user": agent("other-user@p"),
    "of a sub-domain": agent("sub-domain@p"),
    "of the domain above": agent("domain-above@p"),
    "of a look-alike domain": agent("look-alike@p"),
    "of a longer domain": agent("longer@p"),
    "for a bare star": agent("no-wildcard@p"),
    "without a rule": agent("unknown@p"),
    "named a star": agent("*"),
    "a reader": agent("reader@p"),
    "a reader, and more": agent("later@p"),
    "a rule of no actions": agent("powerless@p"),
    "left to read": agent("ada@p", words=(leave("ada@p", "mail.read"),)),
    "left the token": agent("ada@p", words=(leave("ada@p", "token"),)),
    "left more than its rule": agent("reader@p", words=(leave("reader@p", "token"),)),
    "left nothing of its rule": agent("reader@p", words=(leave("reader@p", "mail.send"),)),
    "cut": agent("ada@p", words=(leave("ada@p"),)),
    "cut by star": agent("ada@p", words=(leave("*"),)),
    "star cut, it is not": agent("ada@p", words=(leave("*"), leave("ada@p", "token"))),
    "cut, star is not": agent("ada@p", words=(leave("*", "token"), leave("ada@p"))),
    "another one was cut": agent("ada@p", words=(leave("another@p"),)),
    "its leave is over": agent("ada@p", words=(leave("ada@p", "token", hours=0),)),
    "its leave is not over": agent("ada@p", words=(leave("ada@p", "token", hours=0.1),)),
    "over, but not the star's": agent(
        "ada@p", words=(leave("ada@p", "token", hours=-1), leave("*", "token"))
    ),
    "leave needed, none": agent("ada@p", policy=REQUIRED),
    "leave needed, had": agent("ada@p", policy=REQUIRED, words=(leave("ada@p", "token"),)),
    "leave needed, star's": agent("ada@p", policy=REQUIRED, words=(leave("*", "token"),)),
    "leave needed, another's": agent("ada@p", policy=REQUIRED, words=(leave("another@p", "token"),)),
    "by another": agent("ada@p", "another@p"),
    "by one without a rule": agent("ada@p", "unknown@p"),
    "by one for another user": agent("ada@p", "another@p", "other-user@p"),
    "for one without a rule": agent("unknown@p", "ada@p"),
    "by a reader": agent("ada@p", "reader@p"),
    "by one that is cut": agent("ada@p", "another@p", words=(leave("another@p"),)),
    "by one, itself cut": agent("ada@p", "another@p", words=(leave("ada@p"),)),
    "by one, leave for one": agent(
        "ada@p", "another@p", policy=REQUIRED, words=(leave("ada@p", "token"),)
    ),
    "by one, leave for both": agent(
        "ada@p", "another@p", policy=REQUIRED,
        words=(leave("ada@p", "token"), leave("another@p", "mail.read")),
    ),
    "the system": Kind(System(name="refresh"), REQUIRED, (leave("*"),)),
}  # fmt: skip

CONNECTION = Connection(
    key=ADA,
    status=ConnectionStatus.ACTIVE,
    identity=ADA_ID,
    epoch=1,
    generation=1,
    commit_id="00",
    audit=GENESIS,
    connected_at=START,
    scopes=SCOPES + OPTIONAL,
)

COLUMNS: dict[str, frozenset[Action]] = {
    "token": frozenset({Action.TOKEN}),
    "read": frozenset({Action.MAIL_READ}),
    "uses": USES - {Action.TOKEN, Action.MAIL_READ},
    "see": frozenset({Action.SEE}),
    "end": frozenset({Action.END}),
    "leave": frozenset({Action.DELEGATE}),
    "audit": frozenset({Action.READ_AUDIT}),
    "usage": frozenset({Action.READ_USAGE}),
}
REFUSALS: dict[str, type[MultiUserOAuthError]] = {
    "404": NotConnectedError,
    "403": ForbiddenError,
    "del": DelegationRequiredError,
    "step": StepUpRequiredError,
}

TABLE = """
                                  token  read  uses  see  end  leave  audit  usage
    the owner                   |  403    +     +     +    +     +      +      +
    the owner, of two identities|  403    +     +     +    +     +      +      +
    the owner, an admin         |  403    +     +     +    +     +      +      +
    the owner by bearer         |  403    +     +     +    +    403     +      +
    another person              |  403   404   404   404  404   404    404    404
    her e-mail elsewhere        |  403   404   404   404  404   404    404    404
    nobody of her e-mail        |  403   404   404   404  404   404    404    404
    another by bearer           |  403   404   404   404  404   404    404    404
    an admin                    |  403   404   404    +    +    404     +      +
    an admin, not stepped up    |  403   404   404    +   step  404     +      +
    an admin, stepped up        |  403   404   404    +    +    404     +      +
    stepped up, no admin        |  403   404   404   404  404   404    404    404
    an auditor                  |  403   404   404    +   404   404     +      +
    an auditor, stepped up      |  403   404   404    +   404   404     +      +
    an admin by bearer          |  403   404   404   404  404   404    404    404
    an auditor by bearer        |  403   404   404   404  404   404    404    404
    an agent                    |   +     +     +     +   404   404    404    404
    of her domain               |   +     +     +     +   404   404    404    404
    for another type            |  404   404   404   404  404   404    404    404
    for another user            |  404   404   404   404  404   404    404    404
    of a sub-domain             |  404   404   404   404  404   404    404    404
    of the domain above         |  404   404   404   404  404   404    404    404
    of a look-alike domain      |  404   404   404   404  404   404    404    404
    of a longer domain          |  404   404   404   404  404   404    404    404
    for a bare star             |  404   404   404   404  404   404    404    404
    without a rule              |  404   404   404   404  404   404    404    404
    named a star                |  404   404   404   404  404   404    404    404
    a reader                    |  403    +    403    +   404   404    404    404
    a reader, and more          |  403    +    403    +   404   404    404    404
    a rule of no actions        |  403   403   403    +   404   404    404    404
    left to read                |  del    +    del    +   404   404    404    404
    left the token              |   +     +     +     +   404   404    404    404
    left more than its rule     |  403    +    403    +   404   404    404    404
    left nothing of its rule    |  403   del   403    +   404   404    404    404
    cut                         |  del   del   del    +   404   404    404    404
    cut by star                 |  del   del   del    +   404   404    404    404
    star cut, it is not         |   +     +     +     +   404   404    404    404
    cut, star is not            |  del   del   del    +   404   404    404    404
    another one was cut         |   +     +     +     +   404   404    404    404
    its leave is over           |  del   del   del    +   404   404    404    404
    its leave is not over       |   +     +     +     +   404   404    404    404
    over, but not the star's    |  del   del   del    +   404   404    404    404
    leave needed, none          |  del   del   del    +   404   404    404    404
    leave needed, had           |   +     +     +     +   404   404    404    404
    leave needed, star's        |   +     +     +     +   404   404    404    404
    leave needed, another's     |  del   del   del    +   404   404    404    404
    by another                  |   +     +     +     +   404   404    404    404
    by one without a rule       |  404   404   404   404  404   404    404    404
    by one for another user     |  404   404   404   404  404   404    404    404
    for one without a rule      |  404   404   404   404  404   404    404    404
    by a reader                 |  403    +    403    +   404   404    404    404
    by one that is cut          |  del   del   del    +   404   404    404    404
    by one, itself cut          |  del   del   del    +   404   404    404    404
    by one, leave for one       |  del   del   del    +   404   404    404    404
    by one, leave for both      |  del    +    del    +   404   404    404    404
    the system                  |   +     +     +     +    +     +      +      +
"""

HEAD, *LINES = TABLE.strip().splitlines()
ROWS = {
    name.strip(): dict(zip(HEAD.split(), cells.split(), strict=True))
    for name, cells in (line.split("|") for line in LINES)
}
COMBINATIONS = [
    pytest.param(KINDS[name], action, cells[column], id=f"{name}: {action}")
    for name, cells in ROWS.items()
    for column, actions in COLUMNS.items()
    for action in sorted(actions)
]


def first_look(kind: Kind, action: Action) -> str:
    """Ask without the record."""
    return said(lambda: require_reach(kind.policy, kind.caller, action, ADA))


def outcome(kind: Kind, action: Action) -> str:
    """Ask, and say the answer as the table does."""
    connection = replace(CONNECTION, delegations=kind.words)
    return said(lambda: require(kind.policy, kind.caller, action, connection, START))


def said(ask: Callable[[], None]) -> str:
    """What the table writes for this answer."""
    try:
        ask()
    except MultiUserOAuthError as refused:
        return next(word for word, error in REFUSALS.items() if type(refused) is error)
    return "+"


def test_the_table_is_complete() -> None:
    """Every action has one column, every kind of caller one row; a new one must be given its place."""
    listed = [action for actions in COLUMNS.values() for action in actions]
    assert sorted(listed) == sorted(Action)
    assert list(COLUMNS) == HEAD.split()
    assert len(ROWS) == len(LINES)
    assert list(ROWS) == list(KINDS)
    assert {type(kind.caller) for kind in KINDS.values()} == set(get_args(Caller))


@pytest.mark.parametrize(("kind", "action", "expected"), COMBINATIONS)
def test_who_may_do_what(kind: Kind, action: Action, expected: str) -> None:
    """N37 and N41: allowed, or refused by just this error; of a chain of agents each must be allowed."""
    assert outcome(kind, action) == expected


@pytest.mark.parametrize("name", ROWS)
def test_what_is_not_theirs_is_refused_with_the_words_for_what_does_not_exist(name: str) -> None:
    """N37: the key that was asked for, and nothing about who holds it."""
    kind = KINDS[name]
    for column, actions in COLUMNS.items():
        if ROWS[name][column] == "404":
            with pytest.raises(NotConnectedError) as refused:
                require(kind.policy, kind.caller, min(actions), CONNECTION, START)
            assert str(refused.value) == str(ADA)


@pytest.mark.parametrize("name", ROWS)
def test_a_connection_is_listed_for_whom_may_see_it(name: str) -> None:
    """The column "see", and nothing else, decides what is in a list."""
    kind = KINDS[name]
    connection = replace(CONNECTION, delegations=kind.words)
    seen = may_see(kind.policy, kind.caller, connection, START)
    assert seen is (ROWS[name]["see"] == "+")


@pytest.mark.parametrize("name", ROWS)
def test_the_first_look_refuses_nobody_whom_the_second_lets_in(name: str) -> None:
    """Before the record is read: refused is only who would be refused with it, by the same error."""
    kind = KINDS[name]
    for column, actions in COLUMNS.items():
        first = {first_look(kind, action) for action in actions}
        assert first <= {"+", ROWS[name][column]}


def test_an_agent_outside_its_rule_needs_no_look_at_the_record() -> None:
    """So whether there is one can not be told from the time that it takes."""
    for name, cells in ROWS.items():
        kind = KINDS[name]
        if isinstance(kind.caller, Agent) and cells["token"] in {"404", "403"}:
            with pytest.raises(REFUSALS[cells["token"]]):
                require_reach(kind.policy, kind.caller, Action.TOKEN, ADA)


@pytest.mark.parametrize(
    ("name", "key", "allowed"),
    [
        ("ada@p", ("google_workspace", "ada@example.com"), True),
        ("ada@p", ("google_workspace", "bob@example.com"), False),
        ("ada@p", ("google_drive", "ada@example.com"), False),
        ("domain@p", ("google_workspace", "bob@example.com"), True),
        ("domain@p", ("microsoft_teams", "bob@example.com"), True),
        ("domain@p", ("google_drive", "bob@example.com"), False),
        ("domain@p", ("google_workspace", "bob@sub.example.com"), False),
        ("domain@p", ("google_workspace", "bob@evil-example.com"), False),
        ("domain@p", ("google_workspace", "bob@example.com.evil.test"), False),
        ("unknown@p", ("google_workspace", "ada@example.com"), False),
        ("*", ("google_workspace", "ada@example.com"), False),
    ],
)
def test_an_agent_uses_what_its_rule_covers(name: str, key: tuple[str, str], allowed: bool) -> None:
    """Both the connector type and the person must be in the rule; a domain is exactly that domain."""
    asked = ConnectionKey(*key)
    if allowed:
        require_reach(POLICY, Agent(name=name), Action.TOKEN, asked)
        return
    with pytest.raises(NotConnectedError) as refused:
        require_reach(POLICY, Agent(name=name), Action.TOKEN, asked)
    assert str(refused.value) == str(asked)
