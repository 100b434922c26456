"""A stored payload as a client secret."""

from multi_user_oauth.model import Secret


def secret_text(payload: bytes) -> Secret | None:
    """Return the secret; None for nothing, what is not UTF-8, or white space around it (a new line)."""
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        return None
    return Secret(text) if text and text == text.strip() else None
