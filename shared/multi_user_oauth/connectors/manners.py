"""How each provider says no: from an answer with status 400 and above to what it means."""

import re
from collections.abc import Mapping
from typing import Final, Protocol

from multi_user_oauth.connectors.trouble import Kind, Trouble
from multi_user_oauth.net.claims import challenged
from multi_user_oauth.net.hosts import Hosts
from multi_user_oauth.net.http_answer import HttpAnswer, Json, retry_after

_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.]{1,63}")
_BY_STATUS: Final = {
    401: Kind.TOKEN,
    404: Kind.NOT_FOUND,
    410: Kind.NOT_FOUND,
    416: Kind.RANGE,
    429: Kind.THROTTLED,
}
SERVER_ERROR: Final = 500
FORBIDDEN: Final = 403
CONFLICT: Final = 409
UNAVAILABLE: Final = 503

_GOOGLE_THROTTLED: Final = frozenset(
    {"dailyLimitExceeded", "quotaExceeded", "rateLimitExceeded", "userRateLimitExceeded"}
)
_GOOGLE_SCOPE: Final = frozenset({"ACCESS_TOKEN_SCOPE_INSUFFICIENT", "insufficientPermissions"})
_GRAPH_SCOPE: Final = frozenset(
    {"accessDenied", "Authorization_RequestDenied", "ErrorAccessDenied"}
)
_GRAPH_EXISTS: Final = frozenset({"nameAlreadyExists"})
_GRAPH_GONE: Final = frozenset({"ErrorInvalidIdMalformed", "ErrorItemNotFound", "itemNotFound"})
"""An id that Outlook can not read is an id of nothing."""


class Manners(Protocol):
    """One provider's way of refusing."""

    hosts: Hosts

    def trouble(self, answer: HttpAnswer) -> Trouble:
        """Return what this answer, of status 400 or above, means."""


class GraphManners:
    """Microsoft Graph ("Microsoft Graph error responses and resource types", "throttling guidance")."""

    hosts = Hosts(("graph.microsoft.com",))

    def trouble(self, answer: HttpAnswer) -> Trouble:
        """Decide by status, then by `error.code`; the message is for people."""
        reason = _word(_error(answer).get("code"))
        kind = _BY_STATUS.get(answer.status)
        if reason in _GRAPH_GONE:
            kind = Kind.NOT_FOUND
        elif reason in _GRAPH_EXISTS:
            kind = Kind.EXISTS
        elif answer.status == FORBIDDEN and reason in _GRAPH_SCOPE:
            kind = Kind.SCOPE
        return _trouble(answer, kind, reason)


class GoogleManners:
    """Google's APIs ("Resolve errors" of Gmail, Drive and Calendar; `google.rpc.ErrorInfo`)."""

    hosts = Hosts(("gmail.googleapis.com", "www.googleapis.com"))

    def trouble(self, answer: HttpAnswer) -> Trouble:
        """Decide by status, then by the reasons; a rate limit may come as 403."""
        error = _error(answer)
        reasons = [_word(each.get("reason")) for each in _entries(error, "errors", "details")]
        reason = next((each for each in reasons if each), _word(error.get("status")))
        kind = _BY_STATUS.get(answer.status)
        if answer.status == FORBIDDEN and _GOOGLE_THROTTLED.intersection(reasons):
            kind = Kind.THROTTLED
        elif answer.status == FORBIDDEN and _GOOGLE_SCOPE.intersection(reasons):
            kind = Kind.SCOPE
        return _trouble(answer, kind, reason)


def _trouble(answer: HttpAnswer, kind: Kind | None, reason: str) -> Trouble:
    if kind is None and answer.status >= SERVER_ERROR:
        # With a time to come back it was turned away at the door; without, who knows.
        turned_away = answer.status == UNAVAILABLE and "Retry-After" in answer.headers
        kind = Kind.THROTTLED if turned_away else Kind.FAILED
    return Trouble(
        kind=kind or Kind.REJECTED,
        reason=reason,
        retry_after=retry_after(answer.headers),
        claims=challenged(answer.headers.get("WWW-Authenticate", "")),
    )


def _error(answer: HttpAnswer) -> Json:
    error = (answer.json() or {}).get("error")
    return error if isinstance(error, dict) else {}


def _entries(error: Json, *names: str) -> list[Mapping[str, object]]:
    lists = (error.get(name) for name in names)
    return [
        each
        for found in lists
        if isinstance(found, list)
        for each in found
        if isinstance(each, dict)
    ]


def _word(value: object) -> str:
    """Return the value if it is one word: never a sentence, which could repeat what was sent."""
    return value if isinstance(value, str) and _WORD.fullmatch(value) else ""
