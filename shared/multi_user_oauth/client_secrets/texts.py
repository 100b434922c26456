"""A stored value as a client credential."""

from multi_user_oauth.model import Secret, is_signing


def credential_text(text: str) -> Secret | None:
    """
    Return the credential; None for nothing, or for a client secret with white space around it.

    That would go to the provider as part of the secret. PEM and JSON, from which only a signature goes
    there, end in a new line: theirs is taken off.
    """
    bare = text.strip()
    credential = Secret(bare)
    return credential if bare and (bare == text or is_signing(credential)) else None


def secret_text(payload: bytes) -> Secret | None:
    """Return a payload's credential; None also for what is not UTF-8."""
    try:
        return credential_text(payload.decode())
    except UnicodeDecodeError:
        return None
