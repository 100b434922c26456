"""What a provider's error answer means: to wait, to page an operator, or to ask the person.

Only `error` and a few values of `suberror` or `error_subtype` decide; what is unknown means "later",
so that no outage and no new word of a provider ever disconnects anybody. Nothing that a provider sent
is repeated in an error of ours, and no description is kept or logged: it may hold names and tokens.
"""

import logging
import re
from collections.abc import Mapping
from typing import Final, NoReturn

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
from multi_user_oauth.model import Provider
from multi_user_oauth.providers import aadsts
from multi_user_oauth.providers.error_answer import ErrorAnswer, word

_LOG = logging.getLogger(__name__)
_AADSTS: Final = re.compile(r"AADSTS([0-9]{4,8})")

OURS: Final = frozenset(
    {
        "invalid_client", "unauthorized_client", "unsupported_grant_type", "unsupported_response_type",
        "invalid_request", "invalid_scope", "invalid_resource", "invalid_target", "deleted_client",
        "disabled_client", "redirect_uri_mismatch", "org_internal",
    }
)  # fmt: skip
"""The application is refused (RFC 6749, 5.2)."""
PERSONAL: Final = frozenset(
    {"invalid_grant", "interaction_required", "login_required", "consent_required"}
)
"""The person's grant is refused."""
ADMIN: Final = "admin_policy_enforced"
_SUBERRORS: Final[Mapping[str, str]] = {
    "consent_required": "consent_required",
    "user_password_expired": "password_changed",
    "bad_token": "grant_revoked",
    "token_expired": "grant_expired",
    "additional_action": "admin_blocked",
    "message_only": "admin_blocked",
    "protection_policy_required": "admin_blocked",
    "device_authentication_failed": "admin_blocked",
    "invalid_rapt": "session_control",  # Google Workspace's session length, in `error_subtype`
    "rapt_required": "session_control",
}


def refresh_refused(provider: Provider, answer: ErrorAnswer) -> MultiUserOAuthError:
    """Return what a refused refresh means: `GrantRefusedError` for the person's grant only."""
    _log(provider, answer)
    general = _general(provider, answer)
    if general is not None:
        return general
    if answer.error in PERSONAL or answer.error == ADMIN:
        reason = _reason(provider, answer)
        message = f"{provider} refuses the grant: {reason}"
        return GrantRefusedError(message, reason=reason)
    return _unknown(provider)


def code_refused(provider: Provider, answer: ErrorAnswer) -> MultiUserOAuthError:
    """
    Return what a refused code means.

    `invalid_grant` without a better explanation is `StateMismatchError`: the code was issued to
    another client, redirect URI or code challenge (RFC 6749, 5.2; RFC 7636, 4.6), that is, it is not
    the answer to this flow. Somebody may have put it there (RFC 9700, 4.5).
    """
    _log(provider, answer)
    if answer.error == "invalid_grant" and aadsts.CODE_USED in answer.codes:
        return FlowAlreadyUsedError("the code was used before")
    if answer.error == "invalid_grant" and aadsts.CODE_EXPIRED in answer.codes:
        return FlowExpiredError("the code expired")
    general = _general(provider, answer)
    if general is not None:
        return general
    return _denied(provider, answer) or _unknown(provider)


def refuse_answer(provider: Provider, error: str, description: str = "") -> NoReturn:
    """
    Raise what the `error` of an authorization response means (RFC 6749, 4.1.2.1).

    Of `description` (`error_description`, or Microsoft's `error_subcode`) only the digits after
    AADSTS are looked at. Whoever holds the browser can write both, so neither does more than choose
    between words of ours: `AccessDeniedError`, `AdminConsentRequiredError`,
    `ProviderMisconfiguredError` or `ProviderUnavailableError`.
    """
    codes = tuple(int(digits) for digits in _AADSTS.findall(description)[:1])
    answer = ErrorAnswer(error=word(error), codes=codes)
    _log(provider, answer)
    if answer.error in ("temporarily_unavailable", "server_error"):
        raise _unknown(provider)
    if answer.error in OURS:
        raise _misconfigured(provider, answer)
    approved_first = provider is Provider.MICROSOFT and set(codes) & aadsts.ADMIN_CONSENT
    if approved_first or _reason(provider, answer) == "admin_blocked":
        raise _by_admin(provider)
    message = f"{provider} did not let the person in"
    raise AccessDeniedError(message)


def _general(provider: Provider, answer: ErrorAnswer) -> MultiUserOAuthError | None:
    """Return what an answer means whatever was asked, or None if it is about the person's grant."""
    numbers = set(answer.codes) if provider is Provider.MICROSOFT else set()
    refusal = answer.error in PERSONAL
    if answer.error in OURS or (refusal and numbers & aadsts.MISCONFIGURED):
        return _misconfigured(provider, answer)
    if refusal and numbers & aadsts.TRANSIENT:
        return _unknown(provider)
    if refusal and answer.suberror == "client_mismatch":  # the token is another application's
        return _misconfigured(provider, answer)
    return None


def _denied(provider: Provider, answer: ErrorAnswer) -> MultiUserOAuthError | None:
    reason = _reason(provider, answer)
    if answer.error == ADMIN or reason == "admin_blocked":
        return _by_admin(provider)
    if answer.error == "invalid_grant" and reason not in ("consent_required", "mfa_required"):
        message = f"{provider} issued the code to another flow"
        return StateMismatchError(message)
    if answer.error in PERSONAL or answer.error == "access_denied":
        message = f"{provider} did not let the person in: {reason}"
        return AccessDeniedError(message)
    return None


def _reason(provider: Provider, answer: ErrorAnswer) -> str:
    if answer.error == ADMIN:
        return "admin_blocked"
    stated = _SUBERRORS.get(answer.suberror)
    if stated is not None:
        return stated
    if provider is Provider.MICROSOFT:
        numbered = next((aadsts.REASONS[n] for n in answer.codes if n in aadsts.REASONS), None)
        if numbered is not None:
            return numbered
    if answer.error == "consent_required":
        return "consent_required"
    # Google says no more than "expired or revoked"; Microsoft's plain refusal may have any cause.
    google_grant = provider is Provider.GOOGLE and answer.error == "invalid_grant"
    return "grant_revoked" if google_grant else "sign_in_required"


def _misconfigured(provider: Provider, answer: ErrorAnswer) -> ProviderMisconfiguredError:
    message = f"{provider} refuses the application: {answer.error}"
    return ProviderMisconfiguredError(message)


def _by_admin(provider: Provider) -> AdminConsentRequiredError:
    message = f"an admin must act at {provider}"
    return AdminConsentRequiredError(message)


def _unknown(provider: Provider) -> ProviderUnavailableError:
    message = f"{provider} answered with an error that may pass"
    return ProviderUnavailableError(message)


def _log(provider: Provider, answer: ErrorAnswer) -> None:
    _LOG.warning(
        "a provider refused",
        extra={
            "provider": str(provider),
            "error": answer.error,
            "suberror": answer.suberror,
            "error_codes": list(answer.codes),
            "correlation_id": answer.correlation_id,
            "trace_id": answer.trace_id,
            "status": answer.status,
        },
    )
