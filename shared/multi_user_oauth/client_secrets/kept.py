"""Client secrets kept for a while, so that a call to a provider does not wait for another service."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from multi_user_oauth.errors import KeysUnavailableError
from multi_user_oauth.model import Secret
from multi_user_oauth.ports import Clock

KEPT_FOR: Final = timedelta(seconds=300)
USED_AT_MOST: Final = timedelta(seconds=900)
LOOK_AGAIN: Final = timedelta(seconds=30)
RELOAD_AT_MOST_EVERY: Final = timedelta(seconds=10)

_log = logging.getLogger(__name__)
_Secrets = tuple[Secret, ...]


class OutOfReachError(KeysUnavailableError):
    """The place did not answer: what it said before may still be used for a while."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    secrets: _Secrets
    read_at: datetime
    look_again_at: datetime


class KeptSecrets:
    """
    Reads by `read`, which raises `KeysUnavailableError` for a no and `OutOfReachError` for silence.

    What was read is kept 300 s. While the place is out of reach it is used for up to 900 s, and the
    place is asked again every 30 s; a no ends it at once. Safe between threads: one of them asks
    again while the others use what there is, and none waits for another.
    """

    def __init__(self, read: Callable[[str], _Secrets], *, now: Clock) -> None:
        self._read = read
        self._now = now
        self._kept: dict[str, _Kept] = {}
        self._lock = Lock()

    def get(self, name: str) -> _Secrets:
        """Return the live secrets, newest first; raise `KeysUnavailableError`."""
        now = self._now()
        with self._lock:
            kept = self._usable(name, now)
            if kept is not None and now < kept.look_again_at:
                return kept.secrets
            if kept is not None:
                self._kept[name] = replace(kept, look_again_at=now + LOOK_AGAIN)
        return self._reread(name, now, kept)

    def reload(self, name: str) -> _Secrets:
        """Return them as they are now, unless they were read in the last 10 s; same errors."""
        now = self._now()
        with self._lock:
            kept = self._usable(name, now)
            if kept is not None and now < kept.read_at + RELOAD_AT_MOST_EVERY:
                return kept.secrets
        return self._reread(name, now, kept)

    def _usable(self, name: str, now: datetime) -> _Kept | None:
        kept = self._kept.get(name)
        # A clock that was set back must not lengthen a life.
        if kept is None or not kept.read_at <= now < kept.read_at + USED_AT_MOST:
            return None
        return kept

    def _reread(self, name: str, now: datetime, kept: _Kept | None) -> _Secrets:
        try:
            secrets = self._read(name)
        except OutOfReachError as error:
            if kept is None:
                raise
            _log.warning("%s; going on with the client secrets read at %s", error, kept.read_at)
            return kept.secrets
        except KeysUnavailableError:
            with self._lock:
                self._kept.pop(name, None)
            raise
        with self._lock:
            self._kept[name] = _Kept(secrets=secrets, read_at=now, look_again_at=now + KEPT_FOR)
        return secrets
