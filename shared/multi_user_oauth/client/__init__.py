"""What an agent installs: it acts as people over HTTP, by the API or with their access tokens."""

from typing import TYPE_CHECKING

from multi_user_oauth.loading import offers

if TYPE_CHECKING:
    from multi_user_oauth.client.aio import AsyncVault
    from multi_user_oauth.client.connectors import Connectors
    from multi_user_oauth.client.identity import (
        Identity,
        environment_identity,
        fixed,
        metadata_identity,
    )
    from multi_user_oauth.client.vault import Vault
    from multi_user_oauth.errors.client import (
        ApiError,
        DelegationRequiredError,
        NoAnswerError,
        NoIdentityError,
        OutcomeUnknownError,
        ReauthorizationRequiredError,
        ThrottledError,
        TryAgainLaterError,
    )
    from multi_user_oauth.model.tokens import AccessToken
else:
    __getattr__ = offers(
        "multi_user_oauth",
        {
            "client.aio": "AsyncVault",
            "client.connectors": "Connectors",
            "client.identity": "Identity environment_identity fixed metadata_identity",
            "client.vault": "Vault",
            "errors.client": (
                "ApiError DelegationRequiredError NoAnswerError NoIdentityError OutcomeUnknownError "
                "ReauthorizationRequiredError ThrottledError TryAgainLaterError"
            ),
            "model.tokens": "AccessToken",
        },
    )

__all__ = [
    "AccessToken",
    "ApiError",
    "AsyncVault",
    "Connectors",
    "DelegationRequiredError",
    "Identity",
    "NoAnswerError",
    "NoIdentityError",
    "OutcomeUnknownError",
    "ReauthorizationRequiredError",
    "ThrottledError",
    "TryAgainLaterError",
    "Vault",
    "environment_identity",
    "fixed",
    "metadata_identity",
]
