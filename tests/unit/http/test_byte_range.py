"""Ranges of bytes, as requests ask for them and carry them (RFC 9110, 14)."""

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from multi_user_oauth.errors import RequestError
from multi_user_oauth.errors.connector import RangeNotSatisfiableError, RangeRequiredError
from multi_user_oauth.http.byte_range import (
    MOST,
    content_range,
    wanted_range,
    within_one_answer,
)
from multi_user_oauth.model.files import ByteRange

TOTAL = 3 * MOST


def request(name: str, value: str) -> Request:
    """Return a request with this header."""
    return Request(EnvironBuilder(headers=[(name, value)]).get_environ())


def found(asked: str, total: int | None) -> tuple[int, int] | None:
    """Return the first and last byte of the answer to this range."""
    span = within_one_answer(wanted_range(request("Range", asked)), total)
    return None if span is None else (span.first, span.last)


@pytest.mark.parametrize(
    ("asked", "total", "expected"),
    [
        ("bytes=0-", TOTAL, (0, MOST - 1)),
        ("bytes=5-", TOTAL, (5, MOST + 4)),
        (f"bytes={TOTAL - 5}-", TOTAL, (TOTAL - 5, TOTAL - 1)),
        (f"bytes=5-{TOTAL}", TOTAL, (5, MOST + 4)),
        ("bytes=5-5", TOTAL, (5, 5)),
        ("BYTES = 5 - 6", TOTAL, (5, 6)),
        ("bytes=-5", TOTAL, (TOTAL - 5, TOTAL - 1)),
        (f"bytes=-{2 * MOST}", TOTAL, (MOST, 2 * MOST - 1)),
        (f"bytes=-{2 * TOTAL}", TOTAL, (0, MOST - 1)),
        ("bytes=5-", None, (5, MOST + 4)),
        ("bytes=5-6", None, (5, 6)),
        ("bytes=-5", None, None),
        ("bytes=-5", 0, None),
        ("lines=1-2", 9, None),
        ("", MOST, None),
        ("", None, None),
    ],
)
def test_an_answer_carries_eight_mebibytes_at_most(
    asked: str, total: int | None, expected: tuple[int, int] | None
) -> None:
    """The first so many of a longer range (15.3.7); None is the whole file, or what is held of it."""
    assert found(asked, total) == expected


@pytest.mark.parametrize("asked", ["", "lines=1-2", "bytes=1-2,4-5", "bytes=3-2"])
def test_a_larger_file_is_never_cut_off_unsaid(asked: str) -> None:
    """Whoever does not ask for a range that counts is told to."""
    with pytest.raises(RangeRequiredError):
        found(asked, MOST + 1)


@pytest.mark.parametrize("asked", ["bytes=9-", "bytes=9-10", "bytes=-0"])
def test_a_range_outside_is_refused(asked: str) -> None:
    """A byte behind the last one, or none at all (14.1.2)."""
    with pytest.raises(RangeNotSatisfiableError):
        found(asked, 9)


def test_a_chunk_says_where_it_stands() -> None:
    """First, last and of how many (14.4)."""
    said = content_range(request("Content-Range", "bytes 2-4/9"))
    assert said == (ByteRange(first=2, last=4), 9)
    assert len(said[0]) == 3


@pytest.mark.parametrize(
    "said", ["", "bytes */9", "bytes 2-4/*", "bytes 4-2/9", "bytes 2-9/9", "lines 2-4/9", "2-4/9"]
)
def test_a_chunk_that_does_not_is_refused(said: str) -> None:
    """By the name of the header."""
    with pytest.raises(RequestError) as refused:
        content_range(request("Content-Range", said))
    assert refused.value.field == "Content-Range"
