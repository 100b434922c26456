"""What the processes and threads of the race tests do; importable, so that a spawned process finds it."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count
from multiprocessing.synchronize import Barrier
from typing import Final

from multi_user_oauth.errors import ConflictError, FlowAlreadyUsedError
from multi_user_oauth.model import Batch, ConnectionKey, Revocation
from tests.contract.stores.backends import Backend
from tests.contract.stores.samples import change, connection, get, mark, put, refreshed, revocation
from tests.support.clock import ManualClock
from tests.support.stores import ActivityStore, MainStore

PATIENCE: Final = 60.0
"""Seconds, real ones: a race that takes longer has failed."""

THREADS: Final = 8

_start: list[Barrier] = []


def line_up(barrier: Barrier) -> None:
    """Tell this process where all threads of all processes wait for each other."""
    _start.append(barrier)


def key(name: str) -> ConnectionKey:
    """Return the key of one round."""
    return ConnectionKey("google_workspace", f"{name}@example.org")


def race(backend: Backend, process: int, rounds: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Run every round (name, operation) in eight threads; return (name, who) for each one won."""
    store, activity = backend.main(ManualClock()), backend.activity(ManualClock())
    with ThreadPoolExecutor(THREADS) as pool:
        runs = [
            pool.submit(_run, store, activity, f"{process}-{thread}", rounds)
            for thread in range(THREADS)
        ]
        return [won for run in runs for won in run.result(PATIENCE)]


def _run(
    store: MainStore, activity: ActivityStore, who: str, rounds: list[tuple[str, str]]
) -> list[tuple[str, str]]:
    won = []
    for name, operation in rounds:
        attempt = _ATTEMPTS[operation](store, activity, name, who)
        _start[0].wait(PATIENCE)
        try:
            attempt()
        except (ConflictError, FlowAlreadyUsedError):
            continue
        won.append((name, who))
    return won


def _claim(store: MainStore, _: ActivityStore, name: str, who: str) -> Callable[[], object]:
    snapshot = get(store, key(name))
    return lambda: store.claim(snapshot, who)


def _commit(store: MainStore, _: ActivityStore, name: str, who: str) -> Callable[[], object]:
    before = get(store, key(name))
    after = replace(refreshed(before), commit_id=who)
    return lambda: store.commit(Batch(changes=(change(before, after),)))


def _create(store: MainStore, _: ActivityStore, name: str, who: str) -> Callable[[], object]:
    new = replace(connection(key(name)), commit_id=who)
    return lambda: store.commit(Batch(changes=(change(None, new),)))


def _claim_revocation(
    store: MainStore, _: ActivityStore, name: str, who: str
) -> Callable[[], object]:
    found = pending(store, name)
    return lambda: store.claim_revocation(found, who)


def _spend(_: MainStore, activity: ActivityStore, name: str, who: str) -> Callable[[], object]:
    return lambda: activity.spend(mark(name, handle=who))


_ATTEMPTS: Final = {
    "claim": _claim,
    "claim_revocation": _claim_revocation,
    "commit": _commit,
    "create": _create,
    "spend": _spend,
}


def prepare(store: MainStore, name: str, operation: str) -> None:
    """Write what the round is about."""
    new = connection(key(name))
    if operation in ("claim", "commit"):
        put(store, new)
    if operation == "claim_revocation":
        store.commit(Batch(changes=(change(None, new),), opens=revocation(new)))


def pending(store: MainStore, name: str) -> Revocation:
    """Return the round's revocation."""
    found = store.revocation(key(name), connection().epoch)
    assert found is not None
    return found


def write_for_ever(backend: Backend) -> None:
    """Refresh one connection again and again, until this process is killed."""
    store = backend.main(ManualClock())
    for _ in count():
        claimed = store.claim(get(store), "lease")
        store.commit(Batch(changes=(change(claimed, refreshed(claimed)),)))


def add_steps(store: MainStore, steps: int, start: threading.Barrier) -> None:
    """Refresh one connection so many times, reading it again after each lost race."""
    start.wait(PATIENCE)
    while steps:
        before = get(store)
        try:
            store.commit(Batch(changes=(change(before, refreshed(before)),)))
        except ConflictError:
            continue
        steps -= 1
