"""When a connection is refreshed, left to rest, or ended."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from multi_user_oauth.model import (
    Provider,
)
from multi_user_oauth.model.forecast import UNUSED
from multi_user_oauth.model.upkeep import Need, Upkeep
from tests.unit.model.samples import GOOGLE, NOON

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("last_used", "now", "need"),
    [
        (None, 72 * HOUR - INSTANT, Need.REFRESH),
        (None, 72 * HOUR, Need.REST),
        (10 * HOUR, 82 * HOUR - INSTANT, Need.REFRESH),
        (10 * HOUR, 82 * HOUR, Need.REST),
        (-HOUR, 72 * HOUR - INSTANT, Need.REFRESH),
    ],
)
def test_what_was_used_lately_is_kept_fresh(
    last_used: timedelta | None, now: timedelta, need: Need
) -> None:
    """For three days after a use; connecting is one, a use before that is an earlier connection's."""
    used_at = None if last_used is None else NOON + last_used
    assert Upkeep().need(GOOGLE, used_at, NOON + now) is need


def test_a_weekend_makes_nothing_idle() -> None:
    """Used on Friday at five, and wanted on Monday at half past eight."""
    friday = datetime(2026, 1, 9, 17, 0, tzinfo=UTC)
    monday = datetime(2026, 1, 12, 8, 30, tzinfo=UTC)
    assert Upkeep().need(GOOGLE, friday, monday) is Need.REFRESH


def test_what_nobody_uses_is_kept_alive() -> None:
    """Thirty days after its last refresh it is due, and not before."""
    refreshed = replace(GOOGLE, refreshed_at=NOON + 10 * DAY)
    upkeep = Upkeep()
    due = upkeep.rests_until(refreshed, None)
    assert due == NOON + 40 * DAY
    assert upkeep.need(refreshed, None, due - INSTANT) is Need.REST
    assert upkeep.need(refreshed, None, due) is Need.REFRESH
    assert upkeep.rests_until(GOOGLE, NOON) == NOON + 30 * DAY


@pytest.mark.parametrize("provider", list(Provider))
def test_keeping_alive_leaves_time_for_an_outage(provider: Provider) -> None:
    """Between one refresh and the death of the token a month fits in twice more."""
    lives, _ = UNUSED[provider]
    assert lives >= 3 * Upkeep().keep_alive


def test_what_nobody_used_for_too_long_is_ended() -> None:
    """N36: From that moment on, whenever it was refreshed last; nothing is ended unless that is said."""
    upkeep, used_at = Upkeep(idle_limit=90 * DAY), NOON + 5 * DAY
    refreshed = replace(GOOGLE, refreshed_at=NOON + 80 * DAY)
    end = NOON + 95 * DAY
    assert upkeep.need(refreshed, used_at, end - INSTANT) is Need.REST
    assert upkeep.need(refreshed, used_at, end) is Need.END
    assert upkeep.rests_until(refreshed, used_at) == end
    assert upkeep.need(GOOGLE, None, NOON + 90 * DAY) is Need.END
    assert Upkeep().need(refreshed, used_at, NOON + 3650 * DAY) is Need.REFRESH


def test_it_rests_no_longer_than_it_may_live() -> None:
    """The earlier of the two: to be kept alive, or to be ended."""
    upkeep = Upkeep(idle_limit=90 * DAY)
    assert upkeep.rests_until(replace(GOOGLE, refreshed_at=NOON), NOON) == NOON + 30 * DAY
    assert upkeep.rests_until(replace(GOOGLE, refreshed_at=NOON + 70 * DAY), NOON) == (
        NOON + 90 * DAY
    )
