"""A sweep in trouble: the provider's, a record's, or our own parts'."""

import pytest

from multi_user_oauth.errors import (
    KeysUnavailableError,
    MultiUserOAuthError,
    ProviderMisconfiguredError,
    ProviderUnavailableError,
    StoreUnavailableError,
)
from multi_user_oauth.model import SHARDS, ConnectionStatus
from multi_user_oauth.model.breaker import Trouble
from multi_user_oauth.tending import Outcome
from tests.support.instances import Instance, crowd, fresh, in_turn, statuses
from tests.support.world import ADA, CLEO, CLEO_ID, World

GOOGLE = ADA.connector_type
ACTIVE = ConnectionStatus.ACTIVE


def test_one_type_in_trouble_does_not_stop_another(world: World) -> None:
    """Its breaker is its own."""
    crowd(world, 20)
    world.connect(CLEO, CLEO_ID)
    world.expire()
    world.provider.fail(ProviderUnavailableError("scripted"), times=5)
    instance = Instance(world=world, connector_types=(GOOGLE, CLEO.connector_type))

    swept = instance.run()

    assert swept.counts == {Outcome.FAILED: 5, Outcome.REFRESHED: 1}
    assert instance.look(GOOGLE).trouble is Trouble.OUTAGE
    assert instance.look(CLEO.connector_type).trouble is None


def test_an_open_breaker_lets_one_probe_through_over_all_instances(crowded: World) -> None:
    """Sixteen instances, a shard each: one call when it is due, none before."""
    crowd(crowded, 60)
    crowded.expire()
    crowded.provider.down = True
    Instance(world=crowded).run()
    assert len(crowded.provider.calls) == 5
    for pause, calls in ((29, 5), (1, 6), (59, 6), (1, 7)):
        crowded.clock.advance(pause)
        for shard in range(SHARDS):
            Instance(world=crowded).run((shard,))
        assert len(crowded.provider.calls) == calls


def test_the_probe_that_succeeds_is_followed_by_all_others(crowded: World) -> None:
    """In the same sweep."""
    crowd(crowded, 60)
    crowded.expire()
    crowded.provider.down = True
    Instance(world=crowded).run()
    crowded.provider.down = False
    crowded.clock.advance(301)

    swept = Instance(world=crowded).run()

    assert swept.counts == {Outcome.REFRESHED: 60}
    assert fresh(crowded) == 60


def test_a_damaged_record_does_not_stop_the_others(crowded: World) -> None:
    """Neither one that does not open nor one that can not be read; both stay as they are."""
    crowd(crowded, 20)
    crowded.expire()
    first, second = in_turn(crowded)[:2]
    kept = crowded.record(first).sealed_refresh, crowded.record(second).sealed_access
    crowded.paste(first, sealed_refresh=kept[1])
    crowded.paste(second, epoch="unreadable")

    swept = Instance(world=crowded).run()

    crowded.paste(second, epoch=1)
    epoch = crowded.record(first).epoch
    crowded.paste(second, epoch=epoch)
    assert swept.counts == {Outcome.TAMPERED: 1, Outcome.REFRESHED: 18}
    assert crowded.record(first).status is ACTIVE
    failure = crowded.record(first).failure
    assert failure is not None
    assert failure.code == "tampered"
    crowded.paste(first, sealed_refresh=kept[0])


def test_many_records_that_were_altered_hold_up_nobody(crowded: World) -> None:
    """However many come first: the round goes on, as fast as without them."""
    crowd(crowded, 30)
    crowded.expire()
    kept = {key: crowded.record(key).sealed_refresh for key in in_turn(crowded)[:10]}
    for key in kept:
        crowded.paste(key, sealed_refresh=crowded.record(key).sealed_access)

    swept = Instance(world=crowded).run()

    assert swept.counts == {Outcome.TAMPERED: 10, Outcome.REFRESHED: 20}
    for key, sealed in kept.items():
        crowded.paste(key, sealed_refresh=sealed)


@pytest.mark.parametrize(
    ("error", "calls"),
    [(ProviderUnavailableError("scripted"), 5), (ProviderMisconfiguredError("scripted"), 3)],
)
def test_what_fails_beforehand_opens_the_breaker(
    crowded: World, error: MultiUserOAuthError, calls: int
) -> None:
    """A failure is not yet the one answer that was wanted: no other instance need find out by itself."""
    crowd(crowded, 20)
    crowded.expire()
    crowded.provider.fail(error, times=100)
    instance = Instance(world=crowded)

    instance.run(most=1)

    assert len(crowded.provider.calls) == calls
    assert instance.look().trouble is not None
    crowded.provider.script.clear()


