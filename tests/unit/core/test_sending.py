"""Sending once: the same key, lost answers, and whoever comes at the same time."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from multi_user_oauth.errors import MultiUserOAuthError, ProviderUnavailableError
from multi_user_oauth.errors.connector import (
    IdempotencyKeyReusedError,
    OutcomeUnknownError,
    ProviderRejectedError,
    SendInProgressError,
)
from multi_user_oauth.model import Agent, ConnectionKey
from multi_user_oauth.model.attempt import Stage
from multi_user_oauth.ports.connectors import Outcome
from multi_user_oauth.sending import HELD_FOR, HONOURED_FOR, LONGEST_SEND, Sent, attempt_id
from tests.support.sending import AGENT, KEY, Bench, raising

SECOND = timedelta(seconds=1)


@pytest.fixture
def bench() -> Bench:
    """Nothing was sent yet."""
    return Bench()


def test_without_a_key_nothing_is_kept(bench: Bench) -> None:
    """And each call sends."""
    assert [bench.send(None), bench.send(None)] == [Sent(provider_id="message-1")] * 2
    assert (bench.provider.sent, bench.provider.prepared) == (["", ""], 0)
    assert bench.records.writes == []


def test_the_same_key_sends_once(bench: Bench) -> None:
    """The second answer is the first one, marked as such; the provider is not asked for it."""
    assert bench.send() == Sent(provider_id="message-1")
    assert bench.send() == Sent(provider_id="message-1", replayed=True)
    assert (bench.provider.sent, bench.provider.looks) == (["draft"], [])


def test_what_is_written_comes_before_what_is_done(bench: Bench) -> None:
    """First that somebody sends, then what was prepared, then that it was sent."""
    bench.send()
    stages = [(each.stage, each.handle, each.provider_id) for each in bench.records.writes]
    assert stages == [
        (Stage.SENDING, "", ""),
        (Stage.SENDING, "draft", ""),
        (Stage.SENT, "draft", "message-1"),
    ]
    assert {each.mark for each in bench.records.writes} == set(bench.provider.marks)


def test_where_nothing_is_prepared_nothing_is_written_of_it(bench: Bench) -> None:
    """Two writes, not three."""
    bench.provider.draft = ""
    bench.send()
    assert [each.stage for each in bench.records.writes] == [Stage.SENDING, Stage.SENT]


def test_the_same_key_for_something_else_is_refused(bench: Bench) -> None:
    """Nothing of it is sent."""
    bench.send()
    with pytest.raises(IdempotencyKeyReusedError) as refused:
        bench.send(fingerprint="two")
    assert refused.value.field == "Idempotency-Key"
    assert len(bench.provider.sent) == 1


def test_a_key_is_one_callers_for_one_connection() -> None:
    """Nobody else's key is the same, however names are cut."""
    other = ConnectionKey("google_workspace", "john@company.com")
    names = {
        attempt_id(AGENT, KEY, "k"), attempt_id(Agent(name="other"), KEY, "k"),
        attempt_id(AGENT, other, "k"), attempt_id(AGENT, KEY, "K"),
        attempt_id(AGENT, replace(KEY, user_email="sarah@company.comk"), ""),
    }  # fmt: skip
    assert len(names) == 5


def test_a_key_is_forgotten_after_a_day(bench: Bench) -> None:
    """Until then it is honoured; afterwards it stands for something new, under a new mark."""
    bench.send()
    bench.clock.advance((HONOURED_FOR - SECOND).total_seconds())
    assert bench.send().replayed
    bench.clock.advance(1)
    assert not bench.send(fingerprint="two").replayed
    assert len(bench.provider.sent) == len(set(bench.provider.marks)) == 2


def test_a_key_is_not_forgotten_while_somebody_sends(bench: Bench) -> None:
    """Taken over in the last second of its day it is held on, and the same key waits."""
    bench.provider.refuses = [ProviderRejectedError("no", reason="no")]
    with pytest.raises(ProviderRejectedError):
        bench.send()
    bench.clock.advance((HONOURED_FOR - SECOND).total_seconds())
    other = []

    def meanwhile() -> None:
        bench.provider.during = lambda: None
        bench.clock.advance(2)
        with pytest.raises(SendInProgressError) as waits:
            bench.send()
        other.append(waits.value)

    bench.provider.during = meanwhile
    assert not bench.send().replayed
    assert len(other) == len(bench.provider.sent) == 1


@pytest.mark.parametrize(
    "error", [ProviderRejectedError("no", reason="no"), ProviderUnavailableError("no")], ids=repr
)
def test_what_was_not_sent_may_be_sent_again(bench: Bench, error: MultiUserOAuthError) -> None:
    """The error is passed on, nobody waits for it, and what was prepared is used again."""
    bench.provider.refuses = [error]
    with pytest.raises(type(error)):
        bench.send()
    assert bench.records.only.stage is Stage.IDLE
    slept = len(bench.clock.slept)
    assert bench.send() == Sent(provider_id="message-1")
    assert (bench.provider.prepared, bench.provider.looks) == (1, [])
    assert len(bench.clock.slept) == slept


