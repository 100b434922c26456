"""What each error answer means, and what of it reaches the log."""

import logging

import pytest

from multi_user_oauth.errors import (
    AccessDeniedError,
    AdminConsentRequiredError,
    FlowAlreadyUsedError,
    FlowExpiredError,
    GrantRefusedError,
    MultiUserOAuthError,
    ProviderMisconfiguredError,
    ProviderUnavailableError,
    StateMismatchError,
)
from multi_user_oauth.log import ALLOWED_FIELDS
from multi_user_oauth.model import Provider
from multi_user_oauth.providers import aadsts
from multi_user_oauth.providers.answers import code_refused, refresh_refused, refuse_answer
from multi_user_oauth.providers.error_answer import ErrorAnswer

MICROSOFT, GOOGLE = Provider.MICROSOFT, Provider.GOOGLE
OURS = (
    "invalid_client",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_request",
    "invalid_scope",
    "invalid_resource",
    "deleted_client",
    "disabled_client",
)
LATER = ("temporarily_unavailable", "server_error", "internal_failure", "", "unheard_of", "error")


def of(error: object, **more: object) -> ErrorAnswer:
    """An answer of the token endpoint's."""
    return ErrorAnswer.of({"error": error, **more}, status=400)


@pytest.mark.parametrize("provider", list(Provider))
@pytest.mark.parametrize("classify", [refresh_refused, code_refused])
@pytest.mark.parametrize("error", OURS)
def test_a_refusal_of_the_application_pages_an_operator(
    provider: Provider, classify: type, error: str
) -> None:
    """And touches no person's record."""
    assert type(classify(provider, of(error))) is ProviderMisconfiguredError


@pytest.mark.parametrize("provider", list(Provider))
@pytest.mark.parametrize("classify", [refresh_refused, code_refused])
@pytest.mark.parametrize("error", [*LATER, {"code": 403}, None, 5, "INVALID_GRANT", "a b"])
def test_what_is_unknown_means_later(provider: Provider, classify: type, error: object) -> None:
    """N74: A new word of a provider's never disconnects anybody."""
    assert type(classify(provider, of(error))) is ProviderUnavailableError


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (of("invalid_grant"), "sign_in_required"),
        (of("login_required"), "sign_in_required"),
        (of("interaction_required"), "sign_in_required"),
        (of("consent_required"), "consent_required"),
        (of("invalid_grant", suberror="basic_action"), "sign_in_required"),
        (of("invalid_grant", suberror="basic_action", error_codes=[50076]), "mfa_required"),
        (of("invalid_grant", suberror="consent_required"), "consent_required"),
        (of("invalid_grant", suberror="user_password_expired"), "password_changed"),
        (of("invalid_grant", suberror="bad_token"), "grant_revoked"),
        (of("invalid_grant", suberror="token_expired"), "grant_expired"),
        (of("invalid_grant", suberror="additional_action"), "admin_blocked"),
        (of("invalid_grant", suberror="message_only", error_codes=[50076]), "admin_blocked"),
        (of("invalid_grant", suberror="unheard_of", error_codes=[70043]), "session_control"),
        (of("invalid_grant", error_codes=[70008]), "grant_expired"),
        (of("invalid_grant", error_codes=[1, 50144]), "password_changed"),
        (of("invalid_grant", error_codes=["50144"]), "sign_in_required"),
        (of("invalid_grant", error_codes=50144), "sign_in_required"),
    ],
    ids=str,
)
def test_microsoft_says_why_a_grant_is_refused(answer: ErrorAnswer, reason: str) -> None:
    """By `error`, then `suberror`; a number only refines."""
    error = refresh_refused(MICROSOFT, answer)
    assert isinstance(error, GrantRefusedError)
    assert error.reason == reason


@pytest.mark.parametrize("number", sorted(aadsts.REASONS))
def test_each_known_number_has_its_reason(number: int) -> None:
    """The table is the documentation's."""
    error = refresh_refused(MICROSOFT, of("invalid_grant", error_codes=[number]))
    assert isinstance(error, GrantRefusedError)
    assert error.reason == aadsts.REASONS[number]


