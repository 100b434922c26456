"""Who used a connection last: written down once an hour, and never in the way of a token."""

import logging
import threading
from datetime import timedelta

import pytest

from multi_user_oauth.errors import ProviderUnavailableError
from multi_user_oauth.last_used import MOST_REMEMBERED, NoteUses
from multi_user_oauth.model import Action, Agent, ConnectionKey, System
from multi_user_oauth.ports import LastUse
from tests.support.world import ADA, ADA_DRIVE, AGENT, HOUR, World

OTHER = Agent(name="other@project.example")


def noted(world: World) -> int:
    """Return how often the database was asked to write a use."""
    return world.activity.calls.count("note_use")


@pytest.fixture
def notes(world: World) -> NoteUses:
    """What one instance notes with."""
    return NoteUses(usage=world.activity, now=world.clock)


def test_the_first_use_in_an_hour_is_noted(world: World, notes: NoteUses) -> None:
    """To the second; for each agent and connection by itself."""
    for seconds, expected in ((0, 1), (1, 1), (3598, 1), (1, 2), (0, 2)):
        world.clock.advance(seconds)
        notes.note(AGENT, ADA, Action.TOKEN, "digest")
        assert noted(world) == expected
    notes.note(OTHER, ADA, Action.TOKEN, "")
    notes.note(AGENT, ADA_DRIVE, Action.TOKEN, "")
    assert noted(world) == 4
    assert world.activity.uses(ADA)[0] == LastUse(
        agent=AGENT.name, action="token", purpose="digest", at=world.clock()
    )


def test_all_who_have_a_part_in_it_are_noted(world: World, notes: NoteUses) -> None:
    """An agent that acts for another is seen as well; so is an operator at a terminal."""
    notes.note(Agent(name="a", actors=("b",)), ADA, Action.TOKEN, "")
    notes.note(System(name="operator"), ADA, Action.TOKEN, "")
    assert [use.agent for use in world.activity.uses(ADA)] == ["a", "b", "system:operator"]


def test_another_instance_notes_for_itself(world: World) -> None:
    """What each of them remembers is its own; there is no read to find out."""
    for _ in range(2):
        NoteUses(usage=world.activity, now=world.clock).note(AGENT, ADA, Action.TOKEN, "")
    assert noted(world) == 2
    assert "uses" not in world.activity.calls


def test_a_use_that_can_not_be_noted_is_a_warning(
    world: World, notes: NoteUses, caplog: pytest.LogCaptureFixture
) -> None:
    """The token leaves all the same; the database is left alone for a minute, then tried again."""
    world.activity.fail_before("note_use")
    with caplog.at_level(logging.WARNING):
        notes.note(AGENT, ADA, Action.TOKEN, "")
    assert [record.getMessage() for record in caplog.records] == ["a use was not noted"]
    for seconds, expected in ((59, 1), (1, 2), (60, 2)):
        world.clock.advance(seconds)
        notes.note(AGENT, ADA, Action.TOKEN, "")
        assert noted(world) == expected


def test_a_token_is_not_refused_for_it(world: World) -> None:
    """The activity database is down, the main one answers."""
    world.connect()
    world.activity.fail_before("note_use", times=9)

    assert world.get().value
    assert world.uses[-1].outcome == "released"


def test_what_is_remembered_has_an_end(world: World, notes: NoteUses) -> None:
    """The oldest are forgotten: one write more, and never more memory."""
    usage = world.activity

    class Nowhere:
        def note_use(self, key: ConnectionKey, use: LastUse) -> None:
            """Forget it."""

        def uses(self, key: ConnectionKey) -> tuple[LastUse, ...]:
            """Return nothing."""
            return ()

    notes = NoteUses(usage=Nowhere(), now=world.clock)
    for number in range(MOST_REMEMBERED + 5):
        notes.note(Agent(name=str(number)), ADA, Action.TOKEN, "")
    assert len(notes._next) == MOST_REMEMBERED  # noqa: SLF001  # reason: memory has no other window
    assert ("4", ADA) not in notes._next  # noqa: SLF001  # reason: memory has no other window
    assert ("5", ADA) in notes._next  # noqa: SLF001  # reason: memory has no other window
    assert usage.calls == []


def test_many_at_once_note_it_once(world: World, notes: NoteUses) -> None:
    """A burst of threads is one write."""
    start = threading.Barrier(8)

    def use() -> None:
        start.wait()
        notes.note(AGENT, ADA, Action.TOKEN, "")

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert noted(world) == 1


def test_a_refused_use_is_none(world: World) -> None:
    """Only a token that left was used; the one that waited for its turn is noted when it leaves."""
    world.connect()
    world.expire()
    world.provider.down = True
    with pytest.raises(ProviderUnavailableError):
        world.get()
    assert world.activity.uses(ADA) == ()
    world.provider.down = False
    world.clock.advance(HOUR / timedelta(seconds=1))
    world.get()
    assert [use.at for use in world.activity.uses(ADA)] == [world.clock()]
