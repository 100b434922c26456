"""Those whom a provider's word alone marked: told of after a while, tried again after a storm."""

from datetime import timedelta

import pytest

from multi_user_oauth.errors import ConflictError, ProviderUnavailableError, StoreUnavailableError
from multi_user_oauth.model import Connection, ConnectionStatus, System
from multi_user_oauth.model.breaker import Trouble
from multi_user_oauth.ports.breakers import Suspect
from multi_user_oauth.ports.events import Event, EventType
from tests.support.instances import Instance, crowd, statuses
from tests.support.world import ADA, ADA_ID, World

GOOGLE = ADA.connector_type
UNAVAILABLE = ProviderUnavailableError("scripted", retry_after=1)
SYSTEM = System(name="test")
ACTIVE, NEEDS_SIGN_IN = ConnectionStatus.ACTIVE, ConnectionStatus.NEEDS_SIGN_IN


def marked(world: World, number: int = 1) -> list[Connection]:
    """Let so many be called dead by mistake, and marked; return their records."""
    connections = crowd(world, number)
    world.refused = "the provider is mistaken"
    world.expire()
    world.provider.refuses = frozenset(world.provider.owners)
    Instance(world=world).run()
    assert statuses(world) == {NEEDS_SIGN_IN: number}
    return [world.record(each.key) for each in connections]


def told(world: World) -> list[Event]:
    """Return the events of those who were told to sign in again."""
    return [event for event in world.events if event.type == EventType.NEEDS_SIGN_IN]


def suspects(world: World) -> tuple[Suspect, ...]:
    """Return whom nobody has been told of yet."""
    return world.activity.suspects(GOOGLE, after=None, limit=1000)


def after(world: World, seconds: float) -> None:
    """Let this time pass, and look after them once."""
    world.clock.advance(seconds)
    instance = Instance(world=world)
    instance.doubts().run(instance.until())


def test_a_person_is_told_after_ten_quiet_minutes(crowded: World) -> None:
    """Once, with the reason and the time at which it was found out."""
    (connection,) = marked(crowded)
    found_out = crowded.clock()
    after(crowded, 599)
    assert told(crowded) == []
    assert [suspect.key for suspect in suspects(crowded)] == [connection.key]

    after(crowded, 1)
    after(crowded, 600)

    (event,) = told(crowded)
    assert (event.subject, event.at) == (str(connection.key), found_out)
    assert event.data["reason"] == "sign_in_required"
    assert suspects(crowded) == ()


def test_nobody_is_told_of_who_signed_in_again(crowded: World) -> None:
    """Whatever made the connection good."""
    (connection,) = marked(crowded)
    crowded.provider.refuses = frozenset()
    crowded.connect(connection.key, connection.identity)
    after(crowded, 600)
    assert (told(crowded), suspects(crowded)) == ([], ())


def test_nobody_is_told_of_who_is_gone(crowded: World) -> None:
    """Ended, or erased altogether: what was written of it is cleared."""
    (connection,) = marked(crowded)
    suspect = suspects(crowded)[0]
    gone = Suspect(key=ADA, epoch=1, generation=1, at=suspect.at)
    crowded.activity.suspect(gone)
    snapshot = crowded.peek().read(connection.key)
    assert snapshot is not None
    crowded.disconnecting().end(SYSTEM, snapshot)
    after(crowded, 1)
    assert (told(crowded), suspects(crowded)) == ([], ())


def test_a_second_refusal_of_the_next_credential_is_told_too(crowded: World) -> None:
    """Healed by signing in again, and then dead once more: another event."""
    (connection,) = marked(crowded)
    after(crowded, 600)
    crowded.provider.refuses = frozenset()
    crowded.connect(connection.key, connection.identity)
    crowded.expire()
    crowded.provider.refuses = frozenset(crowded.provider.owners)
    Instance(world=crowded).run()
    after(crowded, 600)
    assert len({event.id for event in told(crowded)}) == 2


def test_in_a_storm_nobody_is_told(crowded: World) -> None:
    """However long it lasts."""
    marked(crowded, 5)
    instance = Instance(world=crowded)
    assert not instance.breakers.refused(GOOGLE)
    assert instance.look().trouble is Trouble.STORM
    for _ in range(30):
        after(crowded, 60)
    assert told(crowded) == []


@pytest.mark.parametrize("trouble", [Trouble.OUTAGE, Trouble.STORM])
def test_when_trouble_is_over_all_who_were_marked_before_are_tried(
    crowded: World, trouble: Trouble
) -> None:
    """What was said then may have been part of it: each once, and who is accepted is healed."""
    connections = marked(crowded, 4)
    instance = Instance(world=crowded)
    kept = crowded.activity.breaker(GOOGLE)
    crowded.activity.keep_breaker(kept, kept.breaker.opened(trouble, crowded.clock()))
    crowded.clock.advance(1)
    instance.look()
    instance.breakers.succeeded(GOOGLE, refused_before=True)
    crowded.provider.refuses = frozenset(
        {crowded.grant_of(crowded.refresh_token(connections[2].key))}
    )
    crowded.clock.advance(1)
    calls = len(crowded.provider.calls)

    after(crowded, 0)
    after(crowded, 60)

    assert len(crowded.provider.calls) == calls + 4
    assert statuses(crowded) == {ACTIVE: 3, NEEDS_SIGN_IN: 1}
    assert [suspect.key for suspect in suspects(crowded)] == [connections[2].key]
    assert told(crowded) == []
    after(crowded, 540)
    assert [event.subject for event in told(crowded)] == [str(connections[2].key)]