@pytest.mark.parametrize(
    ("numbers", "kind"),
    [
        (aadsts.TRANSIENT, ProviderUnavailableError),
        (aadsts.MISCONFIGURED, ProviderMisconfiguredError),
    ],
)
def test_a_number_may_say_that_it_is_not_the_grant(
    numbers: frozenset[int], kind: type[MultiUserOAuthError]
) -> None:
    """Refining goes towards keeping the connection."""
    for number in numbers:
        answer = of("invalid_grant", error_codes=[number])
        assert type(refresh_refused(MICROSOFT, answer)) is kind
        assert type(code_refused(MICROSOFT, answer)) is kind


def test_another_applications_token_is_our_mistake() -> None:
    """A changed client id would otherwise disconnect everybody."""
    answer = of("invalid_grant", suberror="client_mismatch")
    assert type(refresh_refused(MICROSOFT, answer)) is ProviderMisconfiguredError


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (of("invalid_grant"), "grant_revoked"),
        (of("invalid_grant", error_codes=[7000222]), "grant_revoked"),
        (of("invalid_grant", error_subtype="invalid_rapt"), "session_control"),
        (of("invalid_grant", error_subtype="rapt_required"), "session_control"),
        (of("admin_policy_enforced"), "admin_blocked"),
    ],
    ids=str,
)
def test_google_says_why_a_grant_is_refused(answer: ErrorAnswer, reason: str) -> None:
    """Microsoft's numbers mean nothing here."""
    error = refresh_refused(GOOGLE, answer)
    assert isinstance(error, GrantRefusedError)
    assert error.reason == reason


@pytest.mark.parametrize(
    ("provider", "answer", "kind"),
    [
        (MICROSOFT, of("invalid_grant", error_codes=[54005]), FlowAlreadyUsedError),
        (
            MICROSOFT,
            of("invalid_grant", error_codes=[70008], suberror="token_expired"),
            FlowExpiredError,
        ),
        (MICROSOFT, of("invalid_grant", error_codes=[501481]), StateMismatchError),
        (MICROSOFT, of("invalid_grant", error_codes=[500112]), StateMismatchError),
        (MICROSOFT, of("invalid_grant"), StateMismatchError),
        (GOOGLE, of("invalid_grant"), StateMismatchError),
        (MICROSOFT, of("invalid_grant", suberror="consent_required"), AccessDeniedError),
        (MICROSOFT, of("invalid_grant", error_codes=[50076]), AccessDeniedError),
        (MICROSOFT, of("interaction_required"), AccessDeniedError),
        (MICROSOFT, of("consent_required"), AccessDeniedError),
        (MICROSOFT, of("access_denied"), AccessDeniedError),
        (MICROSOFT, of("access_denied", error_codes=[65004]), AccessDeniedError),
        (MICROSOFT, of("invalid_grant", error_codes=[53003]), AdminConsentRequiredError),
        (MICROSOFT, of("consent_required", error_codes=[90094]), AdminConsentRequiredError),
        (MICROSOFT, of("access_denied", error_codes=[90095]), AdminConsentRequiredError),
        (GOOGLE, of("access_denied"), AccessDeniedError),
        (GOOGLE, of("admin_policy_enforced"), AdminConsentRequiredError),
    ],
    ids=str,
)
def test_what_a_refused_code_means(
    provider: Provider, answer: ErrorAnswer, kind: type[MultiUserOAuthError]
) -> None:
    """A code that is no good without a reason belongs to another flow."""
    assert type(code_refused(provider, answer)) is kind


