"""How much of large requests is in memory at once."""

import pytest

from multi_user_oauth.errors.connector import BusyError
from multi_user_oauth.http.large_bodies import LargeBodies


def test_so_much_and_no_more() -> None:
    """Whoever comes too many is told when to come again; small ones always pass."""
    bodies = LargeBodies(small=10, most=100)
    with bodies.held(60), bodies.held(40):
        with pytest.raises(BusyError) as busy, bodies.held(11):
            pytest.fail("this is too much")
        assert (busy.value.status, busy.value.retry_after) == (503, 5)
        with bodies.held(10), bodies.held(10):
            pass
    with bodies.held(100):
        pass


def test_what_fails_is_held_no_longer() -> None:
    """Whatever ends it."""
    bodies = LargeBodies(small=10, most=100)
    for _ in range(3):
        with pytest.raises(ValueError, match="broken"), bodies.held(100):
            raise ValueError("broken")
