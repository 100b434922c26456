"""Who used a connection last: written down at most once an hour, and never in the way of a token."""

import logging
import threading
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Final

from multi_user_oauth.errors import StoreUnavailableError
from multi_user_oauth.model import Action, Agent, Caller, ConnectionKey
from multi_user_oauth.ports import Clock, LastUse, Usage

logger = logging.getLogger(__name__)

NOTED_FOR: Final = timedelta(hours=1)
TRIED_AGAIN_AFTER: Final = timedelta(minutes=1)
"""Where the database did not answer: each try holds up one caller."""

MOST_REMEMBERED: Final = 10_000
"""So many agents and connections; whoever was forgotten costs one write more."""


class NoteUses:
    """One for each instance: what it noted lately it does not note again."""

    def __init__(self, *, usage: Usage, now: Clock) -> None:
        self._usage = usage
        self._now = now
        self._next: OrderedDict[tuple[str, ConnectionKey], datetime] = OrderedDict()
        self._lock = threading.Lock()

    def note(self, caller: Caller, key: ConnectionKey, action: Action, purpose: str) -> None:
        """Note this use for all who have a part in it; a database that does not answer is a warning."""
        names = caller.names if isinstance(caller, Agent) else (str(caller),)
        now = self._now()
        for name in names:
            if not self._takes_turn(name, key, now):
                continue
            use = LastUse(agent=name, action=action, purpose=purpose, at=now)
            try:
                self._usage.note_use(key, use)
            except StoreUnavailableError as later:
                self._remember(name, key, now + TRIED_AGAIN_AFTER)
                extra = {"connection": str(key), "code": later.code}
                logger.warning("a use was not noted", extra=extra)

    def _takes_turn(self, name: str, key: ConnectionKey, now: datetime) -> bool:
        """Return whether it is time, and if so keep other threads from it."""
        with self._lock:
            due = self._next.get((name, key))
            if due is not None and now < due:
                return False
            self._keep(name, key, now + NOTED_FOR)
            return True

    def _remember(self, name: str, key: ConnectionKey, due: datetime) -> None:
        with self._lock:
            self._keep(name, key, due)

    def _keep(self, name: str, key: ConnectionKey, due: datetime) -> None:
        self._next[name, key] = due
        self._next.move_to_end((name, key))
        if len(self._next) > MOST_REMEMBERED:
            self._next.popitem(last=False)