@pytest.mark.parametrize(
    ("provider", "error", "description", "kind"),
    [
        (GOOGLE, "access_denied", "", AccessDeniedError),
        (MICROSOFT, "access_denied", "cancel", AccessDeniedError),
        (MICROSOFT, "access_denied", "AADSTS65004: User declined", AccessDeniedError),
        (MICROSOFT, "access_denied", "AADSTS90094: admin", AdminConsentRequiredError),
        (MICROSOFT, "consent_required", "AADSTS90095: admin", AdminConsentRequiredError),
        (MICROSOFT, "interaction_required", "AADSTS53003", AdminConsentRequiredError),
        (MICROSOFT, "access_denied", "AADSTS50105: not assigned", AdminConsentRequiredError),
        (GOOGLE, "access_denied", "AADSTS90094", AccessDeniedError),
        (GOOGLE, "admin_policy_enforced", "", AdminConsentRequiredError),
        (GOOGLE, "org_internal", "", ProviderMisconfiguredError),
        (MICROSOFT, "unauthorized_client", "", ProviderMisconfiguredError),
        (MICROSOFT, "invalid_request", "", ProviderMisconfiguredError),
        (GOOGLE, "invalid_scope", "", ProviderMisconfiguredError),
        (MICROSOFT, "unsupported_response_type", "", ProviderMisconfiguredError),
        (MICROSOFT, "temporarily_unavailable", "", ProviderUnavailableError),
        (GOOGLE, "server_error", "", ProviderUnavailableError),
        (MICROSOFT, "login_required", "", AccessDeniedError),
        (MICROSOFT, "unheard_of", "", AccessDeniedError),
        (GOOGLE, "", "", AccessDeniedError),
        (GOOGLE, "<script>", "AADSTS" + "9" * 500, AccessDeniedError),
    ],
)
def test_what_the_authorization_response_means(
    provider: Provider, error: str, description: str, kind: type[MultiUserOAuthError]
) -> None:
    """It came through the browser, so it only chooses between words of ours."""
    with pytest.raises(MultiUserOAuthError) as caught:
        refuse_answer(provider, error, description)
    assert type(caught.value) is kind
    assert not description or description not in str(caught.value)


def test_the_log_has_the_words_and_ids_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    """Never the description: it names people, and who forges one may write anything."""
    caplog.set_level(logging.INFO)
    answer = of(
        "invalid_grant",
        suberror="bad_token",
        error_description="AADSTS50173: sarah@company.com 1.AX0A-secret",
        error_codes=[50173],
        correlation_id="2f8a9b2c-0000-4000-8000-000000000001",
        trace_id="2f8a9b2c-0000-4000-8000-000000000002",
    )
    refresh_refused(MICROSOFT, answer)
    (record,) = caplog.records
    assert record.getMessage() == "a provider refused"
    fields = {name: value for name, value in vars(record).items() if name in ALLOWED_FIELDS}
    assert fields == {
        "provider": "microsoft",
        "error": "invalid_grant",
        "suberror": "bad_token",
        "error_codes": [50173],
        "correlation_id": "2f8a9b2c-0000-4000-8000-000000000001",
        "trace_id": "2f8a9b2c-0000-4000-8000-000000000002",
        "status": 400,
    }
    assert "sarah" not in str(vars(record))


def test_what_is_not_written_like_a_word_or_an_id_is_dropped() -> None:
    """A provider that answers with a token in the wrong place puts it into no log."""
    token = "1.AX0A-secret-refresh-token"
    answer = of(token, suberror=token, correlation_id=token, trace_id=5, error_codes=[token, True])
    assert answer == ErrorAnswer(status=400)


@pytest.mark.parametrize("classify", [refresh_refused, code_refused])
def test_no_message_repeats_what_only_a_provider_can_know(classify: type) -> None:
    """Messages hold our words, and of the provider's only the name of the error."""
    for error in ("invalid_grant", "invalid_client", "unheard_of", "access_denied"):
        answer = of(error, error_description="sarah@company.com", trace_id="2f8a9b2c")
        message = str(classify(MICROSOFT, answer))
        assert "sarah" not in message
        assert "2f8a9b2c" not in message
