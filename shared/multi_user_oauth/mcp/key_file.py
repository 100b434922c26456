"""The key that clients of the HTTP server send: in a file that its owner alone can read."""

import base64
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final

from multi_user_oauth.errors import ConfigurationError
from multi_user_oauth.model.secret import Secret

BYTES: Final = 32
SHORTEST: Final = 43
"""So many characters of Base64 hold 32 bytes."""


def key_in(file: Path, draw: Callable[[int], bytes]) -> Secret:
    """Return the key in the file, made by `draw` if there is none; raise `ConfigurationError`."""
    try:
        _make(file, draw)
        return _read(file)
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise ConfigurationError(f"{file} can not be used: {why}") from None


def _make(file: Path, draw: Callable[[int], bytes]) -> None:
    try:
        made = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(made, "wb") as out:
        out.write(base64.urlsafe_b64encode(draw(BYTES)).rstrip(b"=") + b"\n")


def _read(file: Path) -> Secret:
    with file.open(encoding="ascii") as source:
        if os.fstat(source.fileno()).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise ConfigurationError(f"Others can read {file}: chmod 600 it, or name another")
        text = source.read().strip()
    if len(text) < SHORTEST or not text.isprintable() or " " in text:
        raise ConfigurationError(
            f"{file} holds no key of {BYTES} bytes: delete it, and one is made"
        )
    return Secret(text)
