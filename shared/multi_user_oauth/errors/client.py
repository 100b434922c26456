"""What a client of the API meets: refusals, no answer, no proof of its own."""

from collections.abc import Mapping

from multi_user_oauth.errors.base import ConfigurationError, MultiUserOAuthError

UNREADABLE = "unreadable_answer"
NO_ANSWER = "no_answer"
BROKEN = "broken_transfer"


class ApiError(MultiUserOAuthError):
    """
    The API refuses, by `code` and `status` of its problem+json (RFC 9457); see docs/openapi.yaml.

    Two are the client's own, with status 0 where nothing came: `unreadable_answer`, of somebody who is
    not this API, and `broken_transfer`, for bytes that are not those that were announced. `detail` is
    for people. `retry_after` is in whole seconds; `reauthorize_url`, `delegate_url`, `scope`, `field` and
    `reason` are there where the API names them. Where an agent has to act, it is a class of its own.
    """

    code: str  # type: ignore[misc]  # reason: of this class each has the one that the API gave it
    status: int  # type: ignore[misc]  # reason: the same

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        status: int = 0,
        retry_after: int | None = None,
        names: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        named = names or {}
        self.code, self.status, self.detail = code, status, detail
        self.retry_after = retry_after
        self.reauthorize_url = named.get("reauthorize_url")
        self.delegate_url = named.get("delegate_url")
        self.scope = named.get("scope")
        self.field = named.get("field")
        self.reason = named.get("reason")


class NoAnswerError(ApiError):
    """Nothing answered, or the connection broke; what was to be done may have been done, or not."""

    def __init__(self, detail: str) -> None:
        super().__init__(NO_ANSWER, detail)


class ReauthorizationRequiredError(ApiError):
    """Only the person can mend it, at `url`: `needs_sign_in`, `not_connected`, `insufficient_scope`."""

    @property
    def url(self) -> str:
        """Where the person connects, signs in again, or grants `scope`; it does not expire."""
        return self.reauthorize_url or ""


class DelegationRequiredError(ApiError):
    """The person has not left this action to this agent, or has cut it; at `url` they can leave it."""

    @property
    def url(self) -> str:
        """Where the person decides."""
        return self.delegate_url or ""


class TryAgainLaterError(ApiError):
    """The same call may succeed after `retry_after` seconds; nobody has to sign in."""


class ThrottledError(TryAgainLaterError):
    """The API or the provider had enough of us for now: 429 (RFC 6585, 4)."""


class OutcomeUnknownError(ApiError):
    """It may have been done, or not, and can not be found out from here: look before doing it again."""


class NoIdentityError(ConfigurationError):
    """This program has nothing by which it could prove who it is."""


_MENDED_BY_THE_PERSON = {"needs_sign_in", "not_connected", "insufficient_scope"}
_PASSING = {"conflict", "send_in_progress"}
_UNAVAILABLE, _TOO_MANY = 503, 429


def api_error(
    code: str,
    detail: str = "",
    *,
    status: int,
    retry_after: int | None = None,
    names: Mapping[str, str] | None = None,
) -> ApiError:
    """Return the refusal of that code, as the class by which an agent knows what to do."""
    kind = _kind(code, status, names or {})
    return kind(code, detail, status=status, retry_after=retry_after, names=names)


def _kind(code: str, status: int, names: Mapping[str, str]) -> type[ApiError]:
    if code in _MENDED_BY_THE_PERSON and names.get("reauthorize_url"):
        return ReauthorizationRequiredError
    if code == "delegation_required" and names.get("delegate_url"):
        return DelegationRequiredError
    if code == "outcome_unknown":
        return OutcomeUnknownError
    if status == _TOO_MANY:
        return ThrottledError
    if status == _UNAVAILABLE or code in _PASSING:
        return TryAgainLaterError
    return ApiError
