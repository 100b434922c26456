"""How long things take and live."""

from datetime import UTC, datetime, timedelta

import pytest

from multi_user_oauth.model import Limits

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("lives", "due_in"),
    [(3600, 3300), (601, 301), (599, 299.5), (60, 30), (0, 0), (-60, 0)],
)
def test_a_token_is_due_some_minutes_before_its_end(lives: int, due_in: float) -> None:
    """Five minutes ahead, but not before half its life is over, and never before it came."""
    due = Limits().refresh_due_at(expires_at=NOON + timedelta(seconds=lives), at=NOON)
    assert due == NOON + timedelta(seconds=due_in)


@pytest.mark.parametrize(("spread", "due_in"), [(0.0, 3300), (0.5, 3150), (0.999, 3000.3)])
def test_tokens_that_came_together_are_due_at_times_of_their_own(
    spread: float, due_in: float
) -> None:
    """Up to twice as early, by a number that each connection has of its own."""
    due = Limits().refresh_due_at(expires_at=NOON + timedelta(hours=1), at=NOON, spread=spread)
    assert due == NOON + timedelta(seconds=due_in)


def test_a_caller_never_waits_for_a_refresh_that_the_sweep_had_time_for() -> None:
    """A token is renewed well before it is too short-lived to be given out."""
    limits = Limits()
    assert limits.refresh_ahead > limits.usable_at_least + limits.lease
