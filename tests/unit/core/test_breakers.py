"""A connector type's breaker, shared by all instances: who may ask, who is believed, what is told."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from multi_user_oauth.breakers import Breakers
from multi_user_oauth.errors import (
    ConflictError,
    ProviderMisconfiguredError,
    ProviderUnavailableError,
    RetryableError,
    StoreUnavailableError,
)
from multi_user_oauth.model.breaker import Trouble
from multi_user_oauth.ports.events import EventType
from tests.support.world import ADA, CLEO, World

GOOGLE, MICROSOFT = ADA.connector_type, CLEO.connector_type
DOWN = ProviderUnavailableError("scripted", retry_after=1)
UNKNOWN = ProviderMisconfiguredError("scripted", retry_after=1)


def alarms(world: World) -> list[tuple[str, str]]:
    """Return type and reason of each alarm."""
    return [
        (line.__dict__["connector_type"], line.__dict__["reason"])
        for line in world.log
        if line.__dict__.get("alarm") == "breaker_opened"
    ]


def opened(world: World, error: RetryableError = DOWN) -> Breakers:
    """Return the breakers of a process that saw so many failures that one opened."""
    breakers = world.breakers()
    for _ in range(5 if error is DOWN else 3):
        breakers.failed(GOOGLE, error)
    return breakers


def stormy(world: World) -> Breakers:
    """Return the breakers of a process that saw a storm."""
    breakers = world.breakers()
    assert [breakers.refused(GOOGLE) for _ in range(6)] == [True] * 5 + [False]
    return breakers


def test_while_all_is_well_it_costs_nothing(world: World) -> None:
    """No read and no write, for whoever asks and whoever succeeds."""
    breakers = world.breakers()
    for _ in range(10):
        breakers.require(GOOGLE)
        breakers.succeeded(GOOGLE)
    assert world.activity.calls == []


@pytest.mark.parametrize("error", [DOWN, UNKNOWN])
def test_an_open_one_refuses_with_its_own_error(world: World, error: RetryableError) -> None:
    """As the provider would have, and says when the next probe is due."""
    breakers = opened(world, error)

    with pytest.raises(type(error)) as refused:
        breakers.require(GOOGLE)
    assert refused.value.retry_after == 31
    breakers.require(MICROSOFT)

    world.clock.advance(29.5)
    with pytest.raises(type(error)) as refused:
        breakers.require(GOOGLE)
    assert refused.value.retry_after == 1


def test_of_all_instances_one_sends_the_probe(world: World) -> None:
    """Sixteen ask at the moment when one is due; and again at the next."""
    opened(world)
    everybody = [world.breakers() for _ in range(16)]
    assert [each.permit(GOOGLE) for each in everybody] == [False] * 16

    world.clock.advance(30)
    with ThreadPoolExecutor(16) as pool:
        permits = list(pool.map(lambda each: each.permit(GOOGLE), everybody))
    assert permits.count(True) == 1

    world.clock.advance(59)
    assert not any(each.permit(GOOGLE) for each in everybody)
    world.clock.advance(1)
    assert [each.permit(GOOGLE) for each in everybody].count(True) == 1


def test_who_was_slower_sends_none(world: World) -> None:
    """Another took the probe between our look and our write."""
    opened(world)
    world.clock.advance(30)
    other, taken = world.breakers(), []
    world.activity.meanwhile("keep_breaker", lambda: taken.append(other.permit(GOOGLE)))

    assert not world.breakers().permit(GOOGLE)
    assert taken == [True]


def test_a_callers_wish_may_be_the_probe(world: World) -> None:
    """The provider is asked for them; whoever comes meanwhile is refused."""
    breakers = opened(world)
    world.clock.advance(30)
    breakers.require(GOOGLE)
    with pytest.raises(ProviderUnavailableError):
        breakers.require(GOOGLE)

    breakers.succeeded(GOOGLE)

    breakers.require(GOOGLE)
    assert breakers.look(GOOGLE).is_quiet


def test_a_process_that_saw_no_trouble_learns_of_it_by_its_first_failure(world: World) -> None:
    """Its first wish is asked: only then does it look at what the others know."""
    opened(world)
    late = world.breakers()
    late.require(GOOGLE)
    late.failed(GOOGLE, DOWN)
    with pytest.raises(ProviderUnavailableError):
        late.require(GOOGLE)


def test_a_process_that_saw_trouble_learns_that_it_is_over(world: World) -> None:
    """Another's success closed it: it looks once more, and from then on not again."""
    first = opened(world)
    other = world.breakers()
    other.look(GOOGLE)
    other.succeeded(GOOGLE)
    world.activity.calls.clear()

    for _ in range(3):
        first.require(GOOGLE)

    assert world.activity.calls == ["breaker"]


def test_failures_of_all_instances_are_one_row(world: World) -> None:
    """Five processes, one failure each; a success of any that saw trouble begins it anew."""
    for _ in range(4):
        world.breakers().failed(GOOGLE, DOWN)
    assert world.breakers().look(GOOGLE).trouble is None
    seen = world.breakers()
    seen.look(GOOGLE)
    seen.succeeded(GOOGLE)
    for _ in range(4):
        world.breakers().failed(GOOGLE, DOWN)
    assert world.breakers().look(GOOGLE).trouble is None

    world.breakers().failed(GOOGLE, DOWN)

    assert world.breakers().look(GOOGLE).trouble is Trouble.OUTAGE


