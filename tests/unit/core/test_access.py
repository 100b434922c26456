"""Who may do what, as a table."""

import pytest

from multi_user_oauth.access import is_admin, may_see, require_end, require_use
from multi_user_oauth.errors import ForbiddenError, MultiUserOAuthError, NotConnectedError
from multi_user_oauth.model import (
    Agent,
    AgentRule,
    Caller,
    Connection,
    ConnectionKey,
    Person,
    Policy,
    System,
)
from tests.support.world import ADA, ADA_HERSELF, ADA_ID, BOB_ID, CLEO_ID, World

MAIL_ONLY = AgentRule(
    name="mail@p.example",
    connector_types=frozenset({"google_workspace"}),
    users=frozenset({"ada@example.com"}),
)
WHOLE_DOMAIN = AgentRule(
    name="all@p.example",
    connector_types=frozenset({"google_workspace", "microsoft_teams"}),
    users=frozenset({"*@example.com"}),
)
POLICY = Policy(
    agents={MAIL_ONLY.name: MAIL_ONLY, WHOLE_DOMAIN.name: WHOLE_DOMAIN},
    admins=frozenset({BOB_ID}),
)
BOB_HIMSELF = Person(identities=frozenset({BOB_ID}), email="bob@example.com")
AN_ADMIN = Person(identities=frozenset({BOB_ID}), email="bob@example.com", is_admin=True)
NOBODYS = Person(identities=frozenset(), email="ada@example.com")
BOTH = Person(identities=frozenset({ADA_ID, CLEO_ID}), email="ada@example.com")


@pytest.fixture
def connection(world: World) -> Connection:
    """Ada's connection."""
    return world.connect()


@pytest.mark.parametrize(
    ("agent", "key", "allowed"),
    [
        ("mail@p.example", ("google_workspace", "ada@example.com"), True),
        ("mail@p.example", ("google_workspace", "bob@example.com"), False),
        ("mail@p.example", ("google_drive", "ada@example.com"), False),
        ("all@p.example", ("google_workspace", "bob@example.com"), True),
        ("all@p.example", ("microsoft_teams", "bob@example.com"), True),
        ("all@p.example", ("google_drive", "bob@example.com"), False),
        ("all@p.example", ("google_workspace", "bob@sub.example.com"), False),
        ("all@p.example", ("google_workspace", "bob@evil-example.com"), False),
        ("all@p.example", ("google_workspace", "bob@example.com.evil.test"), False),
        ("unknown@p.example", ("google_workspace", "ada@example.com"), False),
        ("*", ("google_workspace", "ada@example.com"), False),
    ],
)
def test_an_agent_uses_what_its_rule_covers(
    agent: str, key: tuple[str, str], allowed: bool
) -> None:
    """Both the connector type and the person must be in the rule; a domain is exactly that domain."""
    asked = ConnectionKey(*key)
    if allowed:
        require_use(POLICY, Agent(name=agent), asked)
        return
    with pytest.raises(NotConnectedError) as refused:
        require_use(POLICY, Agent(name=agent), asked)
    assert str(refused.value) == str(asked)


@pytest.mark.parametrize("person", [ADA_HERSELF, BOB_HIMSELF, AN_ADMIN, NOBODYS])
def test_no_person_uses_a_token(person: Person) -> None:
    """Whoever they are."""
    with pytest.raises(ForbiddenError):
        require_use(POLICY, person, ADA)


def test_the_system_uses_all() -> None:
    """Itself, and an operator at a terminal."""
    require_use(POLICY, System(name="doctor"), ADA)


@pytest.mark.parametrize(
    ("caller", "seen"),
    [
        (ADA_HERSELF, True),
        (BOTH, True),
        (BOB_HIMSELF, False),
        (AN_ADMIN, True),
        (NOBODYS, False),
        (Agent(name="mail@p.example"), True),
        (Agent(name="all@p.example"), True),
        (Agent(name="unknown@p.example"), False),
        (System(name="doctor"), True),
    ],
)
def test_who_sees_a_connection(connection: Connection, caller: Caller, seen: bool) -> None:
    """Its person by identity (never by e-mail), admins, agents that may use it, the system."""
    assert may_see(POLICY, caller, connection) is seen


@pytest.mark.parametrize(
    ("caller", "error"),
    [
        (ADA_HERSELF, None),
        (BOTH, None),
        (AN_ADMIN, None),
        (System(name="operator"), None),
        (BOB_HIMSELF, NotConnectedError),
        (NOBODYS, NotConnectedError),
        (Agent(name="all@p.example"), NotConnectedError),
    ],
)
def test_who_ends_a_connection(
    connection: Connection, caller: Caller, error: type[MultiUserOAuthError] | None
) -> None:
    """Its person, an admin, the system; for all others it does not exist, agents included."""
    if error is None:
        require_end(caller, connection)
        return
    with pytest.raises(error) as refused:
        require_end(caller, connection)
    assert str(refused.value) == str(connection.key)


def test_an_admin_is_one_by_a_proved_identity() -> None:
    """One of them is enough; no identity is none."""
    assert is_admin(POLICY, frozenset({BOB_ID, CLEO_ID}))
    assert not is_admin(POLICY, frozenset({ADA_ID}))
    assert not is_admin(POLICY, frozenset())
    assert not is_admin(Policy(), frozenset({BOB_ID}))
