"""The cache of unwrapped data keys: bounded in time, in number and to the AAD that was checked."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from multi_user_oauth.keys.cache import DataKeyCache
from tests.support.clock import ManualClock

OUTER = b"outer"


def name(number: int) -> bytes:
    """Return a wrapped key."""
    return f"wrapped {number}".encode()


def key(number: int) -> bytes:
    """Return the data key that was wrapped in it."""
    return f"plain {number}".encode()


@pytest.fixture
def clock() -> ManualClock:
    """A clock."""
    return ManualClock()


@pytest.fixture
def cache(clock: ManualClock) -> DataKeyCache:
    """A cache of the default size and lifetime."""
    return DataKeyCache(now=clock)


@pytest.mark.parametrize(
    ("seconds", "found"), [(0, key(1)), (299.999, key(1)), (300, None), (301, None), (-1, None)]
)
def test_a_key_is_kept_for_less_than_300_seconds(
    cache: DataKeyCache, clock: ManualClock, seconds: float, found: bytes | None
) -> None:
    """N52: It is found until then and not after, nor when the clock was set back before its time."""
    cache.put(name(1), OUTER, key(1))
    clock.advance(seconds)

    assert cache.get(name(1), OUTER) == found


def test_use_does_not_lengthen_a_life(cache: DataKeyCache, clock: ManualClock) -> None:
    """A key in steady use is unwrapped anew after 300 s: a withdrawn right takes effect."""
    cache.put(name(1), OUTER, key(1))
    for _ in range(3):
        clock.advance(99)
        assert cache.get(name(1), OUTER) == key(1)
    clock.advance(4)

    assert cache.get(name(1), OUTER) is None


def test_old_keys_leave_the_memory_unasked(cache: DataKeyCache, clock: ManualClock) -> None:
    """N52: What nobody asks for again is dropped at the next use of the cache, not kept for ever."""
    for number in range(5):
        cache.put(name(number), OUTER, key(number))
    clock.advance(301)
    cache.get(name(99), OUTER)

    assert len(cache) == 0


def test_a_key_put_again_lives_anew(cache: DataKeyCache, clock: ManualClock) -> None:
    """The life counts from the last unwrapping."""
    cache.put(name(1), OUTER, key(1))
    clock.advance(200)
    cache.put(name(1), OUTER, key(1))
    clock.advance(200)

    assert cache.get(name(1), OUTER) == key(1)
    assert len(cache) == 1


def test_a_key_put_again_shields_no_older_one(cache: DataKeyCache, clock: ManualClock) -> None:
    """What is older leaves the memory in its own time."""
    cache.put(name(1), OUTER, key(1))
    cache.put(name(2), OUTER, key(2))
    clock.advance(200)
    cache.put(name(1), OUTER, key(1))
    clock.advance(101)
    cache.get(name(99), OUTER)

    assert len(cache) == 1
    assert cache.get(name(1), OUTER) == key(1)


def test_a_clock_set_back_lengthens_no_life(cache: DataKeyCache, clock: ManualClock) -> None:
    """A key from what is now the future is not served, though an older one is."""
    cache.put(name(1), OUTER, key(1))
    clock.advance(200)
    cache.put(name(2), OUTER, key(2))
    clock.advance(-100)

    assert cache.get(name(1), OUTER) == key(1)
    assert cache.get(name(2), OUTER) is None


def test_ten_thousand_are_kept_and_the_least_used_goes_first(cache: DataKeyCache) -> None:
    """N52: The 10,001st key displaces the one that was not used for longest."""
    for number in range(10_000):
        cache.put(name(number), OUTER, key(number))
    assert cache.get(name(0), OUTER) == key(0)
    cache.put(name(10_000), OUTER, key(10_000))

    assert len(cache) == 10_000
    assert cache.get(name(1), OUTER) is None
    assert cache.get(name(0), OUTER) == key(0)
    assert cache.get(name(10_000), OUTER) == key(10_000)


@pytest.mark.parametrize(
    ("wrapped", "outer"),
    [(name(1), b"other"), (name(1), b""), (name(2), OUTER), (b"r" + name(1), OUTER[:-1])],
    ids=["other AAD", "no AAD", "other key", "the border moved"],
)
def test_another_aad_is_a_miss(cache: DataKeyCache, wrapped: bytes, outer: bytes) -> None:
    """N52: A hit answers only the very question that the key service had answered."""
    cache.put(name(1), OUTER, key(1))

    assert cache.get(wrapped, outer) is None


def test_nothing_is_left_after_clear(cache: DataKeyCache, clock: ManualClock) -> None:
    """N52: At the end of the process the keys go first; should it go on, so does the cache."""
    cache.put(name(1), OUTER, key(1))
    cache.clear()

    assert len(cache) == 0
    assert cache.get(name(1), OUTER) is None
    clock.advance(301)
    cache.put(name(1), OUTER, key(1))
    assert cache.get(name(1), OUTER) == key(1)


def test_threads_share_a_cache(clock: ManualClock) -> None:
    """Eight threads that fill, read, age and clear a small cache never get another's key."""
    cache = DataKeyCache(now=clock, entries=10)

    def work(thread: int) -> int:
        for number in range(500):
            wanted = (number * 7 + thread) % 30
            cache.put(name(wanted), OUTER, key(wanted))
            assert cache.get(name(wanted), OUTER) in {None, key(wanted)}
            if number % 100 == thread:
                clock.advance(150)
            if number % 250 == thread:
                cache.clear()
        return len(cache)

    with ThreadPoolExecutor(8) as threads:
        sizes = list(threads.map(work, range(8)))

    assert max(sizes) <= 10
