"""How a stored client credential is told apart: a secret that is sent, or a key that only signs."""

from datetime import timedelta
from typing import Final

from multi_user_oauth.model.secret import Secret

ENDS_SOON: Final = timedelta(days=30)
"""So long before a credential ends, somebody is told to replace it."""


def is_signing(credential: Secret) -> bool:
    """
    Tell whether a credential is PEM or JSON, of which nothing but a signature may go to a provider.

    No provider makes client secrets that look like either.
    """
    text = credential.reveal()
    return text.startswith("{") or "-----BEGIN " in text
