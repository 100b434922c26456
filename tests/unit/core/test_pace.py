"""So many a second and no more, over all threads."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from multi_user_oauth.pace import Pace
from tests.support.clock import ManualClock

SOON = timedelta(minutes=10)


def pace(clock: ManualClock, per_second: float) -> Pace:
    """Return one by this clock."""
    return Pace(per_second, now=clock, sleep=clock.sleep)


@pytest.mark.parametrize("per_second", [0.5, 1, 7, 500])
def test_no_second_has_more_than_its_number(per_second: float) -> None:
    """The first at once, and the others one after the other, evenly."""
    clock = ManualClock()
    paced, until, moments = pace(clock, per_second), clock() + timedelta(days=1), []
    for _ in range(1200):
        assert paced.wait(until)
        moments.append(clock())

    apart = timedelta(seconds=1 / per_second)
    assert moments == [moments[0] + apart * each for each in range(1200)]
    assert moments[0] == ManualClock()()


def test_time_that_was_not_used_is_not_caught_up_with() -> None:
    """After a pause there is no burst."""
    clock = ManualClock()
    paced, until = pace(clock, 10), clock() + SOON
    assert paced.wait(until)
    clock.advance(60)
    moments = []
    for _ in range(3):
        assert paced.wait(until)
        moments.append(clock())
    assert moments[2] - moments[0] == timedelta(seconds=0.2)


def test_whoever_would_wait_beyond_the_end_is_told_at_once() -> None:
    """No sleep, and no turn taken from others; at the end itself nothing begins."""
    clock = ManualClock()
    paced, until = pace(clock, 1), clock() + timedelta(seconds=2)
    assert [paced.wait(until) for _ in range(4)] == [True, True, False, False]
    assert clock.slept == [1.0]
    assert paced.wait(until + timedelta(seconds=1))
    assert clock.slept == [1.0, 1.0]


def test_all_threads_share_one_pace() -> None:
    """Each gets a moment of its own, whoever asks at the same time."""
    clock, given = ManualClock(), threading.Lock()
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        with given:
            waits.append(seconds)

    paced, until = Pace(100, now=clock, sleep=sleep), clock() + SOON
    together = threading.Barrier(8)

    def ask(_: int) -> list[bool]:
        together.wait()
        return [paced.wait(until) for _ in range(50)]

    with ThreadPoolExecutor(8) as pool:
        assert all(all(each) for each in pool.map(ask, range(8)))
    assert sorted(waits) == pytest.approx([each / 100 for each in range(1, 400)])


def test_the_end_is_a_moment_of_the_same_clock() -> None:
    """An end that has passed lets nobody begin."""
    clock = ManualClock()
    passed: datetime = clock() - timedelta(seconds=1)
    assert not pace(clock, 5).wait(passed)
