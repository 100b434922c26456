"""The tokens of an answer, however oddly it is written."""

from datetime import timedelta

import pytest

from multi_user_oauth.errors import (
    IdentityUnverifiedError,
    ProviderMisconfiguredError,
    ProviderUnavailableError,
)
from multi_user_oauth.model import Secret
from multi_user_oauth.providers.token_answer import id_token_of, token_set
from tests.support.clock import START

GOOD = {"access_token": "at", "token_type": "Bearer", "expires_in": 3599, "scope": "a b"}


def test_a_whole_answer_is_read() -> None:
    """Counted from when the request left."""
    tokens = token_set(GOOD | {"refresh_token": "rt"}, sent_at=START)
    assert tokens.access_token == Secret("at")
    assert tokens.refresh_token == Secret("rt")
    assert tokens.expires_at == START + timedelta(seconds=3599)
    assert tokens.scopes == ("a", "b")


@pytest.mark.parametrize("value", ["", None, 5, [], {}])
def test_a_refresh_token_that_is_none_is_none(value: object) -> None:
    """N83: Then the old one stays good; an empty one must not take its place."""
    assert token_set(GOOD | {"refresh_token": value}, sent_at=START).refresh_token is None
    assert token_set(GOOD, sent_at=START).refresh_token is None


@pytest.mark.parametrize("value", ["", None, 5, ["at"]])
def test_no_access_token_may_pass(value: object) -> None:
    """The provider said 200 and meant something else."""
    with pytest.raises(ProviderUnavailableError):
        token_set(GOOD | {"access_token": value}, sent_at=START)


@pytest.mark.parametrize("value", ["bearer", "BEARER", "Bearer"])
def test_the_type_is_bearer_in_any_case(value: str) -> None:
    """RFC 6749, 5.1: the value is case insensitive."""
    tokens = token_set(GOOD | {"token_type": value}, sent_at=START)
    assert tokens.access_token == Secret("at")


@pytest.mark.parametrize("value", ["mac", "pop", "", None, 5, "Bearer "])
def test_another_type_is_discarded(value: object) -> None:
    """RFC 6749, 7.1: a type that the client does not understand must not be used."""
    with pytest.raises(ProviderMisconfiguredError):
        token_set(GOOD | {"token_type": value}, sent_at=START)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("3600", 3600),
        (60.5, 60.5),
        (None, 3600),
        (0, 3600),
        (-1, 3600),
        (True, 3600),
        (float("nan"), 3600),
        ("NaN", 3600),
        ("soon", 3600),
        ({}, 3600),
        (1e9, 86_400),
        (float("inf"), 86_400),
        (10**400, 86_400),
    ],
    ids=lambda value: str(value)[:12],
)
def test_a_lifetime_is_never_a_reason_to_fail(value: object, seconds: float) -> None:
    """N86: Nothing that stands beside a new refresh token may lose it."""
    tokens = token_set(GOOD | {"expires_in": value}, sent_at=START)
    assert tokens.expires_at == START + timedelta(seconds=seconds)


@pytest.mark.parametrize("value", [604_799, "604799"])
def test_the_end_of_the_grant_is_read_where_it_is_named(value: object) -> None:
    """Google's `refresh_token_expires_in`, counted from when the request left."""
    tokens = token_set(GOOD | {"refresh_token_expires_in": value}, sent_at=START)
    assert tokens.refresh_token_expires_at == START + timedelta(seconds=604_799)


@pytest.mark.parametrize("value", [None, 0, -1, "soon", {}, [], True, float("nan")], ids=str)
def test_an_end_of_the_grant_that_can_not_be_is_none(value: object) -> None:
    """Nothing that stands beside a new refresh token may lose it, and no end is made up."""
    tokens = token_set(GOOD | {"refresh_token_expires_in": value}, sent_at=START)
    assert tokens.refresh_token_expires_at is None
    assert token_set(GOOD, sent_at=START).refresh_token_expires_at is None


def test_an_end_beyond_all_time_is_no_reason_to_fail() -> None:
    """A number of four hundred digits; the answer holds the only copy of a refresh token."""
    answer = GOOD | {"refresh_token": "new", "refresh_token_expires_in": 10**400}
    assert token_set(answer, sent_at=START).refresh_token == Secret("new")


def test_without_scope_all_that_was_asked_is_granted() -> None:
    """RFC 6749, 5.1: it may be left out if it is the same."""
    answer = {name: value for name, value in GOOD.items() if name != "scope"}
    assert token_set(answer, sent_at=START, asked=("a", "c")).scopes == ("a", "c")
    assert token_set(answer | {"scope": ["a"]}, sent_at=START).scopes == ()
    assert token_set(answer | {"scope": ""}, sent_at=START, asked=("a",)).scopes == ()


@pytest.mark.parametrize("value", [None, 5, {}])
def test_an_id_token_is_demanded(value: object) -> None:
    """MSAL skips its nonce check where there is none."""
    with pytest.raises(IdentityUnverifiedError):
        id_token_of({"id_token": value})
    assert id_token_of({"id_token": "x"}) == "x"
