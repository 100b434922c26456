"""Asking `refresh` to re-wrap by HTTP: what is sent, and what each answer means."""

import json
from datetime import timedelta

import pytest

from multi_user_oauth.errors import KeysUnavailableError, StoreUnavailableError
from multi_user_oauth.model import Kind
from multi_user_oauth.ports import RewrapStep
from multi_user_oauth.refreshers.remote_rewrapping import RemoteRewrapping
from tests.support.clock import START
from tests.unit.refreshers.answers import Answers
from tests.unit.refreshers.test_remote import URL, answer, asker

UNTIL = START + timedelta(seconds=10)
STEP = {
    "versions": {"access": {"1": 2}, "refresh": {"6": 1, "7": 1}},
    "newest": {"access": "1", "refresh": "7"},
    "rewrapped": 1,
    "skipped": 1,
    "tampered": 0,
}


def step(adapter: Answers, after: str | None = None, *, count_only: bool = False) -> RewrapStep:
    """Ask for a step."""
    steps = RemoteRewrapping(asker(adapter))
    return steps.step(after=after, until=UNTIL, count_only=count_only)


def test_what_is_asked_and_what_comes_back() -> None:
    """From the start without a place; waiting for longer than the function may take."""
    adapter = Answers(answer(200, STEP))
    done = step(adapter)
    assert done == RewrapStep(
        versions={Kind.ACCESS: {"1": 2}, Kind.REFRESH: {"6": 1, "7": 1}},
        newest={Kind.ACCESS: "1", Kind.REFRESH: "7"},
        rewrapped=1,
        skipped=1,
    )
    (sent,) = adapter.requests
    assert sent.url == f"{URL}/refresh/rewrap"
    assert json.loads(sent.body or b"") == {"count_only": False}
    assert adapter.options[0]["timeout"][1] > 60


def test_it_goes_on_from_a_place() -> None:
    """As the answer before said."""
    adapter = Answers(answer(200, {**STEP, "next": "connections:b"}))
    done = step(adapter, "connections:a", count_only=True)
    assert done.next_after == "connections:b"
    body = json.loads(adapter.requests[0].body or b"")
    assert body == {"after": "connections:a", "count_only": True}


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("keys_unavailable", KeysUnavailableError),
        ("store_unavailable", StoreUnavailableError),
        ("unheard_of", StoreUnavailableError),
    ],
)
def test_what_stopped_it_comes_back_as_it_was(code: str, error: type[Exception]) -> None:
    """With what was done before."""
    done = step(Answers(answer(200, {**STEP, "next": "connections:b", "stopped": code})))
    assert (type(done.stopped), done.rewrapped) == (error, 1)


def test_a_refusal_and_an_outage_are_for_later() -> None:
    """Nothing is done, and it may be tried again."""
    outage = answer(503, {"code": "keys_unavailable"}, Retry_After="7")
    with pytest.raises(KeysUnavailableError) as later:
        step(Answers(outage))
    assert later.value.retry_after == 7
    with pytest.raises(StoreUnavailableError):
        step(Answers(answer(403, {"code": "forbidden"})))


@pytest.mark.parametrize("change", [{"versions": []}, {"rewrapped": "1"}, {"newest": {"x": "1"}}])
def test_another_answer_is_no_answer(change: dict[str, object]) -> None:
    """Not a count of nothing."""
    with pytest.raises(StoreUnavailableError, match="something else"):
        step(Answers(answer(200, STEP | change)))
