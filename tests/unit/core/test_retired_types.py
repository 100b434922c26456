"""What a connector type that is retired leaves behind: nothing that could be stolen."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from multi_user_oauth.errors import NotConnectedError, StoreUnavailableError
from multi_user_oauth.model import ConnectionStatus, Identity, Snapshot, System
from multi_user_oauth.retired_types import EndRetired
from tests.support.world import ADA, ADA_DRIVE, ADA_ID, AGENT, BOB, BOB_ID, MINUTE, World


def retired(world: World, end: Callable[[Snapshot], object] | None = None) -> EndRetired:
    """Retire Google Workspace and return what ends its connections."""
    workspace = replace(world.kinds[ADA.connector_type], retired=True)
    return EndRetired(
        directory=world.store,
        connections=world.store,
        connector_types=world.kinds | {ADA.connector_type: workspace},
        end=end or partial(world.disconnecting().end, System(name="refresh"), reason="retired"),
        now=world.clock,
    )


def test_every_connection_of_a_retired_type_ends(world: World) -> None:
    """N36: active ones and those that wait for their person; revoked at the provider, and audited."""
    world.connect()
    world.connect(BOB, BOB_ID)
    world.provider.withdraw(BOB_ID)
    world.expire()
    with pytest.raises(Exception, match="bob"):
        world.refresh(BOB)

    assert retired(world).run(world.clock() + MINUTE) == 2

    for key in (ADA, BOB):
        assert world.record(key).status is ConnectionStatus.REVOKED
        last = world.peek().audit(key)[-1]
        assert (last.action, last.actor, last.reason) == (
            "disconnected",
            "system:refresh",
            "retired",
        )
        with pytest.raises(NotConnectedError):
            world.tokens().get(AGENT, key)
    assert len(world.provider.revoke_calls) == 2
    assert retired(world).run(world.clock() + MINUTE) == 0


def test_other_types_live_on(world: World) -> None:
    """Also the same person's; then the provider is not told, for that would end both."""
    world.connect()
    world.connect(ADA_DRIVE, ADA_ID)

    retired(world).run(world.clock() + MINUTE)

    assert world.record(ADA_DRIVE).status is ConnectionStatus.ACTIVE
    assert world.provider.revoke_calls == []


def test_one_that_can_not_be_ended_holds_up_no_other(world: World) -> None:
    """It is logged, and tried again by the next round."""
    world.connect()
    world.connect(BOB, BOB_ID)
    end = partial(world.disconnecting().end, System(name="refresh"), reason="retired")

    def fails_for_ada(snapshot: Snapshot) -> object:
        if snapshot.connection.key == ADA:
            raise StoreUnavailableError("scripted")
        return end(snapshot)

    assert retired(world, fails_for_ada).run(world.clock() + MINUTE) == 1
    assert world.record(BOB).status is ConnectionStatus.REVOKED


def test_it_ends_in_time(world: World) -> None:
    """What there was no time for is found again."""
    for number in range(3):
        key = replace(ADA, user_email=f"p{number}@example.com")
        world.connect(key, Identity.google(str(3000 + number)))
    assert retired(world).run(world.clock()) == 0
    assert retired(world).run(world.clock() + timedelta(seconds=1)) == 3
