"""What the person withdraws while a token is on its way."""

from dataclasses import replace

import pytest

from multi_user_oauth.errors import DelegationRequiredError
from multi_user_oauth.model import ConnectionKey, Delegation, Identity, Snapshot
from tests.support.world import ADA, AGENT, World


class Withdrawing:
    """The main store, in which from some moment on the agent is cut."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._cut = False

    def withdraw(self) -> None:
        """What a person's page commits."""
        self._cut = True

    def read(self, key: ConnectionKey) -> Snapshot | None:
        """Return the record as it stands now."""
        found = self._world.store.read(key)
        if found is None or not self._cut:
            return found
        cut = Delegation(agent=AGENT.name, actions=(), given_at=self._world.clock())
        connection = replace(found.connection, delegations=(cut,))
        return replace(found, connection=connection)

    def by_identity(self, identity: Identity) -> tuple[Snapshot, ...]:
        """Pass it on."""
        return tuple(self._world.store.by_identity(identity))


def test_leave_that_is_withdrawn_while_a_token_is_refreshed_counts(world: World) -> None:
    """N41b: allowed when it asked, cut before the new token was read: it does not leave."""
    world.connect()
    world.expire()
    connections = Withdrawing(world)
    world.provider.answering = connections.withdraw
    tokens = world.tokens(connections=connections)
    with pytest.raises(DelegationRequiredError):
        tokens.get(AGENT, ADA)
    assert len(world.provider.calls) == 1
    assert [use.outcome for use in world.uses] == ["delegation_required"]


def test_leave_that_is_withdrawn_while_another_refreshes_counts(world: World) -> None:
    """N41b: nor does it leave for whoever only waited."""
    world.connect()
    world.expire()
    connections = Withdrawing(world)
    waiting = world.tokens(connections=connections)

    def meanwhile() -> None:
        connections.withdraw()
        with pytest.raises(DelegationRequiredError):
            waiting.get(AGENT, ADA)

    world.provider.answering = meanwhile
    world.refresh()
    with pytest.raises(DelegationRequiredError):
        waiting.get(AGENT, ADA)


def test_a_withdrawal_holds_for_every_read_that_begins_after_it(world: World) -> None:
    """N41b: with warm caches and a token that is fresh, on this instance and another."""
    world.connect()
    connections = Withdrawing(world)
    instances = [world.tokens(connections=connections) for _ in range(2)]
    for tokens in instances:
        assert tokens.get(AGENT, ADA).value
    connections.withdraw()
    for tokens in instances:
        with pytest.raises(DelegationRequiredError):
            tokens.get(AGENT, ADA)
