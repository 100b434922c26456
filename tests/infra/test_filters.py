"""The reader of filters, by which the alerts are judged."""

import pytest

from tests.infra.filters import finds

ENTRY = {"a": "x", "b": {"c": 5}, "logName": "projects/p/logs/some%2Flog"}


@pytest.mark.parametrize(
    "text",
    [
        'a="x"', 'a!="y"', 'a=~"^x"', 'a!~"y"', "b.c>4", 'a:"x"', "b.c:*", 'log_id("some/log")',
        'NOT a="y"', 'a="y" OR a="x"', '(a="y" OR a="x") AND b.c="5"', "NOT d.e>0",
        'a=one_of("y","x")', 'a=monitoring.regex.full_match("x|y")',
        'a="y" AND a="x" OR a="x" AND NOT a="x" OR a="x"',
    ],
)  # fmt: skip
def test_what_holds_is_found(text: str) -> None:
    """By each operator; OR binds tighter than AND, and else the last one would be found."""
    assert finds(text, ENTRY) is not text.startswith('a="y" AND')


@pytest.mark.parametrize(
    "text",
    [
        'a="y"', 'a!="x"', 'a=~"^y"', 'a!~"x"', "b.c>5", 'd!="x"', "d:*", 'log_id("other")',
        'a=one_of("y")', 'a=monitoring.regex.full_match("x.")', 'a="x" AND a="y"',
    ],
)  # fmt: skip
def test_what_does_not_hold_is_not(text: str) -> None:
    """A field that is not there is like nothing, and unlike nothing."""
    assert not finds(text, ENTRY)


@pytest.mark.parametrize("text", ['a="x" b="y"', 'a~"x"', 'a=some("x")', '(a="x"', 'a="x'])
def test_what_is_no_filter_is_not_read(text: str) -> None:
    """It would find anything else."""
    with pytest.raises(ValueError, match=r"understood|expected|no such"):
        finds(text, ENTRY)
