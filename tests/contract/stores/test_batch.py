"""Contract of `ConnectionWriter.commit`: a batch is written whole or not at all."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from multi_user_oauth.errors import ConflictError
from multi_user_oauth.model import AuditHead, Batch, ConnectionKey, Rescue, Revocation, Snapshot
from tests.contract.stores.samples import (
    KEY,
    change,
    connection,
    get,
    put,
    refreshed,
    rescue,
    revocation,
    tombstone,
)
from tests.support.stores import MainStore

OTHER = ConnectionKey("microsoft_teams", "anna@example.org")
GONE = connection(ConnectionKey("google_workspace", "gone@example.org"))


@dataclass(frozen=True)
class World:
    """A database with everything in it that a batch can touch."""

    store: MainStore
    first: Snapshot
    second: Snapshot
    pending: Revocation
    kept: Rescue

    def batch(self) -> Batch:
        """Return a batch of all parts, each of whose preconditions holds."""
        return Batch(
            changes=(
                change(self.first, tombstone(self.first)),
                change(self.second, refreshed(self.second)),
            ),
            opens=revocation(self.first.connection),
            cancels=self.pending,
            adopted_rescue=self.kept.document_id,
        )

    def state(self) -> dict[str, object]:
        """Return all that the batch would change, as it is read."""
        first = self.first.connection
        return {
            "first": self.store.read(KEY),
            "second": self.store.read(OTHER),
            "gone": self.store.read(GONE.key),
            "audit": [len(self.store.audit(key)) for key in (KEY, OTHER, GONE.key)],
            "opened": self.store.revocation(KEY, first.epoch),
            "pending": self.store.revocation(GONE.key, GONE.epoch),
            "rescue": self.store.rescued(KEY, first.epoch, first.generation),
        }


@pytest.fixture
def world(store: MainStore) -> World:
    """Two connections, a third one's pending revocation, a rescued credential."""
    first, second = put(store, connection(KEY)), put(store, connection(OTHER))
    store.commit(Batch(changes=(change(None, GONE),), opens=revocation(GONE)))
    pending = store.revocation(GONE.key, GONE.epoch)
    assert pending is not None
    kept = rescue(first.connection)
    store.rescue(kept)
    return World(store, first, second, pending, kept)


def moved_on(world: World) -> Batch:
    """Somebody claimed the second connection since it was read."""
    world.store.claim(world.second, "somebody else")
    return world.batch()


def not_new(world: World) -> Batch:
    """A connection that must not be there is there."""
    batch = world.batch()
    return replace(
        batch, changes=(*batch.changes, change(None, replace(GONE, audit=AuditHead(9, "hash-9"))))
    )


def audited(world: World) -> Batch:
    """The last change's audit record is there."""
    batch = world.batch()
    again = replace(refreshed(world.second), audit=world.second.connection.audit)
    return replace(batch, changes=(batch.changes[0], change(world.second, again)))


def opened(world: World) -> Batch:
    """The revocation that is to be opened is there."""
    return replace(world.batch(), opens=revocation(GONE))


def in_flight(world: World) -> Batch:
    """Somebody claimed the revocation since it was read."""
    world.store.claim_revocation(world.pending, "somebody else")
    return world.batch()


def finished(world: World) -> Batch:
    """Somebody finished the revocation since it was read."""
    world.store.finish_revocation(world.pending)
    return world.batch()


def twice(world: World) -> Batch:
    """The batch changes one connection twice, from the same snapshot."""
    batch = world.batch()
    return replace(batch, changes=(*batch.changes, batch.changes[1]))


@pytest.mark.parametrize(
    "violate", [moved_on, not_new, audited, opened, in_flight, finished, twice]
)
def test_one_violated_precondition_writes_nothing_at_all(
    world: World, violate: Callable[[World], Batch]
) -> None:
    """Whichever part is refused: not one of the others is written."""
    batch = violate(world)
    before = world.state()
    with pytest.raises(ConflictError):
        world.store.commit(batch)
    assert world.state() == before


def test_a_batch_that_holds_is_written_whole(world: World) -> None:
    """The same batch without a violation writes every part: what the test above would not notice."""
    world.store.commit(world.batch())
    assert get(world.store, KEY).connection == tombstone(world.first)
    assert get(world.store, OTHER).connection == refreshed(world.second)
    state = world.state()
    assert state["audit"] == [2, 2, 1]
    assert state["opened"] is not None
    assert state["pending"] is None
    assert state["rescue"] is None
