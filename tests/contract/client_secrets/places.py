"""The places that the contract holds for: a new one is one class here and one more param."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import yaml

from multi_user_oauth.client_secrets.local import LocalClientSecrets
from multi_user_oauth.ports import ClientSecrets, Clock

Stored = Mapping[str, Sequence[str]]


class Place(Protocol):
    """Somewhere to keep client secrets."""

    def store(self, secrets: Stored) -> None:
        """Make these the stored ones, each newest first."""

    def lose(self) -> None:
        """Let the place be out of reach."""

    def reader(self, now: Clock) -> ClientSecrets:
        """Return what is under test."""


class LocalPlace:
    """A file."""

    def __init__(self, directory: Path) -> None:
        self.file = directory / "client_secrets.yaml"

    def store(self, secrets: Stored) -> None:
        """Write it, a single value as `name: value`."""
        self.write({name: v[0] if len(v) == 1 else list(v) for name, v in secrets.items()})

    def write(self, content: object, mode: int = 0o600) -> None:
        """Write YAML, or bytes as they are, as an editor does: a new file takes the old one's name."""
        aside = self.file.with_suffix(".new")
        aside.write_bytes(
            content if isinstance(content, bytes) else yaml.safe_dump(content).encode()
        )
        aside.chmod(mode)
        aside.replace(self.file)

    def lose(self) -> None:
        """Delete it."""
        self.file.unlink()

    def reader(self, now: Clock) -> LocalClientSecrets:
        """Return the reader of this file."""
        return LocalClientSecrets(self.file, now=now)


PLACES: Mapping[str, Callable[[Path], Place]] = {"local": LocalPlace}
