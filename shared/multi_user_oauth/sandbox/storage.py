"""The sandbox's memory as a file, so that a restart forgets nobody."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from .office.memory import SavedOffice
from .records import Mail, Token


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What outlives a restart. Tokens are digests; the private keys are why the file is 0600."""

    clock_offset: float = 0.0
    keys: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    tokens: Sequence[Token] = ()
    consents: dict[str, list[str]] = field(default_factory=dict)
    mailbox: Sequence[Mail] = ()
    office: SavedOffice = field(default_factory=SavedOffice)


def load(path: Path | None) -> Saved:
    """Give what was saved last, or an empty memory. Raises msgspec.ValidationError for rubbish."""
    if path is None or not path.exists():
        return Saved()
    return msgspec.json.decode(path.read_bytes(), type=Saved)


def save(path: Path, saved: Saved) -> None:
    """Replace the file in one step: a reader sees the old content or the new, never half."""
    draft = path.with_name(f"{path.name}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(saved))
    draft.replace(path)
