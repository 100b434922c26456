"""Who is connected, as far as the caller may know."""

import pytest

from multi_user_oauth.model import (
    Agent,
    AgentRule,
    ConnectionKey,
    ConnectionStatus,
    Identity,
    Page,
    Person,
    Policy,
    System,
)
from tests.support.world import (
    ADA,
    ADA_DRIVE,
    ADA_HERSELF,
    ADA_ID,
    AGENT,
    BOB,
    BOB_ID,
    CLEO,
    CLEO_ID,
    World,
)

ADMIN = Person(identities=frozenset({BOB_ID}), email="bob@example.com", is_admin=True)
MANY = 250


@pytest.fixture
def few(world: World) -> World:
    """Three people, four connections, one of them ended."""
    world.connect()
    world.connect(ADA_DRIVE)
    world.connect(BOB, BOB_ID)
    world.connect(CLEO, CLEO_ID)
    world.disconnect(ADA_DRIVE)
    return world


def keys(page: Page) -> list[ConnectionKey]:
    """The connections on a page, in its order."""
    return [connection.key for connection in page.connections]


def test_a_person_sees_their_own(few: World) -> None:
    """By identity, the ended ones too, in order."""
    page = few.directory().page(ADA_HERSELF)

    assert keys(page) == [ADA_DRIVE, ADA]
    assert page.next_after is None


def test_a_person_with_two_accounts_sees_both(few: World) -> None:
    """A session may hold several proved identities."""
    both = Person(identities=frozenset({ADA_ID, CLEO_ID}), email="ada@example.com")

    assert keys(few.directory().page(both)) == [ADA_DRIVE, ADA, CLEO]


def test_ones_own_are_in_order_whichever_account_they_are_of(world: World) -> None:
    """By the connection's name, not by the account's number."""
    first, second = Identity.google("1"), Identity.google("2")
    zed = ConnectionKey("google_workspace", "zed@example.com")
    world.connect(zed, first)
    world.connect(ADA, second)
    both = Person(identities=frozenset({first, second}), email="zed@example.com")

    assert keys(world.directory().page(both)) == [ADA, zed]


def test_an_email_shows_nothing(few: World) -> None:
    """Somebody who calls themselves Ada and proved another identity."""
    eve = Person(identities=frozenset({Identity.google("666")}), email="ada@example.com")

    assert keys(few.directory().page(eve)) == []


def test_an_agent_sees_what_it_may_use(few: World) -> None:
    """Its rule, as for tokens."""
    assert keys(few.directory().page(AGENT)) == [ADA_DRIVE, ADA, BOB, CLEO]
    assert keys(few.directory().page(Agent(name="other@p.example"))) == []
    only_bob = AgentRule(
        name=AGENT.name, connector_types=frozenset(few.kinds), users=frozenset({BOB.user_email})
    )
    few.policy = Policy(agents={AGENT.name: only_bob})
    assert keys(few.directory().page(AGENT)) == [BOB]


@pytest.mark.parametrize("caller", [ADMIN, System(name="operator")])
def test_an_admin_and_the_system_see_all(few: World, caller: Person | System) -> None:
    """Everything, by document id."""
    assert keys(few.directory().page(caller)) == [ADA_DRIVE, ADA, BOB, CLEO]


@pytest.mark.parametrize("caller", [ADMIN, ADA_HERSELF, AGENT])
def test_filters_narrow(few: World, caller: Person | Agent) -> None:
    """By connector type, by status, by both."""
    directory = few.directory()

    def asked(**filters: object) -> list[ConnectionKey]:
        return keys(directory.page(caller, **filters))  # type: ignore[arg-type]  # reason: either

    assert asked(connector_type="google_drive") == [ADA_DRIVE]
    assert asked(status=ConnectionStatus.REVOKED) == [ADA_DRIVE]
    assert ADA in asked(status=ConnectionStatus.ACTIVE)
    assert ADA_DRIVE not in asked(status=ConnectionStatus.ACTIVE)
    both = asked(connector_type="google_drive", status=ConnectionStatus.ACTIVE)
    assert both == []


@pytest.fixture
def many(world: World) -> World:
    """Two hundred and fifty people, every third of another domain."""
    for number in range(MANY):
        domain = ("example.com", "example.com", "example.org")[number % 3]
        key = ConnectionKey("google_workspace", f"p{number:03d}@{domain}")
        world.connect(key, Identity.google(str(number)))
    return world


def read_all(world: World, caller: Person | Agent) -> list[list[ConnectionKey]]:
    """Every page that the caller is given."""
    pages, after = [], None
    while True:
        page = world.directory().page(caller, after=after)
        pages.append(keys(page))
        after = page.next_after
        if after is None:
            return pages


def test_pages_hold_each_once(many: World) -> None:
    """A hundred a page, none twice, none left out."""
    pages = read_all(many, ADMIN)

    assert [len(page) for page in pages] == [100, 100, 50]
    read = [key for page in pages for key in page]
    assert read == sorted(read)
    assert len(set(read)) == MANY


def test_an_agents_pages_are_full_though_it_may_not_see_all(many: World) -> None:
    """What it may not see leaves no gap, and no mark of a page names somebody it may not see."""
    pages = read_all(many, AGENT)

    assert [len(page) for page in pages] == [100, 67]
    assert all(key.user_email.endswith("@example.com") for page in pages for key in page)
    first = many.directory().page(AGENT)
    assert first.next_after == first.connections[-1].key.document_id


def test_an_agents_list_costs_one_read_a_row(few: World) -> None:
    """Four rows, four reads; a person's: those of their identity."""
    few.meter.reset()
    few.directory().page(AGENT)
    assert few.meter.counts() == {"main.read": 4}

    few.meter.reset()
    few.directory().page(ADA_HERSELF)
    assert few.meter.counts() == {"main.read": 2}


def test_a_full_page_costs_its_own_rows(many: World) -> None:
    """Not one of the next page."""
    many.meter.reset()

    assert len(many.directory().page(ADMIN).connections) == 100

    assert many.meter.counts() == {"main.read": 100}


def test_a_beginning_narrows_for_everybody(few: World) -> None:
    """With the other filters, in the order of the whole list."""
    directory = few.directory()
    for caller, expected in (
        (ADMIN, [ADA_DRIVE, ADA]),
        (ADA_HERSELF, [ADA_DRIVE, ADA]),
        (AGENT, [ADA_DRIVE, ADA]),
        (Agent(name="other@p.example"), []),
    ):
        assert keys(directory.page(caller, email_begins="ad")) == expected
        ended = directory.page(caller, email_begins="ad", status=ConnectionStatus.REVOKED)
        assert keys(ended) == expected[:1]
        of_type = directory.page(caller, email_begins="ad", connector_type=ADA.connector_type)
        assert keys(of_type) == expected[1:]
        assert keys(directory.page(caller, email_begins="zed")) == []


@pytest.mark.parametrize("after", ["", "a", "zzz", "google_workspace:p100", "google_workspace:q"])
def test_a_beginning_goes_on_from_any_place(many: World, after: str) -> None:
    """A page token is a caller's word: from there on, and nothing twice."""
    found, place = [], after or None
    while True:
        page = many.directory().page(ADMIN, email_begins="p1", after=place)
        found += keys(page)
        place = page.next_after
        if place is None:
            break
    everybody = [key for page in read_all(many, ADMIN) for key in page]
    begin = [key for key in everybody if key.user_email.startswith("p1")]
    assert found == [key for key in begin if key.document_id > after]