@pytest.mark.parametrize("error", [DOWN, UNKNOWN])
def test_opening_and_closing_are_told_once(world: World, error: RetryableError) -> None:
    """One alarm, one event each, however long it lasts; each occurrence has an id of its own."""
    for turn in range(2):
        breakers = opened(world, error)
        for _ in range(20):
            world.clock.advance(301)
            breakers.require(GOOGLE)
            breakers.failed(GOOGLE, error)
        assert len(alarms(world)) == turn + 1
        breakers.succeeded(GOOGLE)
        breakers.succeeded(GOOGLE)
        world.clock.advance(1)

    reason = "outage" if error is DOWN else "misconfigured"
    assert set(alarms(world)) == {(GOOGLE, reason)}
    assert [event.type for event in world.events] == [
        EventType.BREAKER_OPENED,
        EventType.BREAKER_CLOSED,
    ] * 2
    assert {event.data["reason"] for event in world.events} == {reason}
    assert {event.subject for event in world.events} == {GOOGLE}
    assert len({event.id for event in world.events}) == 4


def test_what_was_not_written_is_not_told(world: World) -> None:
    """The other's write stands, and the other told of it."""
    nearly = world.breakers()
    for _ in range(4):
        nearly.failed(GOOGLE, DOWN)
    world.activity.meanwhile("keep_breaker", lambda: world.breakers().failed(GOOGLE, DOWN))

    nearly.failed(GOOGLE, DOWN)

    assert len(alarms(world)) == 1
    assert nearly.look(GOOGLE).in_a_row == 6


def test_up_to_five_dead_grants_are_believed(world: World) -> None:
    """The sixth in ten minutes is a storm: it is not, and it is told."""
    breakers = stormy(world)

    assert breakers.look(GOOGLE).trouble is Trouble.STORM
    assert alarms(world) == [(GOOGLE, "storm")]
    assert not any(world.breakers().refused(GOOGLE) for _ in range(3))
    assert len(alarms(world)) == 1
    assert world.breakers().refused(MICROSOFT)


def test_more_are_believed_where_more_are_asked_for(world: World) -> None:
    """Of a thousand attempts fifty: one in twenty."""
    breakers = world.breakers()
    breakers.attempted(GOOGLE, 950)
    assert [breakers.refused(GOOGLE) for _ in range(51)] == [True] * 50 + [False]


def test_refusals_of_all_instances_are_counted_together(world: World) -> None:
    """One each, at the same time."""
    everybody = [world.breakers() for _ in range(12)]
    with ThreadPoolExecutor(4) as pool:
        believed = list(pool.map(lambda each: each.refused(GOOGLE), everybody))
    assert believed.count(True) <= 5
    assert world.breakers().look(GOOGLE).trouble is Trouble.STORM


@pytest.mark.parametrize("error", [DOWN, UNKNOWN])
def test_in_other_trouble_no_refusal_is_believed(world: World, error: RetryableError) -> None:
    """Whoever is down or does not know us may say anything."""
    assert not opened(world, error).refused(GOOGLE)


def test_in_a_storm_callers_are_served(world: World) -> None:
    """Their success is one; only the sweep waits for probes."""
    breakers = stormy(world)
    for _ in range(3):
        breakers.require(GOOGLE)
        breakers.succeeded(GOOGLE)
    assert breakers.look(GOOGLE).trouble is Trouble.STORM
    assert not breakers.permit(GOOGLE)


def test_the_success_of_a_refused_one_ends_a_storm(world: World) -> None:
    """By whichever process, also one that has not seen it."""
    stormy(world)
    world.breakers().succeeded(GOOGLE, refused_before=True)
    assert world.breakers().look(GOOGLE).is_quiet


@pytest.mark.parametrize("operation", ["breaker", "keep_breaker"])
def test_what_can_not_be_counted_is_not_believed(world: World, operation: str) -> None:
    """The activity database does not answer: nobody is told to sign in on that."""
    world.activity.fail_before(operation)
    assert not world.breakers().refused(GOOGLE)


def test_a_record_that_all_write_at_once_is_given_up(world: World) -> None:
    """After five tries a refusal is not believed; failures and successes are left uncounted."""
    world.activity.fail_before("keep_breaker", ConflictError("scripted"), times=15)
    breakers = world.breakers()
    assert not breakers.refused(GOOGLE)
    breakers.failed(GOOGLE, DOWN)
    breakers.attempted(GOOGLE, 7)
    assert breakers.look(GOOGLE).is_quiet
    assert world.activity.calls.count("keep_breaker") == 15


def test_without_its_record_those_who_saw_trouble_ask_nobody(world: World) -> None:
    """Whether the provider may be asked is not known; whoever saw none asks as ever."""
    breakers = opened(world)
    world.activity.fail_before("breaker", times=10)
    with pytest.raises(StoreUnavailableError):
        breakers.require(GOOGLE)
    world.breakers().require(GOOGLE)


def test_a_note_that_fails_is_no_failure(world: World) -> None:
    """What was refreshed was refreshed: a line in the log."""
    breakers = opened(world)
    world.activity.fail_before("breaker", times=2)
    breakers.succeeded(GOOGLE)
    breakers.failed(GOOGLE, DOWN)
    lines = [line for line in world.log if line.getMessage() == "a breaker was not written"]
    assert len(lines) == 2
    assert breakers.look(GOOGLE).trouble is Trouble.OUTAGE
