"""What a token endpoint answers, and what a caller is given."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from multi_user_oauth.model.identity import ProvedPerson
from multi_user_oauth.model.secret import Secret

DEFAULT_LIFETIME: Final = timedelta(hours=1)
LONGEST_LIFETIME: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """What an agent asks for: the token, when it ends (UTC) and what it may do."""

    value: Secret
    expires_at: datetime
    scopes: tuple[str, ...]
    missing_scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSet:
    """
    The tokens of one answer (RFC 6749, 5.1).

    `refresh_token` is None where the answer brought none: then the old one stays good (6).
    `expires_at` is counted from when the request was sent, so it errs to the early side.
    """

    access_token: Secret
    expires_at: datetime
    scopes: tuple[str, ...]
    refresh_token: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """The end of a sign-in: the tokens, and the person whom the verified id_token names."""

    tokens: TokenSet
    person: ProvedPerson


def lifetime(expires_in: object) -> timedelta:
    """
    Return how long an access token lives, from the `expires_in` of an answer, in seconds.

    Providers have sent strings, zero, nothing and nonsense: an unusable value counts as an hour (a
    wrong guess costs one refresh), and no token is trusted for over a day.
    """
    try:
        seconds = float(expires_in)  # type: ignore[arg-type]  # reason: anything may come over the wire
    except (TypeError, ValueError, OverflowError):
        return DEFAULT_LIFETIME
    if not seconds >= 1:  # also true of NaN
        return DEFAULT_LIFETIME
    return min(timedelta(seconds=min(seconds, LONGEST_LIFETIME.total_seconds())), LONGEST_LIFETIME)
