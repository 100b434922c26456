"""The breaker's steps: when it opens, when a probe is due, what closes it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from multi_user_oauth.model.breaker import (
    FIRST_PROBE,
    LONGEST_PROBE,
    OPENS_AFTER,
    WINDOW,
    Breaker,
    Trouble,
)

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
CLOSED = Breaker(connector_type="google_workspace")


def failed(breaker: Breaker, trouble: Trouble, *, times: int) -> Breaker:
    """Return it after so many failures, all at noon."""
    for _ in range(times):
        breaker = breaker.failed(trouble, NOON)
    return breaker


@pytest.mark.parametrize(("trouble", "number"), [(Trouble.OUTAGE, 5), (Trouble.MISCONFIGURED, 3)])
def test_it_opens_after_some_failures_in_a_row(trouble: Trouble, number: int) -> None:
    """Five without an answer, three that blame the application; one fewer may be bad luck."""
    assert OPENS_AFTER[trouble] == number
    assert failed(CLOSED, trouble, times=number - 1).trouble is None

    opened = failed(CLOSED, trouble, times=number)

    assert (opened.trouble, opened.opened_at) == (trouble, NOON)
    assert opened.next_probe_at == NOON + 30 * SECOND


@pytest.mark.parametrize("trouble", [Trouble.OUTAGE, Trouble.MISCONFIGURED])
def test_a_success_begins_a_new_row(trouble: Trouble) -> None:
    """Failures among successes, however many, are no trouble."""
    breaker = CLOSED
    for _ in range(10):
        breaker = failed(breaker, trouble, times=OPENS_AFTER[trouble] - 1).succeeded(NOON)
    assert breaker.trouble is None
    assert breaker.is_quiet


def test_a_row_is_of_one_kind() -> None:
    """Outage and refusal in turn are neither's row."""
    breaker = CLOSED
    for _ in range(10):
        breaker = breaker.failed(Trouble.OUTAGE, NOON).failed(Trouble.MISCONFIGURED, NOON)
    assert breaker.trouble is None
    assert not breaker.is_quiet


def test_the_first_probe_waits_as_long_as_the_provider_asked() -> None:
    """Half a minute at least, five minutes at most, whatever it asks for."""
    for asked, waits in ((0, 30), (29, 30), (200, 200), (86_400, 300)):
        nearly = failed(CLOSED, Trouble.OUTAGE, times=4)
        opened = nearly.failed(Trouble.OUTAGE, NOON, wait=asked * SECOND)
        assert opened.next_probe_at == NOON + waits * SECOND
    assert (FIRST_PROBE, LONGEST_PROBE) == (30 * SECOND, 300 * SECOND)


def test_probes_come_ever_later_up_to_a_bound() -> None:
    """At 30 s, then 60, 120, 240 and 300 s after one another, for as long as it lasts."""
    breaker, now, waits = failed(CLOSED, Trouble.OUTAGE, times=5), NOON, []
    for _ in range(20):
        assert breaker.next_probe_at is not None
        waits.append((breaker.next_probe_at - now).total_seconds())
        now = breaker.next_probe_at
        assert breaker.is_due(now)
        assert not breaker.is_due(now - SECOND / 1000)
        breaker = breaker.probing(now).failed(Trouble.OUTAGE, now)
    assert waits[:5] == [30, 60, 120, 240, 300]
    assert set(waits[5:]) == {300}
    assert breaker.failed_probes == 20
    assert breaker.opened_at == NOON


def test_an_answer_to_a_probe_may_put_the_next_one_off() -> None:
    """By what it asks for, and at most five minutes more; it never brings it forward."""
    opened = failed(CLOSED, Trouble.OUTAGE, times=5).probing(NOON)
    usual = NOON + 60 * SECOND
    assert (
        opened.failed(Trouble.OUTAGE, NOON, wait=90 * SECOND).next_probe_at == usual + 30 * SECOND
    )
    assert opened.failed(Trouble.OUTAGE, NOON, wait=SECOND).next_probe_at == usual
    day = opened.failed(Trouble.OUTAGE, NOON, wait=timedelta(days=1))
    assert day.next_probe_at == usual + 300 * SECOND


@pytest.mark.parametrize("trouble", [Trouble.OUTAGE, Trouble.MISCONFIGURED])
def test_a_success_closes_it(trouble: Trouble) -> None:
    """Whoever had it: the provider answers, and knows the application."""
    opened = failed(CLOSED, trouble, times=5).probing(NOON)

    closed = opened.succeeded(NOON + MINUTE)

    assert closed.is_quiet
    assert (closed.opened_at, closed.closed_at) == (None, NOON + MINUTE)
    assert (closed.next_probe_at, closed.failed_probes, closed.in_a_row) == (None, 0, 0)


