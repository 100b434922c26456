"""Contract of `BreakerStore`."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from multi_user_oauth.errors import ConflictError, StoreUnavailableError
from multi_user_oauth.model.breaker import Breaker
from multi_user_oauth.ports.breakers import BreakerStore, KeptBreaker
from tests.contract.stores.backends import Backend
from tests.contract.stores.racers import PATIENCE
from tests.contract.stores.samples import AT, KEY, breaker
from tests.contract.stores.troubles import alter, look
from tests.support.clock import ManualClock
from tests.support.stores import ActivityStore

TYPE = KEY.connector_type
CLOSED = Breaker(connector_type=TYPE)


def kept(store: BreakerStore, after: Breaker) -> KeptBreaker:
    """Write it over what is there, and return it as it is read."""
    store.keep_breaker(store.breaker(after.connector_type), after)
    return store.breaker(after.connector_type)


def test_without_a_record_it_is_closed(activity: ActivityStore) -> None:
    """And looking at it writes none."""
    for _ in range(2):
        assert activity.breaker(TYPE) == KeptBreaker(breaker=CLOSED)


def test_what_is_kept_is_what_is_read(activity: ActivityStore, backend: Backend) -> None:
    """All of it, open or closed, by every instance; each connector type has its own."""
    other = replace(breaker(), connector_type="microsoft_teams")
    for after in (breaker(), CLOSED, other, breaker(9)):
        assert kept(activity, after).breaker == after
    assert backend.activity(ManualClock()).breaker(TYPE) == activity.breaker(TYPE)
    assert activity.breaker("microsoft_teams").breaker == other


def test_of_two_writers_one_is_told(activity: ActivityStore) -> None:
    """Whoever read before the other's write, also where both read that there was none."""
    for first, second in ((breaker(1), breaker(2)), (breaker(3), CLOSED)):
        one, other = activity.breaker(TYPE), activity.breaker(TYPE)
        activity.keep_breaker(one, first)
        with pytest.raises(ConflictError):
            activity.keep_breaker(other, second)
        with pytest.raises(ConflictError):  # nor does the first write twice without reading again
            activity.keep_breaker(one, second)
        assert activity.breaker(TYPE).breaker == first


@pytest.mark.parametrize("there", [False, True], ids=["new", "there"])
def test_of_many_at_once_one_writes(activity: ActivityStore, *, there: bool) -> None:
    """Eight threads with what they all read: one write, seven conflicts."""
    if there:
        kept(activity, CLOSED)
    before, start = activity.breaker(TYPE), threading.Barrier(8)

    def attempt(number: int) -> bool:
        start.wait(PATIENCE)
        try:
            activity.keep_breaker(before, breaker(number))
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(attempt, range(8)))
    assert won.count(True) == 1
    assert activity.breaker(TYPE).breaker == breaker(won.index(True))


def test_no_count_of_many_writers_is_lost(activity: ActivityStore) -> None:
    """Four threads count five attempts each, reading again after each conflict."""
    start = threading.Barrier(4)

    def count() -> None:
        start.wait(PATIENCE)
        left = 5
        while left:
            before = activity.breaker(TYPE)
            try:
                activity.keep_breaker(before, before.breaker.counted(AT, attempts=1))
            except ConflictError:
                continue
            left -= 1

    with ThreadPoolExecutor(4) as pool:
        for run in [pool.submit(count) for _ in range(4)]:
            run.result(PATIENCE)
    (minute,) = activity.breaker(TYPE).breaker.minutes
    assert minute.attempts == 20


def test_a_newer_program_s_fields_are_left(activity: ActivityStore, backend: Backend) -> None:
    """Neither do they keep the record from being read, nor are they lost by a write."""
    kept(activity, breaker())
    alter(backend, "breakers", TYPE, favourites=["kept"])
    assert activity.breaker(TYPE).breaker == breaker()
    kept(activity, replace(breaker(), opened_at=AT + timedelta(hours=1)))
    assert look(backend, "breakers", TYPE)["favourites"] == ["kept"]


@pytest.mark.parametrize("damage", [{"schema": 2}, {"trouble": "weather"}, {"minutes": 7}], ids=str)
def test_a_record_that_can_not_be_read_is_unavailable(
    activity: ActivityStore, backend: Backend, damage: dict[str, Any]
) -> None:
    """One of a newer schema too: a breaker that is not understood is not taken for a closed one."""
    kept(activity, breaker())
    alter(backend, "breakers", TYPE, **damage)
    with pytest.raises(StoreUnavailableError, match=TYPE):
        activity.breaker(TYPE)