@pytest.mark.parametrize("trouble", ["keys", "preparing"])
def test_trouble_of_our_own_parts_ends_it_after_five(crowded: World, trouble: str) -> None:
    """
    F09, F23: Keys, or the client secret of a cold start, out of reach: nobody is asked, nothing changes.

    The breaker is the provider's, and stays closed. With the part back all are refreshed at once.
    """
    crowd(crowded, 20)
    crowded.expire()
    before = list(crowded.records())

    def let(fail: bool) -> None:
        if trouble == "preparing":
            crowded.provider.preparing = KeysUnavailableError("scripted") if fail else None
        for key in crowded.keys.values():
            key.down = fail and trouble == "keys"

    let(fail=True)
    instance = Instance(world=crowded)
    for _ in range(3):
        assert instance.run().counts == {Outcome.FAILED: 5}
        crowded.clock.advance(60)
    assert crowded.provider.calls == []
    assert list(crowded.records()) == before
    assert instance.look().is_quiet

    let(fail=False)
    assert instance.run().counts == {Outcome.REFRESHED: 20}


def test_ten_minutes_without_the_database(crowded: World) -> None:
    """F21: Each sweep says so, nobody's status changes, nobody is told; then it goes on by itself."""
    crowd(crowded, 10)
    crowded.expire()
    told = list(crowded.events)
    instance = Instance(world=crowded)
    for _ in range(10):
        crowded.store.fail_before("due")
        crowded.store.fail_before("rescues")
        crowded.store.fail_before("unfinished")
        with pytest.raises(StoreUnavailableError):
            instance.rounds().round(instance.until())
        crowded.clock.advance(60)
    for operation in ("claim", "release", "commit", "read", "rescue", "rescued"):
        crowded.store.fail_before(operation, times=50)
    assert not instance.run().counts[Outcome.REFRESHED]
    assert crowded.provider.calls == []
    for script in crowded.store._script.values():  # noqa: SLF001  # reason: the database is back
        script.clear()

    assert instance.minutes(2)[Outcome.REFRESHED] == 10
    assert statuses(crowded) == {ACTIVE: 10}
    assert crowded.events == told


def test_the_activity_database_is_not_needed_to_refresh(crowded: World) -> None:
    """Last uses, breakers and suspects are out of reach: what is due is refreshed."""
    crowd(crowded, 12)
    crowded.expire()
    for operation in ("uses", "breaker", "keep_breaker", "suspect", "suspects"):
        crowded.activity.fail_before(operation, times=1000)

    assert Instance(world=crowded).minutes(1)[Outcome.REFRESHED] == 12

    assert fresh(crowded) == 12


def test_without_the_activity_database_nobody_is_marked(crowded: World) -> None:
    """A refusal can not be counted, nor who was refused be noted: it is tried again later."""
    for connection in crowd(crowded, 12):
        crowded.provider.withdraw(connection.identity)
    crowded.expire()
    for operation in ("breaker", "keep_breaker", "suspect"):
        crowded.activity.fail_before(operation, times=1000)

    instance = Instance(world=crowded)
    swept = instance.run()

    assert swept.counts == {Outcome.FAILED: 5}
    assert statuses(crowded) == {ACTIVE: 12}
    crowded.loss = "they are dead, and nobody is told"


def test_who_can_not_be_noted_as_suspect_is_not_marked(crowded: World) -> None:
    """Nobody would try that one again after a storm."""
    (connection,) = crowd(crowded, 1)
    crowded.provider.withdraw(connection.identity)
    crowded.expire()
    crowded.activity.fail_before("suspect")

    assert Instance(world=crowded).run().counts == {Outcome.FAILED: 1}
    assert crowded.record(connection.key).status is ACTIVE

    crowded.clock.advance(60)
    assert Instance(world=crowded).run().counts == {Outcome.REFUSED: 1}
    assert crowded.record(connection.key).status is ConnectionStatus.NEEDS_SIGN_IN


def test_an_answer_that_was_on_its_way_when_it_opened_does_not_close_it(crowded: World) -> None:
    """The one who waited for it is refreshed; whether all is well, the probe is to find out."""
    crowd(crowded, 1)
    crowded.expire()
    instance = Instance(world=crowded)

    def others_fail() -> None:
        crowded.clock.advance(1)
        for _ in range(5):
            instance.breakers.failed(GOOGLE, ProviderUnavailableError("scripted"))

    crowded.provider.answering = others_fail
    assert instance.run().counts == {Outcome.REFRESHED: 1}
    assert instance.look().trouble is Trouble.OUTAGE
