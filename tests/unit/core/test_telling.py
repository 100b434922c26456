"""What is told of a connection's life: after the commit, once for what happened, and no secret."""

import pytest

from multi_user_oauth.errors import ConflictError, RevocationPendingError, StoreUnavailableError
from multi_user_oauth.model import ConnectionKey, RevocationResult
from multi_user_oauth.ports.events import Event, EventType
from tests.support.world import ADA, ADA_HERSELF, OPTIONAL, SCOPES, World

NEW_EMAIL = ConnectionKey("google_workspace", "ada.king@example.com")


def told(world: World) -> list[tuple[str, str]]:
    """What was told of which connection."""
    return [(event.type.value, event.subject) for event in world.events]


def test_a_connection_that_was_made_is_told(world: World) -> None:
    """Whose, of which type, with which scopes; the same again has another id."""
    first = world.connect(scopes=SCOPES)
    world.clock.advance(1)
    second = world.connect()

    assert world.events[0] == Event(
        id=f"google_workspace:ada@example.com-{first.epoch}-connected",
        type=EventType.CONNECTED,
        subject="google_workspace/ada@example.com",
        at=first.connected_at,
        data={
            "connector_type": "google_workspace",
            "user_email": "ada@example.com",
            "epoch": str(first.epoch),
            "scopes": " ".join(SCOPES),
            "missing_scopes": " ".join(OPTIONAL),
        },
    )
    assert world.events[1].id == f"google_workspace:ada@example.com-{second.epoch}-connected"
    assert world.events[1].data["missing_scopes"] == ""


def test_a_disconnect_is_told_before_the_provider_is(world: World) -> None:
    """By the epoch of the life that ended; how far the provider is does not matter."""
    before = world.connect()
    world.provider.down = True

    assert world.disconnect().provider is RevocationResult.PENDING

    event = world.events[-1]
    assert event.id == f"google_workspace:ada@example.com-{before.epoch}-revoked"
    assert (event.type, event.subject) == (EventType.REVOKED, str(ADA))
    assert event.at == world.clock()
    assert event.data["reason"] == "disconnected"


def test_a_superseded_connection_is_told_too(world: World) -> None:
    """Beside the new one, by its own life."""
    old = world.connect()
    world.clock.advance(1)
    world.events.clear()

    world.connect(NEW_EMAIL)

    assert told(world) == [
        ("connection.connected", str(NEW_EMAIL)),
        ("connection.revoked", str(ADA)),
    ]
    assert world.events[1].id == f"google_workspace:ada@example.com-{old.epoch}-revoked"
    assert world.events[1].data["reason"] == "superseded"


def test_what_landed_though_its_answer_was_lost_is_told_once(world: World) -> None:
    """It happened."""
    world.store.fail_after("commit", StoreUnavailableError("scripted"))
    world.connect()
    world.store.fail_after("commit", StoreUnavailableError("scripted"))
    world.disconnect()

    assert [kind for kind, _ in told(world)] == ["connection.connected", "connection.revoked"]


def test_what_was_tried_twice_is_told_as_it_landed(world: World) -> None:
    """The refresh that came in between is no other life."""
    world.connect()
    world.expire()
    world.store.meanwhile("commit", world.refresh)
    world.connect(NEW_EMAIL)

    assert [kind for kind, _ in told(world)] == [
        "connection.connected", "connection.connected", "connection.revoked",
    ]  # fmt: skip


def test_what_did_not_happen_is_not_told(world: World) -> None:
    """Nothing before the commit: it may fail."""
    world.connect()
    world.events.clear()
    world.store.fail_before("commit", StoreUnavailableError("scripted"), times=16)

    with pytest.raises(RevocationPendingError):
        world.disconnecting().disconnect(ADA_HERSELF, ADA)
    with pytest.raises(StoreUnavailableError):
        world.connect()

    assert world.events == []


def test_a_disconnect_that_was_too_late_is_not_told(world: World) -> None:
    """The person connected anew meanwhile."""
    world.connect()
    world.events.clear()

    def again() -> None:
        world.clock.advance(1)
        world.connect()

    world.store.meanwhile("commit", again)
    with pytest.raises(ConflictError):
        world.disconnecting().disconnect(ADA_HERSELF, ADA)

    assert [kind for kind, _ in told(world)] == ["connection.connected"]


def test_no_event_holds_a_secret(world: World) -> None:
    """Texts, each for a reader."""
    world.connect()
    secret = world.refresh_token().reveal()
    world.disconnect()

    text = str(world.events)
    assert secret not in text
    assert {type(value) for event in world.events for value in event.data.values()} == {str}
