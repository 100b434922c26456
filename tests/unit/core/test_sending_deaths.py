"""Sending once, whoever dies and whatever the store does: at each point, at each write."""

from datetime import timedelta

import pytest

from multi_user_oauth.errors import ProviderUnavailableError, StoreUnavailableError
from multi_user_oauth.errors.connector import OutcomeUnknownError, SendInProgressError
from multi_user_oauth.model.attempt import Stage
from multi_user_oauth.ports.connectors import Found, Outcome
from multi_user_oauth.sending import HELD_FOR, WAIT, Sent
from tests.support.sending import Bench, Killed, raising

SECOND = timedelta(seconds=1)


@pytest.fixture
def bench() -> Bench:
    """Nothing was sent yet."""
    return Bench()


def test_death_before_sending(bench: Bench) -> None:
    """While the hold lasts nobody sends; afterwards the same draft goes out, once."""
    bench.killed_at = "send.prepared"
    bench.killed()
    with pytest.raises(SendInProgressError) as waits:
        bench.send()
    assert waits.value.retry_after == 30
    bench.clock.advance(HELD_FOR.total_seconds())
    assert bench.send() == Sent(provider_id="message-1")
    assert (bench.provider.sent, bench.provider.prepared) == (["draft"], 1)


@pytest.mark.parametrize("draft", ["draft", ""])
def test_death_after_sending(bench: Bench, draft: str) -> None:
    """The provider knows: the next call need not wait for the hold's end."""
    bench.provider.draft = draft
    bench.killed_at = "send.done"
    bench.killed()
    assert bench.send() == Sent(provider_id="found-1", replayed=True)
    assert bench.records.only.stage is Stage.SENT
    assert (bench.provider.sent, bench.clock.slept) == ([draft], [])


def test_death_while_sending_and_nobody_knows(bench: Bench) -> None:
    """First its sender is believed to be at work, then nobody knows; it is never sent again."""
    bench.provider.outcomes = [Killed()]
    bench.provider.found = Outcome.UNKNOWN
    bench.killed()
    with pytest.raises(SendInProgressError):
        bench.send()
    bench.clock.advance(HELD_FOR.total_seconds())
    for _ in range(2):
        with pytest.raises(OutcomeUnknownError):
            bench.send()
    assert len(bench.provider.sent) == 1


def test_whoever_waits_asks_the_provider_once(bench: Bench) -> None:
    """As long as somebody may be sending: looking every quarter of a second would be a load."""
    bench.killed_at = "send.prepared"
    bench.killed()
    begun = bench.clock()
    with pytest.raises(SendInProgressError):
        bench.send()
    assert bench.clock() - begun >= WAIT
    assert bench.provider.looks == ["draft"]


def test_whoever_waits_asks_before_taking_over(bench: Bench) -> None:
    """A hold that ends while one waits is looked into once more: its sender may have sent."""
    bench.killed_at = "send.prepared"
    bench.killed()
    bench.clock.advance((HELD_FOR - 2 * SECOND).total_seconds())
    bench.clock.meanwhile = lambda: bench.provider.sent.append("draft")
    assert bench.send() == Sent(provider_id="found-1", replayed=True)
    assert bench.records.only.stage is Stage.SENT


def test_a_hold_that_ends_during_a_look_is_not_taken_over(bench: Bench) -> None:
    """What the look found was true of somebody at work: it is asked anew."""
    bench.provider.outcomes = [Killed()]
    bench.provider.found = Outcome.UNKNOWN
    bench.killed()
    bench.clock.advance((HELD_FOR - SECOND).total_seconds())
    look = bench.provider.look_up

    def slowly(handle: str) -> Found:
        bench.clock.advance(2)
        return look(handle)

    bench.provider.look_up = slowly  # type: ignore[method-assign]  # reason: a fake that takes its time
    with pytest.raises(OutcomeUnknownError):
        bench.send()
    assert len(bench.provider.sent) == 1


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("written", [False, True], ids=["lost", "written"])
def test_a_store_that_fails_at_a_write_sends_nothing_twice(
    bench: Bench, number: int, written: bool
) -> None:
    """Whichever write fails, and whether it was written all the same: one mail, and a later answer."""
    bench.records.fail = {number: (written, StoreUnavailableError("down"))}
    if number == 3:
        assert bench.send() == Sent(provider_id="message-1")  # what was sent was sent
    else:
        with pytest.raises(StoreUnavailableError):
            bench.send()
        assert bench.provider.sent == []
    bench.clock.advance(HELD_FOR.total_seconds())
    assert bench.send().provider_id in ("message-1", "found-1")
    assert bench.send().replayed
    assert len(bench.provider.sent) == 1


@pytest.mark.parametrize("unknown", [False, True])
def test_a_store_that_fails_while_freeing_keeps_the_hold(bench: Bench, unknown: bool) -> None:
    """The provider's error is passed on; the key waits for the hold's end."""
    error = OutcomeUnknownError("no answer") if unknown else ProviderUnavailableError("no")
    bench.provider.refuses = [error]
    bench.provider.found = Outcome.UNKNOWN if unknown else None
    bench.records.fail = {3: (False, StoreUnavailableError("down"))}
    with pytest.raises(type(error)):
        bench.send()
    with pytest.raises(SendInProgressError):
        bench.send()
    bench.clock.advance(HELD_FOR.total_seconds())
    if unknown:
        with pytest.raises(OutcomeUnknownError):
            bench.send()
        assert bench.provider.sent == []
    else:
        assert bench.send() == Sent(provider_id="message-1")


def test_a_store_that_can_not_be_read_sends_nothing(bench: Bench) -> None:
    """Without the record nobody knows whether it was sent."""
    bench.records.attempt = raising(StoreUnavailableError("down"))  # type: ignore[method-assign, assignment]  # reason: a fake
    with pytest.raises(StoreUnavailableError):
        bench.send()
    assert bench.provider.sent == []
