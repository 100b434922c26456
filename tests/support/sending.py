"""Somebody who sends the same again and again, a provider that fails as told, and records in memory."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import pytest

from multi_user_oauth.errors import ConflictError, MultiUserOAuthError
from multi_user_oauth.model import Agent, ConnectionKey
from multi_user_oauth.model.attempt import Attempt
from multi_user_oauth.ports.attempts import KeptAttempt
from multi_user_oauth.ports.connectors import Found, Outcome
from multi_user_oauth.sending import SendOnce, Sent
from tests.support.clock import ManualClock
from tests.support.draw import CountingDraw

KEY: Final = ConnectionKey("google_workspace", "sarah@company.com")
AGENT: Final = Agent(name="agent")


class Killed(BaseException):
    """The process is gone: nothing of ours runs any more."""


class Records:
    """`Attempts` in memory, which fails when told to: before a write, or after it."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[int, Attempt]] = {}
        self.writes: list[Attempt] = []
        self.fail: dict[int, tuple[bool, MultiUserOAuthError]] = {}
        """By the write's number, from 1: whether it was written all the same, and what is raised."""
        self._lock = threading.Lock()

    def attempt(self, attempt_id: str) -> KeptAttempt | None:
        """Return what is there."""
        with self._lock:
            found = self.kept.get(attempt_id)
        return KeptAttempt(attempt=found[1], version=found[0]) if found else None

    def keep_attempt(self, kept: KeptAttempt | None, after: Attempt) -> KeptAttempt:
        """Write if nobody did since."""
        with self._lock:
            version, _ = self.kept.get(after.id, (None, None))
            if version != (kept.version if kept else None):
                raise ConflictError("somebody was first")
            written, error = self.fail.pop(len(self.writes) + 1, (True, None))
            self.writes.append(after)
            if written:
                self.kept[after.id] = ((version or 0) + 1, after)
            if error is not None:
                raise error
            return KeptAttempt(attempt=after, version=self.kept[after.id][0])

    @property
    def only(self) -> Attempt:
        """The one record that there is."""
        ((_, attempt),) = self.kept.values()
        return attempt


@dataclass
class Provider:
    """A provider that sends, fails as told, and may be asked; `sent` counts."""

    draft: str = "draft"
    outcomes: list[BaseException | None] = field(default_factory=list)
    """What the next sendings raise, after they have sent; None is an answer."""
    refuses: list[BaseException] = field(default_factory=list)
    """What the next sendings raise instead."""
    found: Outcome | None = None
    """What a look brings; None: the truth."""
    look_fails: BaseException | None = None
    during: Callable[[], None] = lambda: None
    """What happens while it sends."""
    prepared: int = 0
    sent: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    looks: list[str] = field(default_factory=list)

    def make(self, mark: str) -> "Provider":
        """Return itself: it has one thing to send."""
        self.marks.append(mark)
        return self

    def prepare(self) -> str:
        """Make a draft."""
        self.prepared += 1
        return self.draft

    def send(self, handle: str) -> str:
        """Send."""
        self.during()
        if self.refuses:
            raise self.refuses.pop(0)
        self.sent.append(handle)
        if self.outcomes and (outcome := self.outcomes.pop(0)) is not None:
            raise outcome
        return "message-1"

    def look_up(self, handle: str) -> Found:
        """Tell."""
        self.looks.append(handle)
        if self.look_fails is not None:
            raise self.look_fails
        truth = Outcome.SENT if self.sent else Outcome.NOT_SENT
        outcome = self.found or truth
        return Found(outcome=outcome, provider_id="found-1" if outcome is Outcome.SENT else "")


@dataclass
class Bench:
    """Somebody who sends the same again and again."""

    clock: ManualClock = field(default_factory=ManualClock)
    records: Records = field(default_factory=Records)
    provider: Provider = field(default_factory=Provider)
    killed_at: str = ""

    def point(self, name: str) -> None:
        """Die, if it is here."""
        if name == self.killed_at:
            self.killed_at = ""
            raise Killed

    def send(self, key: str | None = "report", fingerprint: str = "one") -> Sent:
        """Send."""
        once = SendOnce(
            attempts=self.records, now=self.clock, sleep=self.clock.sleep,
            draw=CountingDraw(f"draw {len(self.records.writes)}"), point=self.point,
        )  # fmt: skip
        return once.send(
            AGENT, KEY, idempotency_key=key, fingerprint=fingerprint, make=self.provider.make
        )

    def killed(self) -> None:
        """Send, and die on the way."""
        with pytest.raises(Killed):
            self.send()


def raising(error: MultiUserOAuthError) -> Callable[..., str]:
    """Return what always fails like this."""

    def fails(*_: object) -> str:
        raise error

    return fails
