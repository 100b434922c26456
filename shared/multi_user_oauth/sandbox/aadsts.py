"""Microsoft's errors as it writes them: AADSTS number, texts, ids."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from .house import Answer, Problem


@dataclass(frozen=True, slots=True)
class Aadsts:
    """One number of Microsoft's list."""

    error: str
    text: str
    suberror: str | None = None


_EXPIRED = "The provided authorization code or refresh token has expired due to inactivity."
_NEVER_MATCH = "The Code_Verifier does not match the code_challenge of the authorization request."

AADSTS: Final[Mapping[int, Aadsts]] = {
    50011: Aadsts("invalid_request", "The redirect URI in the request is not registered."),
    50020: Aadsts("access_denied", "User account does not exist in the tenant of the application."),
    50034: Aadsts("invalid_grant", "The user account does not exist in the directory."),
    50053: Aadsts("invalid_grant", "The account is locked."),
    50057: Aadsts("invalid_grant", "The user account is disabled."),
    50058: Aadsts("login_required", "Silent sign-in was asked for but no user is signed in."),
    50076: Aadsts("invalid_grant", "You must use multi-factor authentication.", "basic_action"),
    50079: Aadsts(
        "interaction_required", "The person must enrol in a second factor.", "basic_action"
    ),
    50105: Aadsts("invalid_grant", "The user is not assigned to a role for the application."),
    50148: Aadsts("invalid_grant", "The code_verifier is missing."),
    50158: Aadsts("interaction_required", "A further check must be met.", "basic_action"),
    50173: Aadsts("invalid_grant", "The grant has expired due to it being revoked.", "bad_token"),
    50196: Aadsts("temporarily_unavailable", "The server terminated an operation: a loop."),
    53000: Aadsts("invalid_grant", "The device is not compliant.", "message_only"),
    53003: Aadsts("invalid_grant", "Conditional Access blocks the access.", "message_only"),
    54005: Aadsts("invalid_grant", "The authorization code was already redeemed."),
    65001: Aadsts("invalid_grant", "The application is not consented to.", "consent_required"),
    65004: Aadsts("access_denied", "The user declined to consent to the application."),
    70000: Aadsts("invalid_grant", "The provided grant is invalid or malformed."),
    70003: Aadsts("unsupported_grant_type", "The app requested an unsupported grant type."),
    70008: Aadsts("invalid_grant", _EXPIRED, "token_expired"),
    70011: Aadsts("invalid_scope", "The provided value for the parameter 'scope' is not valid."),
    70043: Aadsts("invalid_grant", "The refresh token has expired: sign-in frequency."),
    90002: Aadsts("invalid_request", "The tenant was not found."),
    90033: Aadsts("temporarily_unavailable", "A transient error has occurred. Please try again."),
    90055: Aadsts("temporarily_unavailable", "The server is throttling requests of this tenant."),
    90094: Aadsts("consent_required", "Only an administrator can consent.", "message_only"),
    500112: Aadsts("invalid_grant", "The reply address does not match the requested one."),
    500200: Aadsts("access_denied", "The account is a personal Microsoft account."),
    501481: Aadsts("invalid_grant", _NEVER_MATCH),
    700021: Aadsts("invalid_client", "The assertion is of another application."),
    700023: Aadsts("invalid_client", "The assertion is for another audience."),
    700024: Aadsts("invalid_client", "The assertion is not within its valid time range."),
    700027: Aadsts("invalid_client", "The assertion failed signature validation."),
    700016: Aadsts("unauthorized_client", "The application was not found in the directory."),
    700054: Aadsts("unsupported_response_type", "The response_type is not enabled."),
    700082: Aadsts("invalid_grant", "The refresh token has expired: inactivity.", "token_expired"),
    7000215: Aadsts("invalid_client", "Invalid client secret provided."),
    7000222: Aadsts("invalid_client", "The provided client secret keys are expired."),
    1000502: Aadsts("invalid_client", "The certificate is not within its validity window."),
    900144: Aadsts("invalid_request", "The request body must contain the required parameter."),
    9002313: Aadsts("invalid_grant", "Invalid request. Request is malformed or invalid."),
    9002325: Aadsts("invalid_request", "Proof Key for Code Exchange (S256) is required."),
}

NUMBERS: Final[Mapping[Problem, int]] = {
    "client_unknown": 700016,
    "client_wrong": 7000215,
    "client_expired": 7000222,
    "certificate_expired": 1000502,
    "assertion_invalid": 700027,
    "assertion_audience": 700023,
    "assertion_subject": 700021,
    "assertion_time": 700024,
    "grant_type_unknown": 70003,
    "response_type_unknown": 700054,
    "parameter_missing": 900144,
    "redirect_uri_unknown": 50011,
    "redirect_uri_differs": 500112,
    "challenge_missing": 9002325,
    "code_unknown": 9002313,
    "code_used": 54005,
    "code_expired": 70008,
    "verifier_missing": 50148,
    "verifier_wrong": 501481,
    "refresh_unknown": 9002313,
    "refresh_revoked": 50173,
    "refresh_expired": 700082,
    "scope_invalid": 70011,
    "scope_not_consented": 65001,
    "claims_unmet": 50079,
    "denied": 65004,
    "login_required": 50058,
    "consent_required": 65001,
    "unavailable": 90033,
}

_STATUS = {"invalid_client": 401, "temporarily_unavailable": 503}


def aadsts_answer(number: int, now: float, *, trace_id: str, correlation_id: str) -> Answer:
    """Give the body that Microsoft's token endpoint answers with; any number is possible."""
    known = AADSTS.get(number, Aadsts("invalid_grant", "The request was refused."))
    when = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    ids = f"Trace ID: {trace_id} Correlation ID: {correlation_id} Timestamp: {when}"
    answer = {
        "error": known.error,
        "error_description": f"AADSTS{number}: {known.text} {ids}",
        "error_codes": [number],
        "timestamp": when,
        "trace_id": trace_id,
        "correlation_id": correlation_id,
        "error_uri": f"https://login.microsoftonline.com/error?code={number}",
    }
    return answer | ({"suberror": known.suberror} if known.suberror else {})


def status_of(answer: Answer) -> int:
    """Give the HTTP status that goes with an error of the token endpoint."""
    return _STATUS.get(answer["error"], 400)


def guid(random: bytes) -> str:
    """Give a random GUID from 16 random bytes."""
    return str(uuid.UUID(bytes=random, version=4))
