"""What a rotation of the keys must survive, moment by moment."""

import pytest

from multi_user_oauth.errors import KeyVersionNeededError
from multi_user_oauth.model import Kind
from tests.support.rewrapping import connect_many, counted, everything_opens, retiring, rotate, step
from tests.support.world import Killed, World

PEOPLE = 8
HALF = PEOPLE // 2


def rewrap_half(world: World) -> None:
    """Rotate, and die when half of the records are written; everything opens at every moment."""
    connect_many(world, PEOPLE)
    rotate(world)
    written = 0

    def look(place: str) -> None:
        nonlocal written
        assert everything_opens(world)
        written += place == "rewrap_written"
        if written == HALF:
            raise Killed

    with pytest.raises(Killed):
        step(world, point=look)


def test_killed_at_half_and_begun_anew_everything_opens_at_every_moment(world: World) -> None:
    """N50: Between any two writes; one more walk writes nothing; nothing needs the old version."""
    rewrap_half(world)
    assert counted(world) == {kind: {"1": PEOPLE - HALF, "2": HALF} for kind in Kind}
    moments: list[bool] = []

    done = step(world, point=lambda _: moments.append(everything_opens(world)))

    assert (done.rewrapped, done.skipped, done.tampered) == (PEOPLE - HALF, 0, 0)
    assert len(moments) >= 2 * (PEOPLE - HALF)
    assert counted(world) == {kind: {"2": PEOPLE} for kind in Kind}
    assert step(world).rewrapped == 0
    for key in world.keys.values():
        key.destroy("1")
    assert everything_opens(world)


def test_a_version_that_half_of_the_records_need_stays(world: World) -> None:
    """N51: Refused, with their number, and nothing is destroyed."""
    rewrap_half(world)
    for kind in Kind:
        expected = rf"Records that need version 1 of the {kind} key: {PEOPLE - HALF}\."
        with pytest.raises(KeyVersionNeededError, match=expected):
            retiring(world).destroy(kind, "1")
        assert world.keys[kind].states()["1"] == "ENABLED"
    assert everything_opens(world)
