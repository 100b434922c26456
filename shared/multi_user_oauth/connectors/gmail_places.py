"""Where Gmail is, and which scopes open it (Gmail API, v1)."""

from typing import Final

_GMAIL: Final = "gmail/v1/users/me/messages"
_HOST: Final = "https://gmail.googleapis.com"
MESSAGES: Final = f"{_HOST}/{_GMAIL}"
"""Whose they are says the token alone: no address names a person."""
UPLOADS: Final = f"{_HOST}/upload/{_GMAIL}"
_SCOPE: Final = "https://www.googleapis.com/auth/gmail."
_ALL: Final = "https://mail.google.com/"
SEND: Final = (f"{_SCOPE}send", f"{_SCOPE}compose", f"{_SCOPE}modify", _ALL)
READ: Final = (f"{_SCOPE}readonly", f"{_SCOPE}modify", _ALL)
LIST: Final = (f"{_SCOPE}metadata", *READ)
"""With `metadata` alone there is no searching."""