def test_one_that_can_not_be_tried_now_is_tried_again(crowded: World) -> None:
    """After a storm the provider has no answer for it: that is no refusal, and nobody is told."""
    (connection,) = marked(crowded)
    kept = crowded.activity.breaker(GOOGLE)
    crowded.activity.keep_breaker(kept, kept.breaker.opened(Trouble.STORM, crowded.clock()))
    crowded.clock.advance(1)
    instance = Instance(world=crowded)
    instance.look()
    instance.breakers.succeeded(GOOGLE, refused_before=True)
    crowded.provider.refuses = frozenset()
    crowded.provider.fail(UNAVAILABLE)
    after(crowded, 1)
    assert statuses(crowded) == {NEEDS_SIGN_IN: 1}

    after(crowded, 60)

    assert crowded.actions(connection.key) == ["connected", "needs_sign_in", "healed"]
    after(crowded, 600)
    assert (told(crowded), suspects(crowded)) == ([], ())


def test_a_refusal_that_is_about_to_be_written_stays_in_doubt(crowded: World) -> None:
    """
    Who was refused is noted first, then marked: whoever looks in between does not clear it.

    Else nobody would be told of it, nor try it again.
    """
    (connection,) = crowd(crowded, 1)
    crowded.provider.withdraw(connection.identity)
    crowded.expire()
    crowded.store.meanwhile("commit", lambda: after(crowded, 0))

    Instance(world=crowded).run()

    assert crowded.record(connection.key).status is NEEDS_SIGN_IN
    after(crowded, 600)
    assert [event.subject for event in told(crowded)] == [str(connection.key)]


def test_a_refusal_that_was_never_written_is_forgotten(crowded: World) -> None:
    """The worker died in between: a minute later nothing of it is left."""
    (connection,) = crowd(crowded, 1)
    crowded.activity.suspect(
        Suspect(
            key=connection.key, epoch=connection.epoch, generation=connection.generation,
            at=crowded.clock(),
        )
    )  # fmt: skip
    after(crowded, 59)
    assert len(suspects(crowded)) == 1
    after(crowded, 1)
    assert suspects(crowded) == ()
    assert crowded.provider.calls == []


def test_all_of_them_are_looked_after(crowded: World) -> None:
    """More than a page: of each type, in the time there is."""
    connections = crowd(crowded, 130)
    for connection in connections:
        crowded.activity.suspect(
            Suspect(
                key=connection.key, epoch=connection.epoch, generation=connection.generation,
                at=crowded.clock(),
            )
        )  # fmt: skip
    crowded.clock.advance(60)
    Instance(world=crowded).doubts().run(crowded.clock())
    assert len(suspects(crowded)) == 130
    after(crowded, 0)
    assert suspects(crowded) == ()


@pytest.mark.parametrize(
    ("operation", "error"),
    [
        ("claim", ConflictError("scripted")),
        ("claim", StoreUnavailableError("scripted")),
        ("commit", StoreUnavailableError("scripted")),
    ],
)
def test_a_try_that_fails_ends_nothing(
    crowded: World, operation: str, error: StoreUnavailableError | ConflictError
) -> None:
    """The others are tried all the same; this one is later."""
    marked(crowded, 3)
    crowded.provider.refuses = frozenset()
    Instance(world=crowded).breakers.succeeded(GOOGLE, refused_before=True)
    kept = crowded.activity.breaker(GOOGLE)
    crowded.activity.keep_breaker(kept, kept.breaker.opened(Trouble.STORM, crowded.clock()))
    crowded.clock.advance(1)
    Instance(world=crowded).breakers.succeeded(GOOGLE, refused_before=True)
    crowded.store.fail_before(operation, error, times=8 if operation == "commit" else 1)

    after(crowded, 1)

    assert statuses(crowded)[ACTIVE] == 2
    assert len(suspects(crowded)) == 1
    assert told(crowded) == []
    crowded.clock.advance(timedelta(minutes=1).total_seconds())


def test_a_connection_that_was_healed_on_the_way_is_not_told_of(world: World) -> None:
    """By an answer that came late (N82): active again, and cleared."""
    world.connect()
    world.expire()
    world.refused = "the provider is mistaken"
    world.provider.refuses = frozenset(world.provider.owners)
    Instance(world=world).run()
    world.provider.refuses = frozenset()
    snapshot = world.peek().read(ADA)
    assert snapshot is not None
    world.refresher().renew(snapshot)
    assert world.actions() == ["connected", "needs_sign_in", "healed"]

    after(world, 600)

    assert (told(world), suspects(world)) == ([], ())
    assert world.record().identity == ADA_ID
