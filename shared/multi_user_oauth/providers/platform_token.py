"""A service account's token as a function behind IAM sees it: the platform has taken the signature away.

Cloud Run checks signature, audience and the right to invoke, then replaces the signature, so that the
callee can not use the token elsewhere ("Authenticating service-to-service", Cloud Run). Nowhere but
behind IAM does such a token prove anything.
"""

import hmac
from datetime import datetime
from typing import Final

from multi_user_oauth.errors import UnauthenticatedError
from multi_user_oauth.providers.id_token import (
    ServiceAccount,
    in_time,
    service_account,
    unverified_claims,
)

REMOVED: Final = "SIGNATURE_REMOVED_BY_GOOGLE"


def is_stripped(token: str) -> bool:
    """Return whether the platform has been here."""
    signature = token.rpartition(".")[2]
    return hmac.compare_digest(signature.encode(), REMOVED.encode())


def service_account_behind_iam(
    stripped_token: str, *, audience: str, now: datetime
) -> ServiceAccount:
    """
    Return the service account; whoever calls this has to be closed by IAM.

    Issuer, audience, times and e-mail are still checked. Raise `UnauthenticatedError`.
    """
    claims = unverified_claims(stripped_token) if is_stripped(stripped_token) else None
    if claims is None or not in_time(claims, now.timestamp()):
        raise UnauthenticatedError("the bearer token is not one that the platform let through")
    return service_account(claims, audience=audience)
