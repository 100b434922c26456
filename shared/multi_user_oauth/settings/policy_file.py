"""The policy in force: read again when its file changes; a broken file leaves the old one in force."""

import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from multi_user_oauth.errors import ConfigurationError
from multi_user_oauth.log import Alarm, raise_alarm
from multi_user_oauth.model import Policy
from multi_user_oauth.ports import Clock
from multi_user_oauth.settings.policy import load_policy

LOOKED_AT_EVERY: Final = timedelta(seconds=300)


class PolicyFile:
    """Called, it returns the policy. At the start a broken file raises `ConfigurationError`."""

    def __init__(self, file: Path, *, now: Clock) -> None:
        self._file = file
        self._now = now
        self._lock = threading.Lock()
        self._policy = load_policy(file)
        self._looked_at: datetime = now()

    def __call__(self) -> Policy:
        """Return the policy, at most five minutes behind its file."""
        with self._lock:
            if self._now() - self._looked_at >= LOOKED_AT_EVERY:
                self._looked_at = self._now()
                try:
                    self._policy = load_policy(self._file)
                except ConfigurationError:
                    text = "the policy file is broken; the last good one stays in force"
                    raise_alarm(Alarm.POLICY_REFUSED, text)
            return self._policy
