"""What the local cloud holds, and its file, so that a restart loses no key."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import msgspec


@dataclass(slots=True, kw_only=True)
class KeyVersion:
    """A version's key: 32 bytes, or a private key in DER; `state` is Google's number."""

    material: bytes
    state: int = 1


@dataclass(slots=True, kw_only=True)
class Key:
    """A CryptoKey; `purpose` and `algorithm` are Google's numbers, `primary` 0 where none is used."""

    purpose: int
    algorithm: int
    primary: int = 0
    versions: dict[int, KeyVersion] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class SecretVersion:
    """A version of a secret."""

    data: bytes
    state: int = 1


@dataclass(slots=True, kw_only=True)
class Holdings:
    """Every key and secret by its resource name."""

    keys: dict[str, Key] = field(default_factory=dict)
    secrets: dict[str, dict[int, SecretVersion]] = field(default_factory=dict)


def load(file: Path | None) -> Holdings:
    """Give what was saved last, or nothing. Raises msgspec.ValidationError for rubbish."""
    if file is None or not file.exists():
        return Holdings()
    return msgspec.json.decode(file.read_bytes(), type=Holdings)


def save(file: Path, holdings: Holdings) -> None:
    """Replace the file in one step: a reader sees the old content or the new, never half."""
    draft = file.with_name(f"{file.name}.new")
    draft.unlink(missing_ok=True)  # one left by a crash keeps its mode
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(msgspec.json.encode(holdings))
    draft.replace(file)
