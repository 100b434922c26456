"""What an agent installs: it acts as people over HTTP, and holds no token of theirs."""

from multi_user_oauth.client.connectors import Connectors
from multi_user_oauth.client.identity import Identity, fixed, metadata_identity
from multi_user_oauth.errors.client import ApiError, NoAnswerError, NoIdentityError

__all__ = [
    "ApiError",
    "Connectors",
    "Identity",
    "NoAnswerError",
    "NoIdentityError",
    "fixed",
    "metadata_identity",
]
