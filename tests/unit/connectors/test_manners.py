"""What each provider's refusals mean; the answers are written as the providers document them."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from multi_user_oauth.connectors.manners import GoogleManners, GraphManners, Manners
from multi_user_oauth.connectors.trouble import Kind
from multi_user_oauth.net.http_answer import HttpAnswer


def answer(status: int, body: object, headers: Mapping[str, str] | None = None) -> HttpAnswer:
    """Return an answer with this body."""
    return HttpAnswer(status=status, headers=headers or {}, body=json.dumps(body).encode())


def graph_error(code: object) -> dict[str, Any]:
    """Return an error as Graph writes it."""
    return {"error": {"code": code, "message": "some words", "innerError": {"request-id": "1"}}}


def google_error(reason: object, detail: str = "") -> dict[str, Any]:
    """Return an error as Google writes it, with `google.rpc.ErrorInfo` if there is a detail."""
    error: dict[str, Any] = {"errors": [{"domain": "global", "reason": reason}], "message": "x"}
    if detail:
        kind = "type.googleapis.com/google.rpc.ErrorInfo"
        error["details"] = [{"@type": kind, "reason": detail, "domain": "googleapis.com"}]
    return {"error": error}


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "ErrorInvalidIdMalformed", Kind.NOT_FOUND),
        (400, "BadRequest", Kind.REJECTED),
        (400, "ErrorDuplicateTransactionId", Kind.REJECTED),
        (401, "InvalidAuthenticationToken", Kind.TOKEN),
        (403, "ErrorAccessDenied", Kind.SCOPE),
        (403, "accessDenied", Kind.SCOPE),
        (403, "Forbidden", Kind.REJECTED),
        (404, "ErrorItemNotFound", Kind.NOT_FOUND),
        (404, "NotFound", Kind.NOT_FOUND),
        (409, "nameAlreadyExists", Kind.EXISTS),
        (409, "Conflict", Kind.REJECTED),
        (410, "itemNotFound", Kind.NOT_FOUND),
        (412, "preconditionFailed", Kind.REJECTED),
        (416, "invalidRange", Kind.RANGE),
        (429, "ApplicationThrottled", Kind.THROTTLED),
        (500, "generalException", Kind.FAILED),
        (503, "serviceNotAvailable", Kind.FAILED),
        (504, "timeout", Kind.FAILED),
        (507, "quotaLimitReached", Kind.FAILED),
    ],
)
def test_what_graph_means(status: int, code: str, kind: Kind) -> None:
    """By status, and by `error.code`, which is kept for whoever asked."""
    trouble = GraphManners().trouble(answer(status, graph_error(code)))
    assert (trouble.kind, trouble.reason) == (kind, code)


@pytest.mark.parametrize(
    ("status", "reason", "kind"),
    [
        (400, "badRequest", Kind.REJECTED),
        (401, "authError", Kind.TOKEN),
        (403, "insufficientPermissions", Kind.SCOPE),
        (403, "rateLimitExceeded", Kind.THROTTLED),
        (403, "userRateLimitExceeded", Kind.THROTTLED),
        (403, "quotaExceeded", Kind.THROTTLED),
        (403, "dailyLimitExceeded", Kind.THROTTLED),
        (403, "forbiddenForNonOrganizer", Kind.REJECTED),
        (404, "notFound", Kind.NOT_FOUND),
        (409, "duplicate", Kind.REJECTED),
        (410, "deleted", Kind.NOT_FOUND),
        (429, "rateLimitExceeded", Kind.THROTTLED),
        (500, "backendError", Kind.FAILED),
        (503, "backendError", Kind.FAILED),
    ],
)
def test_what_google_means(status: int, reason: str, kind: Kind) -> None:
    """By status, and by the reasons: a rate limit may come as 403."""
    trouble = GoogleManners().trouble(answer(status, google_error(reason)))
    assert (trouble.kind, trouble.reason) == (kind, reason)


def test_google_names_a_missing_scope_in_the_details() -> None:
    """`ACCESS_TOKEN_SCOPE_INSUFFICIENT` ("google.rpc.ErrorInfo"), whatever `errors` says."""
    body = google_error("forbidden", "ACCESS_TOKEN_SCOPE_INSUFFICIENT")
    assert GoogleManners().trouble(answer(403, body)).kind is Kind.SCOPE


@pytest.mark.parametrize("manners", [GraphManners(), GoogleManners()])
def test_who_is_told_when_to_come_back_was_turned_away(manners: Manners) -> None:
    """503 with `Retry-After`; 500 and 504 may have done it all the same."""
    headers = {"Retry-After": "7"}
    turned_away = manners.trouble(answer(503, {}, headers))
    assert (turned_away.kind, turned_away.retry_after) == (Kind.THROTTLED, 7)
    for status in (500, 504):
        assert manners.trouble(answer(status, {}, headers)).kind is Kind.FAILED


@pytest.mark.parametrize("manners", [GraphManners(), GoogleManners()])
@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "text",
        {},
        {"error": None},
        {"error": "invalid_grant", "error_description": "private words"},
        {"error": {"code": 7, "errors": {}, "details": "x", "status": None}},
        {"error": {"code": "private words of a person", "errors": [None, "x", {"reason": 3}]}},
        {"error": {"code": "a" * 65, "errors": [{"reason": "x\r\nX-Injected: 1"}]}},
    ],
)
def test_a_reason_is_one_word_or_nothing(manners: Manners, body: object) -> None:
    """A sentence could repeat what was sent; what is no error at all means what its status means."""
    trouble = manners.trouble(answer(400, body))
    assert (trouble.kind, trouble.reason) == (Kind.REJECTED, "")


def test_a_challenge_is_read_out_of_the_header() -> None:
    """Base64 of JSON; what can not be read is none."""
    challenge = 'Bearer realm="", error="insufficient_claims", claims="eyJhIjp7fX0="'
    asked = GraphManners().trouble(answer(401, {}, {"WWW-Authenticate": challenge}))
    assert asked.claims == '{"a":{}}'
    garbled = 'Bearer claims="!!", claims="W10="'
    assert GraphManners().trouble(answer(401, {}, {"WWW-Authenticate": garbled})).claims is None
