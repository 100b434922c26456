"""What happened to a connection, and who used it: told to those who may know, and no more of it."""

from dataclasses import replace

import pytest

from multi_user_oauth.errors import NotConnectedError, RequestError
from multi_user_oauth.history import AT_ONCE, AuditPage
from multi_user_oauth.model import Action, AuditRecord, Caller, ConnectionKey, Person
from tests.support.world import (
    ADA,
    ADA_HERSELF,
    ADA_ID,
    AGENT,
    BOB_ID,
    HOUR,
    World,
)

BOB_HIMSELF = Person(identities=frozenset({BOB_ID}), email="ada@example.com")
AUDITOR = Person(identities=frozenset({BOB_ID}), email="b@example.com", is_auditor=True)
ADMIN = Person(identities=frozenset({BOB_ID}), email="b@example.com", is_admin=True)


def pages(world: World, caller: Caller = ADA_HERSELF) -> list[tuple[AuditRecord, ...]]:
    """Read all pages."""
    found, after = [], None
    while True:
        page: AuditPage = world.history().audit(caller, ADA, after)
        found.append(page.records)
        if page.next_after is None:
            return found
        after = page.next_after.sequence, page.next_after.hash


def busy(world: World, words: int) -> None:
    """Let Ada connect and say this many words."""
    world.connect()
    for number in range(words):
        actions = () if number % 2 else (Action.TOKEN,)
        world.delegating().say(ADA_HERSELF, ADA, AGENT.name, actions)


@pytest.mark.parametrize("records", [1, AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, 2 * AT_ONCE + 3])
def test_every_record_is_told_once_the_newest_first(world: World, records: int) -> None:
    """Page by page, whoever reads; a page is bounded."""
    busy(world, records - 1)
    whole = world.peek().audit(ADA)[::-1]
    for caller in (ADA_HERSELF, AUDITOR, ADMIN):
        read = pages(world, caller)
        assert tuple(record for page in read for record in page) == whole
        assert all(0 < len(page) <= AT_ONCE for page in read)


def test_a_page_costs_what_it_shows(world: World) -> None:
    """The connection, and a read for each record; further pages one more, to see where they begin."""
    busy(world, AT_ONCE + 5)
    world.meter.reset()
    page = world.history().audit(ADA_HERSELF, ADA)
    assert world.meter.counts() == {"main.read": 1 + AT_ONCE}
    assert page.next_after is not None
    world.meter.reset()
    rest = world.history().audit(ADA_HERSELF, ADA, (page.next_after.sequence, page.next_after.hash))
    assert len(rest.records) == 6
    assert world.meter.counts() == {"main.read": 1 + 7}


def handed_on(world: World) -> None:
    """Let the e-mail be Bob's first and Ada's then, as it happens to addresses."""
    world.connect(ADA, BOB_ID)
    world.disconnect(ADA, BOB_HIMSELF)
    world.connect(ADA, ADA_ID)
    world.disconnect(ADA)
    world.connect(ADA, ADA_ID)


def test_who_had_the_email_before_is_not_told(world: World) -> None:
    """A person's history begins where they connected first, and it does not say what was before."""
    handed_on(world)
    (mine,) = pages(world)
    assert [(r.action, r.sequence) for r in mine] == [
        ("connected_again", 5),
        ("disconnected", 4),
        ("connected", 3),
    ]
    assert mine[-1].previous == ""
    (whole,) = pages(world, AUDITOR)
    assert [record.sequence for record in whole] == [5, 4, 3, 2, 1]
    assert whole[2].previous == whole[3].hash


def test_no_place_beyond_it_can_be_asked_for(world: World) -> None:
    """N37: who guesses a sequence does not know the hash; who was told the hash may not go on there."""
    handed_on(world)
    (whole,) = pages(world, AUDITOR)
    wrong = [(r.sequence, "0" * 64) for r in whole] + [
        (6, "0" * 64),
        (0, ""),
        (10**11, whole[0].hash),
    ]
    wrong.append((whole[2].sequence, whole[2].hash))
    for place in wrong:
        with pytest.raises(RequestError) as refused:
            world.history().audit(ADA_HERSELF, ADA, place)
        assert refused.value.field == "page_token"
    last = whole[-1].sequence, whole[-1].hash
    assert world.history().audit(AUDITOR, ADA, last).records == ()


@pytest.mark.parametrize("key", [ADA, ConnectionKey("google_workspace", "x@example.com")])
def test_anothers_history_is_not_there(world: World, key: ConnectionKey) -> None:
    """N37: nor who used it; an agent has no history to read at all."""
    world.connect()
    for caller in (BOB_HIMSELF, AGENT, replace(AUDITOR, by_bearer=True)):
        for read in (world.history().audit, world.history().usage):
            with pytest.raises(NotConnectedError) as refused:
                read(caller, key)
            assert str(refused.value) == str(key)


def test_uses_are_told_since_the_person_connected(world: World) -> None:
    """Whoever used the e-mail's connection before used another one."""
    world.connect(ADA, BOB_ID)
    world.get()
    world.disconnect(ADA, BOB_HIMSELF)
    world.clock.advance(HOUR.total_seconds())
    world.connect(ADA, ADA_ID)
    assert world.history().usage(ADA_HERSELF, ADA) == ()
    world.get()
    assert [use.agent for use in world.history().usage(ADMIN, ADA)] == [AGENT.name]
    world.disconnect(ADA)
    assert [use.agent for use in world.history().usage(ADA_HERSELF, ADA)] == [AGENT.name]
