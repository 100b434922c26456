"""How long things take and live."""

from datetime import UTC, datetime, timedelta

import pytest

from multi_user_oauth.model import Limits

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("lives", "due_in"),
    [(3600, 3300), (301, 1), (300, 0), (299, 0), (0, 0), (-60, 0)],
)
def test_a_token_is_due_some_minutes_before_its_end(lives: int, due_in: int) -> None:
    """Five minutes ahead; one that lives no longer is due at once, and never before it came."""
    due = Limits().refresh_due_at(expires_at=NOON + timedelta(seconds=lives), at=NOON)
    assert due == NOON + timedelta(seconds=due_in)


def test_a_caller_never_waits_for_a_refresh_that_the_sweep_had_time_for() -> None:
    """A token is renewed well before it is too short-lived to be given out."""
    limits = Limits()
    assert limits.refresh_ahead > limits.usable_at_least + limits.lease
