"""Client secrets in a YAML file that only its owner can read."""

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import yaml

from multi_user_oauth.client_secrets.texts import credential_text
from multi_user_oauth.errors import ConfigurationError, KeysUnavailableError
from multi_user_oauth.model import Secret
from multi_user_oauth.ports import Clock

KEPT_FOR: Final = timedelta(seconds=300)

_Mark = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    secrets: dict[str, tuple[Secret, ...]]
    mark: _Mark
    at: datetime


class LocalClientSecrets:
    """
    Implements `ClientSecrets` over `name: value` or `name: [newest, older]`.

    The file is read at once, so that a bad one stops the start with `ConfigurationError`, and again
    when it was changed or was read 300 s ago.
    """

    def __init__(self, file: Path, *, now: Clock) -> None:
        self._file = file
        self._now = now
        self._last = self._read()

    def get(self, name: str) -> tuple[Secret, ...]:
        """
        Return the live secrets of this name, newest first.

        Raise `KeysUnavailableError` if there is none, or if the file has meanwhile gone or is no
        longer in order: the next call looks again.
        """
        return self._live(name, current=self._is_current())

    def reload(self, name: str) -> tuple[Secret, ...]:
        """Return them as they are in the file now; same errors."""
        return self._live(name, current=False)

    def _live(self, name: str, *, current: bool) -> tuple[Secret, ...]:
        try:
            if not current:
                self._last = self._read()
            return self._last.secrets[name]
        except KeyError:
            raise KeysUnavailableError(f"{self._file}: no client secret {name!r}") from None
        except ConfigurationError as error:
            raise KeysUnavailableError(str(error)) from error

    def _is_current(self) -> bool:
        try:
            mark = _mark(self._file.stat())
        except OSError:
            return False  # reading it will say what is wrong
        return mark == self._last.mark and self._last.at <= self._now() < self._last.at + KEPT_FOR

    def _read(self) -> _Read:
        at = self._now()
        try:
            with self._file.open("rb") as opened:
                status = os.fstat(opened.fileno())
                if status.st_mode & 0o077:
                    message = "expected a file that only its owner can read, mode 0600"
                    raise ConfigurationError(f"{self._file}: {message}")
                content = opened.read()
        except OSError as error:
            message = f"{self._file}: can not be read ({error.strerror}); expected a YAML file"
            raise ConfigurationError(message) from error
        return _Read(secrets=_parsed(self._file, content), mark=_mark(status), at=at)


def _mark(status: os.stat_result) -> _Mark:
    return status.st_mtime_ns, status.st_size, status.st_ino


def _parsed(file: Path, content: bytes) -> dict[str, tuple[Secret, ...]]:
    document = _document(file, content)
    if not isinstance(document, dict) or not all(isinstance(name, str) for name in document):
        raise ConfigurationError(f"{file}: expected `name: value` lines, each name a string")
    return {name: _secrets(file, name, value) for name, value in document.items()}


def _document(file: Path, content: bytes) -> object:
    # What PyYAML says about a mistake quotes the line it is in: neither shown nor chained.
    try:
        return yaml.safe_load(content)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
    except (yaml.YAMLError, ValueError):
        line = 1
    raise ConfigurationError(f"{file}: not YAML at line {line}; expected `name: value`")


def _secrets(file: Path, name: str, value: object) -> tuple[Secret, ...]:
    values = value if isinstance(value, list) else [value]
    texts = [each for each in values if isinstance(each, str)]
    secrets = tuple(secret for each in texts if (secret := credential_text(each)) is not None)
    if not secrets or len(secrets) < len(values):
        raise ConfigurationError(
            f"{file}: {name}: expected a string (in quotes if it is a number), or a list of them, "
            "newest first; none empty, no white space around a secret"
        )
    return secrets