def test_what_can_not_be_prepared_is_not_sent(bench: Bench) -> None:
    """The next call prepares anew."""
    bench.provider.prepare = raising(ProviderUnavailableError("no"))  # type: ignore[method-assign]  # reason: a fake
    with pytest.raises(ProviderUnavailableError):
        bench.send()
    del bench.provider.prepare
    assert bench.send().provider_id == "message-1"
    assert (bench.provider.prepared, bench.provider.sent) == (1, ["draft"])


def test_no_answer_but_sent(bench: Bench) -> None:
    """The provider is asked at once, and its word is written down."""
    bench.provider.outcomes = [OutcomeUnknownError("no answer")]
    assert bench.send() == Sent(provider_id="found-1")
    assert bench.send() == Sent(provider_id="found-1", replayed=True)
    assert (bench.provider.sent, bench.provider.looks) == (["draft"], ["draft"])


def test_no_answer_and_nobody_knows(bench: Bench) -> None:
    """Nobody is told to wait for what nobody will know; nothing is sent again, all day."""
    bench.provider.outcomes = [OutcomeUnknownError("no answer")]
    bench.provider.found = Outcome.UNKNOWN
    for _ in range(3):
        with pytest.raises(OutcomeUnknownError):
            bench.send()
    bench.clock.advance((HONOURED_FOR - timedelta(minutes=1)).total_seconds())
    with pytest.raises(OutcomeUnknownError):
        bench.send()
    assert (bench.provider.sent, bench.clock.slept) == (["draft"], [])


def test_what_nobody_knew_may_be_known_later(bench: Bench) -> None:
    """Each call asks once more: an index may have lagged."""
    bench.provider.outcomes = [OutcomeUnknownError("no answer")]
    bench.provider.found = Outcome.UNKNOWN
    with pytest.raises(OutcomeUnknownError):
        bench.send()
    bench.provider.found = None
    assert bench.send() == Sent(provider_id="found-1", replayed=True)
    assert bench.provider.sent == ["draft"]


def test_no_answer_and_not_sent_yet(bench: Bench) -> None:
    """It may be on its way: the hold stays, and only after it the same draft is sent."""
    bench.provider.refuses = [OutcomeUnknownError("no answer")]
    with pytest.raises(OutcomeUnknownError):
        bench.send()
    with pytest.raises(SendInProgressError):
        bench.send()
    assert bench.provider.sent == []
    bench.clock.advance(HELD_FOR.total_seconds())
    assert bench.send() == Sent(provider_id="message-1")
    assert (bench.provider.sent, bench.provider.prepared) == (["draft"], 1)


def test_a_look_that_fails_tells_nothing(bench: Bench) -> None:
    """After a lost answer it is unknown; a later call says that the provider can not be asked now."""
    bench.provider.outcomes = [OutcomeUnknownError("no answer")]
    bench.provider.look_fails = ProviderUnavailableError("down")
    with pytest.raises(OutcomeUnknownError):
        bench.send()
    with pytest.raises(ProviderUnavailableError):
        bench.send()
    bench.provider.look_fails = None
    assert bench.send() == Sent(provider_id="found-1", replayed=True)
    assert len(bench.provider.sent) == 1


def test_whoever_took_too_long_to_prepare_does_not_send(bench: Bench) -> None:
    """With so little left of the hold, somebody could take over while it is being sent."""

    def slowly() -> str:
        bench.clock.advance((HELD_FOR - LONGEST_SEND).total_seconds())
        return "draft"

    bench.provider.prepare = slowly  # type: ignore[method-assign]  # reason: a fake that takes its time
    with pytest.raises(SendInProgressError):
        bench.send()
    assert (bench.provider.sent, bench.records.only.stage) == ([], Stage.IDLE)
    assert bench.send() == Sent(provider_id="message-1")
    assert bench.provider.sent == ["draft"]


def test_whoever_waits_is_answered_as_soon_as_it_was_sent(bench: Bench) -> None:
    """By the record: the other one's answer is theirs too."""
    bench.killed_at = "send.prepared"
    bench.killed()

    def done_elsewhere() -> None:
        bench.clock.meanwhile = None
        done = replace(bench.records.only, stage=Stage.SENT, provider_id="message-1")
        bench.records.keep_attempt(bench.records.attempt(done.id), done)

    bench.clock.meanwhile = done_elsewhere
    assert bench.send() == Sent(provider_id="message-1", replayed=True)
    assert (len(bench.clock.slept), bench.provider.looks) == (1, ["draft"])


def test_twenty_at_once_send_once(bench: Bench) -> None:
    """Each is answered, or told that somebody is sending."""
    answers = _at_once(bench, 20)
    assert len(bench.provider.sent) == 1
    assert sum(answer == Sent(provider_id="message-1") for answer in answers) == 1
    others = [answer for answer in answers if answer != Sent(provider_id="message-1")]
    assert all(
        isinstance(each, SendInProgressError) or (isinstance(each, Sent) and each.replayed)
        for each in others
    )


def _at_once(bench: Bench, number: int) -> Sequence[Sent | MultiUserOAuthError]:
    """Send so often at the same time; return all answers."""
    answers: list[Sent | MultiUserOAuthError] = []
    barrier = threading.Barrier(number)

    def one() -> None:
        barrier.wait()
        try:
            answers.append(bench.send())
        except MultiUserOAuthError as error:
            answers.append(error)

    threads = [threading.Thread(target=one) for _ in range(number)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    assert len(answers) == number
    return answers
