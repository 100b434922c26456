"""A deployment beside a sandbox, and what doctor says of it."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import requests
import yaml
from requests.adapters import BaseAdapter

from multi_user_oauth.audit import GENESIS, audited
from multi_user_oauth.cli.settings_file import read_settings, write_settings
from multi_user_oauth.model import Batch, Connection, ConnectionKey, ConnectionStatus, Identity
from multi_user_oauth.sandbox.server import Sandbox
from multi_user_oauth.settings import Settings
from multi_user_oauth.wiring.parts import Parts
from multi_user_oauth.wiring.world import World
from tests.support.clock import START

from .conftest import Run

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What doctor said, and how it ended."""

    exit_code: int
    rows: tuple[Row, ...]

    @classmethod
    def of(cls, rows: Iterable[Row], exit_code: int) -> Self:
        """Return it."""
        return cls(exit_code=exit_code, rows=tuple(rows))

    @property
    def trouble(self) -> list[tuple[str, str, str]]:
        """What is not ok: theme, subject, status."""
        return [
            (row["check"], row["subject"], row["status"])
            for row in self.rows
            if row["status"] != "ok"
        ]

    def row(self, check: str, subject: str, *, status: str | None = None) -> Row:
        """The one row about this that is not ok, or has this status."""
        found = [
            row
            for row in self.rows
            if (row["check"], row["subject"]) == (check, subject)
            and (row["status"] == status if status else row["status"] != "ok")
        ]
        assert len(found) == 1, [(row["check"], row["subject"], row["what"]) for row in self.rows]
        return found[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """Settings on this machine, and the sandbox at which their applications are registered."""

    file: Path
    sandbox: Sandbox
    run: Run

    @property
    def folder(self) -> Path:
        """Where everything is."""
        return self.file.parent

    @property
    def values(self) -> dict[str, str]:
        """The settings."""
        return read_settings(self.file)

    def secrets(self) -> list[str]:
        """What must never be printed."""
        known = yaml.safe_load((self.folder / "secrets/client_secrets.yaml").read_text())
        texts = [each for value in known.values() for each in _listed(value)]
        private = [file.read_text() for file in (self.folder / "keys").glob("*.private.pem")]
        return [*texts, *(key.splitlines()[3] for key in private)]

    def told(self, *arguments: object) -> Told:
        """Run doctor; nothing that it printed holds a secret."""
        ended = self.run("doctor", "--env", self.file, "--json", *arguments)
        self.holds_no_secret(ended.output)
        document = json.loads(ended.stdout)
        assert document["ok"] == (ended.exit_code == 0)
        return Told.of(document["findings"], ended.exit_code)

    def holds_no_secret(self, text: str) -> None:
        """Check it."""
        assert [secret for secret in self.secrets() if secret in text] == []

    def set(self, **changes: str | None) -> None:
        """Change settings; None takes one out."""
        values = {**self.values, **{name: value or "" for name, value in changes.items()}}
        write_settings(self.file, {k: v for k, v in values.items() if v}, "for a test")

    def edit(self, name: str, change: Callable[[Any], object]) -> None:
        """Change a YAML file of the deployment in place."""
        file = self.folder / name
        document = yaml.safe_load(file.read_text())
        change(document)
        file.write_text(yaml.safe_dump(document, sort_keys=False))

    def connect(
        self, email: str, *, ends: datetime | None = None, reason: str | None = None
    ) -> None:
        """Write a connection at Google: active, or with a reason for which its person has to sign in."""
        status = ConnectionStatus.NEEDS_SIGN_IN if reason else ConnectionStatus.ACTIVE
        connection = Connection(
            key=ConnectionKey("google_workspace", email), identity=Identity.google("7"),
            epoch=1, generation=1, commit_id="c", audit=GENESIS, connected_at=START,
            status=status, reason=reason, refresh_token_expires_at=ends,
        )  # fmt: skip
        change = audited(None, connection, action="connected", actor="test", at=START)
        Parts("test", Settings(self.values), World()).main.commit(Batch(changes=(change,)))


class Silent(BaseAdapter):
    """Nobody answers."""

    def send(self, *_: object, **__: object) -> requests.Response:
        """Fail as a network does."""
        raise requests.ConnectionError

    def close(self) -> None:
        """Close nothing."""


def _listed(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]
