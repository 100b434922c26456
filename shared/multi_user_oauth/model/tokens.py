"""What a token endpoint answers, and what a caller is given."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from multi_user_oauth.model.identity import ProvedPerson
from multi_user_oauth.model.secret import Secret

DEFAULT_LIFETIME: Final = timedelta(hours=1)
LONGEST_LIFETIME: Final = timedelta(hours=24)
LONGEST_GRANT: Final = timedelta(days=3650)


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
    `expires_at` is counted from when the request was sent, so it errs to the early side; so is
    `refresh_token_expires_at`, which is None where the answer named no such time.
    """

    access_token: Secret
    expires_at: datetime
    scopes: tuple[str, ...]
    refresh_token: Secret | None = None
    refresh_token_expires_at: datetime | None = None


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
    return _lifetime(expires_in, LONGEST_LIFETIME) or DEFAULT_LIFETIME


def grant_lifetime(refresh_token_expires_in: object) -> timedelta | None:
    """
    Return how long a refresh token lives, from an answer's `refresh_token_expires_in`, in seconds.

    Google sends it with access that a person limited in time ("Using OAuth 2.0 for Web Server
    Applications"). None where there is none, or nothing that can be used: no end is made up.
    """
    return _lifetime(refresh_token_expires_in, LONGEST_GRANT)


def _lifetime(unverified_seconds: object, longest: timedelta) -> timedelta | None:
    try:
        seconds = float(unverified_seconds)  # type: ignore[arg-type]  # reason: anything may come over the wire
    except (TypeError, ValueError, OverflowError):
        return None
    if not seconds >= 1:  # also true of NaN
        return None
    return min(timedelta(seconds=min(seconds, longest.total_seconds())), longest)
