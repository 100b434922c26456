"""A refusal by which an agent knows what to do: send the person somewhere, wait, or look first."""

import pytest

from multi_user_oauth.client import (
    ApiError,
    DelegationRequiredError,
    NoAnswerError,
    OutcomeUnknownError,
    ReauthorizationRequiredError,
    ThrottledError,
    TryAgainLaterError,
)

from .fake_api import WHOSE, FakeApi, Reply, drops, refuses

PAGE = "https://connect.company.com/connect?connector_type=microsoft_teams"


def refusal(reply: Reply) -> ApiError:
    """Return what a mail is refused with."""
    with pytest.raises(ApiError) as raised:
        FakeApi(reply).vault().send_email(*WHOSE, to="john@company.com", subject="Hi", body="Hi")
    return raised.value


@pytest.mark.parametrize(
    ("code", "status"),
    [("needs_sign_in", 409), ("not_connected", 404), ("insufficient_scope", 403)],
)
def test_what_the_person_can_mend_names_the_page(code: str, status: int) -> None:
    """Where there is none, as where the policy does not grant a scope, it is a plain refusal."""
    error = refusal(refuses(code, status, reauthorize_url=PAGE))
    assert isinstance(error, ReauthorizationRequiredError)
    assert (error.url, error.code, error.status) == (PAGE, code, status)
    assert type(refusal(refuses(code, status))) is ApiError


def test_what_the_person_has_not_left_to_the_agent_names_the_page() -> None:
    """Where they can."""
    error = refusal(refuses("delegation_required", 403, delegate_url=PAGE))
    assert isinstance(error, DelegationRequiredError)
    assert error.url == PAGE
    assert type(refusal(refuses("delegation_required", 403))) is ApiError


@pytest.mark.parametrize("code", ["too_many_requests", "provider_throttled"])
def test_who_asks_too_much_is_told_until_when(code: str) -> None:
    """By the API or the provider."""
    error = refusal(refuses(code, 429, 40))
    assert isinstance(error, ThrottledError)
    assert isinstance(error, TryAgainLaterError)
    assert error.retry_after == 40


@pytest.mark.parametrize(
    ("code", "status"),
    [("provider_unavailable", 503), ("busy", 503), ("send_in_progress", 409), ("conflict", 409)],
)
def test_what_passes_by_itself_says_so(code: str, status: int) -> None:
    """Nobody has to sign in."""
    error = refusal(refuses(code, status, 3))
    assert type(error) is TryAgainLaterError
    assert error.retry_after == 3


def test_what_may_have_been_done_is_no_invitation_to_do_it_again() -> None:
    """At the provider, or at the API that did not answer."""
    unknown, silent = refusal(refuses("outcome_unknown", 409)), refusal(drops)
    assert type(unknown) is OutcomeUnknownError
    assert type(silent) is NoAnswerError
    assert not isinstance(silent, TryAgainLaterError)


@pytest.mark.parametrize(
    ("code", "status"), [("forbidden", 403), ("item_exists", 409), ("internal_error", 500)]
)
def test_all_else_is_told_by_its_code(code: str, status: int) -> None:
    """An agent has nothing to do about it."""
    assert type(refusal(refuses(code, status))) is ApiError
