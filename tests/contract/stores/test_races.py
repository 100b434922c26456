"""Contract of all stores: many threads and processes at once, one winner, nothing lost."""

import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import pytest

from multi_user_oauth.errors import FlowAlreadyUsedError
from multi_user_oauth.model import AuditRecord, Connection
from tests.contract.stores import racers
from tests.contract.stores.backends import Backend
from tests.contract.stores.samples import KEY, connection, get, mark, put, record
from tests.support.clock import ManualClock
from tests.support.stores import ActivityStore, MainStore

PROCESSES = 4
OPERATIONS = ("create", "claim", "commit", "claim_revocation", "spend")


def chained(head: Connection, records: tuple[AuditRecord, ...]) -> bool:
    """Return whether there is one record for each step, from the first to the head."""
    return [each.sequence for each in records] == list(range(1, head.audit.sequence + 1))


def winners_as_stored(
    store: MainStore, activity: ActivityStore, name: str, operation: str
) -> str | None:
    """Return who the database says has won the round."""
    match operation:
        case "claim":
            lease = get(store, racers.key(name)).connection.lease
            return lease.id if lease else None
        case "claim_revocation":
            return racers.pending(store, name).lease_id
        case "spend":
            handles = (f"{p}-{t}" for p in range(PROCESSES) for t in range(racers.THREADS))
            (spent,) = (handle for handle in handles if activity.by_handle(handle))
            return spent
        case _:
            return get(store, racers.key(name)).connection.commit_id


def test_of_many_processes_and_threads_exactly_one_wins(
    backend: Backend, store: MainStore, activity: ActivityStore
) -> None:
    """
    Four processes with eight threads each try the same at once, whatever it is: one succeeds.

    The first of them all even make the database: nobody has opened it before.
    """
    rounds = [("spend", "spend"), ("new", "create")]
    rounds += [(f"{operation}-{n}", operation) for n in range(5) for operation in OPERATIONS[1:4]]
    context = get_context("spawn")
    barrier = context.Barrier(PROCESSES * racers.THREADS)
    with ProcessPoolExecutor(PROCESSES, context, racers.line_up, (barrier,)) as pool:

        def run(of: list[tuple[str, str]]) -> list[tuple[str, str]]:
            runs = [pool.submit(racers.race, backend, n, of) for n in range(PROCESSES)]
            return [won for each in runs for won in each.result(racers.PATIENCE)]

        won = run(rounds[:2])
        for name, operation in rounds[2:]:
            racers.prepare(store, name, operation)
        won += run(rounds[2:])
    assert sorted(name for name, _ in won) == sorted(name for name, _ in rounds)
    for name, operation in rounds:
        assert winners_as_stored(store, activity, name, operation) == dict(won)[name]


def test_of_32_threads_one_spends_the_state(activity: ActivityStore) -> None:
    """One store shared by all of them: one mark is made, the others are told."""
    start = threading.Barrier(32)

    def spend(number: int) -> bool:
        start.wait(racers.PATIENCE)
        try:
            activity.spend(mark("a", outcome=str(number)))
        except FlowAlreadyUsedError:
            return False
        return True

    with ThreadPoolExecutor(32) as pool:
        spent = list(pool.map(spend, range(32)))
    assert spent.count(True) == 1
    assert activity.by_handle("handle") == (mark("a", outcome=str(spent.index(True))),)


def test_no_step_of_many_writers_is_lost(store: MainStore) -> None:
    """Eight threads take ten steps each: eighty later, each with its audit record."""
    put(store, connection())
    start = threading.Barrier(8)
    with ThreadPoolExecutor(8) as pool:
        for run in [pool.submit(racers.add_steps, store, 10, start) for _ in range(8)]:
            run.result(racers.PATIENCE)
    head = get(store).connection
    assert head.generation == 81
    assert chained(head, store.audit(KEY))


def test_readers_see_each_step_whole(store: MainStore) -> None:
    """While somebody writes, a connection is read as one commit left it: never half of the next."""
    put(store, connection())
    start = threading.Barrier(2)
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(racers.add_steps, store, 30, start)
        start.wait(racers.PATIENCE)
        seen = [get(store).connection]
        while not writing.done():
            seen.append(get(store).connection)
        writing.result(racers.PATIENCE)
    steps = [each.generation for each in seen]
    assert steps == sorted(steps)
    for each in seen:
        assert each.commit_id == f"commit-{each.generation}"
        assert each.audit.sequence == each.generation


def test_a_killed_writer_leaves_the_database_before_or_after_a_step(
    backend: Backend, store: MainStore
) -> None:
    """SIGKILL at any moment: it reads, each step has its audit record, and the next one is written."""
    put(store, connection())
    writer = get_context("spawn").Process(target=racers.write_for_ever, args=(backend,))
    writer.start()
    try:
        until(lambda: get(store).connection.generation >= 5 or not writer.is_alive())
    finally:
        writer.kill()
        writer.join(racers.PATIENCE)
    assert writer.exitcode == -9
    head = get(store).connection
    assert head.generation >= 5
    assert chained(head, store.audit(KEY))
    racers.add_steps(store, 1, threading.Barrier(1))
    assert get(store).connection.generation == head.generation + 1


def until(condition: Callable[[], bool]) -> None:
    """Return once the condition holds; it is asked as fast as it answers, with a bound."""
    for _ in range(1_000_000):
        if condition():
            return
    pytest.fail("it did not come to pass")


def test_what_was_written_survives_the_process(backend: Backend) -> None:
    """A store opened later, by anybody, reads all of it."""
    put(backend.main(ManualClock()), connection())
    backend.activity(ManualClock()).spend(mark("a"))
    again = backend.main(ManualClock())
    assert get(again).connection == connection()
    assert again.audit(KEY) == (record(connection()),)
    assert backend.activity(ManualClock()).by_handle("handle") == (mark("a"),)