@pytest.mark.parametrize("trouble", list(Trouble))
def test_an_answer_that_was_on_its_way_when_it_opened_does_not_close_it(trouble: Trouble) -> None:
    """It was asked for before: what comes late proves nothing of now, and no second alarm follows."""
    opened = CLOSED.opened(trouble, NOON)
    later = NOON + 5 * SECOND
    for asked_at in (NOON - SECOND, NOON):
        assert opened.succeeded(later, refused_before=True, asked_at=asked_at) == opened
    after = opened.succeeded(later, refused_before=True, asked_at=NOON + SECOND)
    assert (after.trouble, after.closed_at) == (None, later)


def test_one_trouble_may_become_another() -> None:
    """It was down, and now refuses the application: that is to be told, and its probes begin anew."""
    down = failed(CLOSED, Trouble.OUTAGE, times=5).probing(NOON).probing(NOON)

    refuses = failed(down, Trouble.MISCONFIGURED, times=3)

    assert refuses.trouble is Trouble.MISCONFIGURED
    assert refuses.failed_probes == 0
    assert refuses.next_probe_at == NOON + 30 * SECOND


@pytest.mark.parametrize(
    ("attempts", "refusals", "storm"),
    [
        (0, 5, False), (0, 6, True), (100, 5, False), (100, 6, True),
        (1000, 50, False), (1000, 51, True), (200, 10, False), (200, 11, True),
    ],
)  # fmt: skip
def test_a_storm_is_more_than_five_and_more_than_five_percent(
    attempts: int, refusals: int, storm: bool
) -> None:
    """People end their grants, each at a time of their own: so many at once are the provider's."""
    breaker = CLOSED.counted(NOON, attempts=attempts, refusals=refusals)
    assert breaker.is_storm(NOON) is storm


def test_ten_minutes_are_counted_and_no_more() -> None:
    """Six refusals, a minute apart each: a storm; two minutes apart: none. Nor does the record grow."""
    for minutes, storm in ((1, True), (2, False)):
        breaker = CLOSED
        for each in range(6):
            breaker = breaker.counted(NOON + each * minutes * MINUTE, attempts=1, refusals=1)
        assert breaker.is_storm(NOON + 5 * minutes * MINUTE) is storm

    breaker = CLOSED
    for each in range(1000):
        breaker = breaker.counted(NOON + each * MINUTE, attempts=3)
    assert len(breaker.minutes) == WINDOW / MINUTE


def test_attempts_of_one_minute_are_one_entry() -> None:
    """Counted together, refusals with them."""
    breaker = CLOSED
    for second in range(60):
        breaker = breaker.counted(NOON + second * SECOND, attempts=2, refusals=1)
    (minute,) = breaker.minutes
    assert (minute.start, minute.attempts, minute.refusals) == (NOON, 120, 60)


def storm() -> Breaker:
    """Return one that was opened at noon, by six refusals."""
    return CLOSED.counted(NOON, attempts=6, refusals=6).opened(Trouble.STORM, NOON)


def test_a_storm_is_ended_by_the_success_of_a_refused_one() -> None:
    """What the provider takes back was no refusal: nothing of it is counted any more."""
    closed = storm().succeeded(NOON + MINUTE, refused_before=True)
    assert (closed.trouble, closed.closed_at) == (None, NOON + MINUTE)
    assert closed.minutes == ()


def test_a_storm_is_not_ended_by_those_whom_it_does_not_touch() -> None:
    """They always were accepted: it proves nothing, before a window without a storm."""
    still = storm().succeeded(NOON + WINDOW - SECOND)
    assert still.trouble is Trouble.STORM

    over = storm().succeeded(NOON + WINDOW)

    assert (over.trouble, over.closed_at) == (None, NOON + WINDOW)
    assert over.minutes == storm().minutes


def test_a_refused_ones_success_outside_a_storm_leaves_the_count() -> None:
    """One that was healed says nothing of the others."""
    counted = CLOSED.counted(NOON, attempts=9, refusals=3)
    assert counted.succeeded(NOON, refused_before=True) == counted


def test_a_success_where_all_is_well_changes_nothing() -> None:
    """There is nothing to write."""
    known = replace(CLOSED, closed_at=NOON)
    assert known.succeeded(NOON + MINUTE) == known
