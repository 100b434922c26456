"""Ordinary code in threads of which exactly one runs at a time: whose turn it is, a test decides.

A worker stops at every gate (each call of a store or provider, each named point, each sleep) and goes on
when it is told to, with what shall happen to it there.
"""

import threading
from collections.abc import Callable
from enum import Enum
from typing import TypeVar

from multi_user_oauth.errors import ProviderUnavailableError, StoreUnavailableError
from tests.support.clock import ManualClock
from tests.support.provider import Mode, ScriptedProvider
from tests.support.stores import FaultyStore, MainStore
from tests.support.world import Killed

T = TypeVar("T")
PATIENCE = 20.0
"""Seconds until a worker that never comes to its next gate fails the test."""


class Fate(Enum):
    """What becomes of a worker at its gate."""

    GO = "go"
    DIE = "die"
    LOST_BEFORE = "lost before"  # the call fails, nothing done
    LOST_AFTER = "lost after"  # the call is done, its answer lost
    LOCKED = "locked"  # this and all later commits of this worker fail


class Worker(threading.Thread):
    """One process; `gate` is where it stands, `error` how it ended."""

    def __init__(self, name: str, work: Callable[[], object]) -> None:
        super().__init__(name=name, daemon=True)
        self.gate = "start"
        self.error: BaseException | None = None
        self.over = False
        self.locked = False
        self.read_at = 0
        self._work = work
        self._fate = Fate.GO
        self._turn = threading.Semaphore(0)
        self._stopped = threading.Semaphore(0)

    def run(self) -> None:
        """Work, from gate to gate."""
        self._turn.acquire()
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001  # reason: kept for the test to judge
            self.error = error
        self.over = True
        self._stopped.release()

    def end(self) -> None:
        """End the thread wherever it stands; the frames of its error hold a database open."""
        while self.is_alive() and not self.over:
            self.go_on(Fate.DIE)
        self.error = None

    def go_on(self, fate: Fate = Fate.GO) -> None:
        """Let it run to its next gate, or to its end."""
        self._fate = fate
        self.locked = self.locked or fate is Fate.LOCKED
        self._turn.release()
        assert self._stopped.acquire(timeout=PATIENCE), f"{self.name} never came back"

    def stop_at(self, gate: str) -> Fate:
        """Wait here until told to go on; called by the worker itself."""
        self.gate = gate
        self._stopped.release()
        self._turn.acquire()
        if self._fate is Fate.DIE:
            raise Killed
        return self._fate


def at_gate(name: str) -> Fate:
    """Stop the worker whose thread this is; others pass."""
    worker = threading.current_thread()
    return worker.stop_at(name) if isinstance(worker, Worker) else Fate.GO


def this_worker() -> Worker:
    """Return the worker whose thread this is."""
    worker = threading.current_thread()
    assert isinstance(worker, Worker)
    return worker


def point(name: str) -> None:
    """As a `Point`: a gate."""
    at_gate(name)


class GatedStore(FaultyStore):
    """
    A database with a gate before each call; `steps` counts them.

    `committing` is told of each commit before it is made; what it returns, of each that landed.
    """

    def __init__(self, store: MainStore) -> None:
        super().__init__(store)
        self.steps = 0
        self.committing: Callable[[Worker], Callable[[], object]] = lambda _worker: lambda: None

    def through(self, operation: str, call: Callable[[], T]) -> T:
        """Make the call, or what the schedule wants instead."""
        fate, worker = at_gate(operation), threading.current_thread()
        self.steps += 1
        if not isinstance(worker, Worker):
            return call()
        if fate is Fate.LOST_BEFORE or (worker.locked and operation == "commit"):
            raise StoreUnavailableError("scheduled: before")
        if operation == "read":
            worker.read_at = self.steps
        landed = self.committing(worker) if operation == "commit" else lambda: None
        result = call()
        landed()
        if fate is Fate.LOST_AFTER:
            raise StoreUnavailableError("scheduled: after")
        return result


class GatedProvider(ScriptedProvider):
    """A provider with a gate where the request arrives and where the answer leaves."""

    def __init__(self, now: ManualClock, mode: Mode) -> None:
        super().__init__(now, mode)
        self.answers_lost = 0

    def _happen(self, name: str) -> None:
        fate = at_gate(name)
        if fate in {Fate.LOST_BEFORE, Fate.LOST_AFTER}:
            self.answers_lost += 1
            raise ProviderUnavailableError("scheduled: the line broke")


class GatedClock(ManualClock):
    """A clock whose sleepers stop at a gate."""

    def sleep(self, seconds: float) -> None:
        """As a `Sleep`."""
        at_gate("sleep")
        super().sleep(seconds)
