"""What a model is told of a refusal: the API's code and its own words, and what helps."""

from typing import Final

from mcp.server.mcpserver.exceptions import ToolError

from multi_user_oauth.errors import MultiUserOAuthError
from multi_user_oauth.errors.client import (
    ApiError,
    NoAnswerError,
    OutcomeUnknownError,
    TryAgainLaterError,
)

HINTS: Final = {
    "forbidden": "The policy does not let this agent do it: an administrator decides, not the person.",
}


def tool_error(refused: MultiUserOAuthError) -> ToolError:
    """Return the refusal as a tool's error: no body of a provider, no token."""
    if not isinstance(refused, ApiError):
        return ToolError(str(refused))
    named = {"field": refused.field, "reason": refused.reason, "permission": refused.scope}
    more = ", ".join(f"{name}: {value}" for name, value in named.items() if value)
    said = [f"{refused.code}: {refused.detail}".rstrip(": ")]
    said += [f"({more})"] if more else []
    said += [HINTS[refused.code]] if refused.code in HINTS else []
    if refused.retry_after:
        said.append(f"Try again in {refused.retry_after} s.")
    return ToolError(" ".join(said))


def unsure(refused: ApiError, key: str) -> ApiError:
    """Return the refusal of what sends, with what to do where it may have been sent."""
    if isinstance(refused, OutcomeUnknownError):
        advice = "It may have been done: look before doing it again, with another idempotency_key."
    elif isinstance(refused, TryAgainLaterError | NoAnswerError):
        advice = f'To repeat it without doing it twice, give idempotency_key "{key}".'
    else:
        return refused
    return ApiError(
        refused.code,
        f"{refused.detail} {advice}".strip(),
        status=refused.status,
        retry_after=refused.retry_after,
    )
