"""How long an access token lives, whatever a provider says."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multi_user_oauth.model import lifetime
from multi_user_oauth.model.tokens import LONGEST_GRANT, grant_lifetime

HOUR, DAY = timedelta(hours=1), timedelta(hours=24)


@pytest.mark.parametrize(
    ("expires_in", "expected"),
    [
        (3599, timedelta(seconds=3599)),
        ("3600", HOUR),
        (3599.5, timedelta(seconds=3599.5)),
        (1, timedelta(seconds=1)),
        (86_400, DAY),
        (86_401, DAY),
        (1e9, DAY),
        ("1e9", DAY),
        (float("inf"), DAY),
    ],
)
def test_a_number_counts_in_seconds_up_to_a_day(expires_in: object, expected: timedelta) -> None:
    """As a number or, as some providers send it, a string."""
    assert lifetime(expires_in) == expected


@pytest.mark.parametrize(
    "expires_in",
    [None, 0, -1, "0", "-3600", "", "soon", float("nan"), "nan", float("-inf"), [], {}, [3600],
     10**400, -(10**400), 0.0, 1e-9, 0.5],
    ids=lambda value: repr(value)[:20],
)  # fmt: skip
def test_an_unusable_value_counts_as_an_hour(expires_in: object) -> None:
    """
    Missing, zero, negative, under a second, nonsense: a token that seemed dead on arrival would be
    refreshed again at once, and for ever.
    """
    assert lifetime(expires_in) == HOUR
    assert grant_lifetime(expires_in) is None


@pytest.mark.parametrize(
    ("expires_in", "expected"),
    [
        (604_800, timedelta(days=7)),
        ("604800", timedelta(days=7)),
        (1, timedelta(seconds=1)),
        (1e12, LONGEST_GRANT),
        (float("inf"), LONGEST_GRANT),
    ],
)
def test_a_grant_ends_when_the_provider_says(expires_in: object, expected: timedelta) -> None:
    """Up to ten years: what lasts longer need not be foretold."""
    assert grant_lifetime(expires_in) == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=3,
)


@given(JSON)
def test_anything_has_a_lifetime_between_a_second_and_a_day(expires_in: object) -> None:
    """Whatever JSON can say, nothing crashes after the provider has answered."""
    assert timedelta(seconds=1) <= lifetime(expires_in) <= DAY
    grant = grant_lifetime(expires_in)
    assert grant is None or timedelta(seconds=1) <= grant <= LONGEST_GRANT
