"""A sweeper that dies in the middle: another one does what is left, and nothing twice."""

from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.crash.killing import Deploy
from tests.crash.sweeping import EACH, PLACES, due, kill_and_take_over, swept


@pytest.fixture(scope="module")
def taken_over(deploy: Deploy) -> dict[str, Future[None]]:
    """Kill a sweeper at each place, each with people of its own, all at the same time."""
    these = {place: due(deploy, f"swept-{place.replace(' ', '-')}") for place in PLACES}
    with ThreadPoolExecutor(len(these)) as pool:
        return {place: pool.submit(kill_and_take_over, who, place) for place, who in these.items()}


@pytest.mark.parametrize("place", PLACES)
def test_another_sweeper_takes_over(taken_over: dict[str, Future[None]], place: str) -> None:
    """
    SIGKILL in the middle of a page, or between two: the next sweeper refreshes what is still due.

    What the dead one had claimed waits until its lease has run out; only what it had been answered and
    not stored is asked for a second time.
    """
    taken_over[place].result()


def test_two_sweepers_at_once_refresh_each_connection_once(deploy: Deploy) -> None:
    """Neither waits for the other: whoever claims a connection first refreshes it."""
    these = due(deploy, "swept-twice")
    sweepers = [these.sweep(waits=True) for _ in range(2)]
    for sweeper in sweepers:
        assert sweeper.hear() == "ready"
    for sweeper in sweepers:
        sweeper.say("go")

    counts = [swept(sweeper) for sweeper in sweepers]

    assert sum(each.get("refreshed", 0) for each in counts) == 2 * EACH, counts
    assert these.asked() == [1] * 2 * EACH
    assert these.generations() == [2] * 2 * EACH
    these.verify()
