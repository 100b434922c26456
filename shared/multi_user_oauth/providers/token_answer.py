"""The tokens of a token endpoint's answer, read by us and not by a library (RFC 6749, 5.1)."""

from collections.abc import Mapping
from datetime import datetime

from multi_user_oauth.errors import (
    IdentityUnverifiedError,
    ProviderMisconfiguredError,
    ProviderUnavailableError,
)
from multi_user_oauth.model import Secret, TokenSet, lifetime
from multi_user_oauth.model.tokens import grant_lifetime


def token_set(
    answer: Mapping[str, object], *, sent_at: datetime, asked: tuple[str, ...] = ()
) -> TokenSet:
    """
    Return the tokens; an answer without `scope` granted what was `asked`.

    The lifetime counts from `sent_at`, when the request left. Raise `ProviderUnavailableError` without
    an access token, `ProviderMisconfiguredError` if it is no bearer token.
    """
    access_token, refresh_token = answer.get("access_token"), answer.get("refresh_token")
    if not isinstance(access_token, str) or not access_token:
        raise ProviderUnavailableError("the provider's answer has no access token")
    if str(answer.get("token_type", "Bearer")).lower() != "bearer":  # RFC 6749, 7.1
        raise ProviderMisconfiguredError("the provider's access token is no bearer token")
    scope = answer.get("scope")
    # As texts: it also makes a number beyond all bounds one that can be read.
    grant_lives = grant_lifetime(str(answer.get("refresh_token_expires_in")))
    return TokenSet(
        access_token=Secret(access_token),
        expires_at=sent_at + lifetime(str(answer.get("expires_in"))),
        scopes=tuple(scope.split()) if isinstance(scope, str) else asked,
        refresh_token=Secret(refresh_token)
        if isinstance(refresh_token, str) and refresh_token
        else None,
        refresh_token_expires_at=sent_at + grant_lives if grant_lives else None,
    )


def id_token_of(answer: Mapping[str, object]) -> str:
    """Return the answer's id_token, still unverified; raise `IdentityUnverifiedError` without one."""
    unverified_id_token = answer.get("id_token")
    if not isinstance(unverified_id_token, str):
        raise IdentityUnverifiedError("the provider's answer has no id_token")
    return unverified_id_token
