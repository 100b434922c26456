"""Whatever bytes come where strangers write: a value, or one of our own errors, and nothing else.

`make soak` has a fuzzer look for other bytes for ten minutes each; `HYPOTHESIS_PROFILE=soak` draws many.
"""

import os
from functools import cache
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.fuzzing import TARGETS, Run, check, seeds

SOAK: Final = os.environ.get("HYPOTHESIS_PROFILE") == "soak"
EXAMPLES: Final = 20_000 if SOAK else 150
STRANGE: Final = st.sampled_from(
    [
        b"",
        b"\0",
        b"\xff",
        b"\xed\xa0\x80",
        b'"\\ud800"',
        b"9" * 400,
        b"1e999",
        b"NaN",
        b"null",
        b"[",
        b"{}",
    ]
)
made = cache(lambda name: TARGETS[name]())


@st.composite
def altered(draw: st.DrawFn, name: str) -> bytes:
    """Draw something good of which a stretch or two is something else."""
    data = draw(st.sampled_from(seeds(name)))
    for _ in range(draw(st.integers(0, 2))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 12)))
        data = data[:start] + draw(STRANGE | st.binary(max_size=8)) + data[end:]
    return data


@pytest.mark.parametrize("name", TARGETS)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=not SOAK,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_only_our_own_errors_come_of_any_bytes(name: str, data: st.DataObject) -> None:
    """N99: Bytes from nowhere, and good ones of which a stretch is another."""
    run: Run = made(name)
    check(run, data.draw(altered(name) | st.binary(max_size=300)))


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_good_is_read(name: str) -> None:
    """N99: The bytes to begin with reach what lies behind the first check."""
    run: Run = made(name)
    for seed in seeds(name):
        check(run, seed)


FOUND: Final = (
    ("callback", b"\x80"),
    ("return_to", b"//["),
    ("return_to", b"/" * 3 + b"]"),
    ("cookie", seeds("cookie")[0].replace(b'"exp": ', b'"exp": 99999999999999')),
    ("cookie", seeds("cookie")[1].replace(b'"exp": ', b'"exp": 99999999999999')),
)
"""What the fuzzer once found: bytes that came out as an error of a library's."""


@pytest.mark.parametrize(("name", "data"), FOUND)
def test_what_was_found_once_is_refused_by_us(name: str, data: bytes) -> None:
    """N99: 400 instead of 500."""
    check(made(name), data)
