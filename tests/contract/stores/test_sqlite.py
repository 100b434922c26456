"""What is true of the SQLite stores beyond the contract: the file, its mode, crashes, forks."""

import json
import os
import re
import signal
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import pytest

from multi_user_oauth.errors import ConflictError
from multi_user_oauth.model import SHARDS, Batch, ConnectionKey, Lease
from multi_user_oauth.stores.sqlite import DUE
from multi_user_oauth.stores.sqlite_activity import FORGOTTEN_AT_ONCE
from multi_user_oauth.stores.sqlite_attempts import FORGOTTEN_AT_ONCE as AT_ONCE
from multi_user_oauth.stores.sqlite_database import Database
from multi_user_oauth.stores.sqlite_directory import BEGINNING, ENDING
from multi_user_oauth.stores.sqlite_rows import packed, unpacked
from tests.contract.stores.samples import (
    ANNA,
    AT,
    FAILURE,
    KEY,
    attempt,
    change,
    connection,
    get,
    mark,
    put,
    refreshed,
    revocation,
    tombstone,
)
from tests.contract.stores.sql import sql
from tests.support.clock import ManualClock
from tests.support.stores import activity_store, main_store


def die_in_a_transaction(directory: Path, at_call: int) -> None:
    """Commit two changes; the process is killed when the store asks the clock for the nth time."""
    calls = iter(range(1, 100))

    def clock() -> datetime:
        if next(calls) == at_call:
            os.kill(os.getpid(), signal.SIGKILL)
        return AT

    reader = main_store(directory, ManualClock())
    first, second = get(reader), get(reader, ConnectionKey("microsoft_teams", "a@example.org"))
    changes = (change(first, refreshed(first)), change(second, refreshed(second)))
    main_store(directory, clock).commit(Batch(changes=changes, opens=revocation(first.connection)))


def use_after_a_fork(directory: Path) -> None:
    """Use one store before a fork, then in both processes; exit with 0 if each has its own and wrote."""
    store, file = main_store(directory, ManualClock()), directory / "other.sqlite3"
    database = Database(file, steps=[])
    before = put(store, connection())
    with database.reading() as mine:
        child = os.fork()
    if child == 0:
        with database.reading() as its_own:
            store.claim(get(store), "child")
            os._exit(1 if its_own is mine else 7)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 7
    with pytest.raises(ConflictError):
        store.claim(before, "parent")
    store.claim(get(store), "parent")


def test_a_busy_writer_keeps_no_reader_waiting(tmp_path: Path) -> None:
    """A store that was open, and one that is opened now, read what was committed last."""
    store = main_store(tmp_path, ManualClock())
    before = put(store, connection())
    with closing(sqlite3.connect(tmp_path / "main.sqlite3", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM connections")
        assert get(store) == before
        assert get(main_store(tmp_path, ManualClock())) == before
        writer.execute("ROLLBACK")


def test_a_writer_waits_for_another(tmp_path: Path) -> None:
    """A short transaction of somebody else is no error."""
    store = main_store(tmp_path, ManualClock())
    before = put(store, connection())
    with (
        closing(sqlite3.connect(tmp_path / "main.sqlite3", isolation_level=None)) as writer,
        ThreadPoolExecutor(1) as pool,
    ):
        writer.execute("BEGIN IMMEDIATE")
        claiming = pool.submit(store.claim, before, "lease")
        assert not claiming.done()
        writer.execute("COMMIT")
        assert claiming.result(60).connection.lease == Lease("lease")


@pytest.mark.parametrize("at_call", [1, 2, 3])
def test_killed_in_the_middle_of_a_transaction_it_wrote_nothing(
    tmp_path: Path, at_call: int
) -> None:
    """Before the first change, between the two, and before the commit: all is as it was."""
    store = main_store(tmp_path, ManualClock())
    first = put(store, connection())
    second = put(store, connection(ConnectionKey("microsoft_teams", "a@example.org")))
    victim = get_context("spawn").Process(target=die_in_a_transaction, args=(tmp_path, at_call))
    victim.start()
    victim.join(60)
    assert victim.exitcode == -signal.SIGKILL
    fresh = main_store(tmp_path, ManualClock())
    assert (get(fresh), get(fresh, second.connection.key)) == (first, second)
    assert len(fresh.audit(KEY)) == 1
    assert fresh.revocation(KEY, first.connection.epoch) is None
    fresh.claim(first, "next")


def test_a_fork_shares_no_connection(tmp_path: Path) -> None:
    """Parent and child each open their own, and see each other's writes."""
    process = get_context("spawn").Process(target=use_after_a_fork, args=(tmp_path,))
    process.start()
    process.join(60)
    assert process.exitcode == 0
    assert get(main_store(tmp_path, ManualClock())).connection.lease == Lease("parent")


def test_a_newer_program_s_fields_survive_every_write(tmp_path: Path) -> None:
    """N98: claim, release and commit write the fields that they know and leave the others."""
    store, path = main_store(tmp_path, ManualClock()), tmp_path / "main.sqlite3"
    before = put(store, connection())
    pending = revocation(before.connection)
    store.commit(Batch(changes=(change(before, refreshed(before)),), opens=pending))
    for table in ("connections", "revocations"):
        ((body,),) = sql(path, f"SELECT body FROM {table}")  # noqa: S608  # reason: our two names
        assert isinstance(body, bytes)
        document = unpacked("x", body) | {"favourites": ["kept"]}
        sql(path, f"UPDATE {table} SET body = ?", packed(document))  # noqa: S608  # reason: the same
    store.release(store.claim(get(store), "lease"), FAILURE)
    store.commit(Batch(changes=(change(get(store), tombstone(get(store))),)))
    found = store.revocation(KEY, pending.epoch)
    assert found is not None
    store.claim_revocation(found, "lease")
    for table in ("connections", "revocations"):
        ((body,),) = sql(path, f"SELECT body FROM {table}")  # noqa: S608  # reason: the same
        assert isinstance(body, bytes)
        assert unpacked("x", body)["favourites"] == ["kept"]


@pytest.mark.parametrize("shards", ["[3]", json.dumps(list(range(SHARDS)))], ids=["one", "all"])
def test_what_is_due_is_read_in_the_order_of_its_index(tmp_path: Path, shards: str) -> None:
    """However many are due: a page is a part of the index, of which nothing is sorted."""
    put(main_store(tmp_path, ManualClock()), connection())
    values = (KEY.connector_type, shards, "2026", "", "", 50)
    plan = sql(tmp_path / "main.sqlite3", f"EXPLAIN QUERY PLAN {DUE}", *values)
    search = "SEARCH connections USING INDEX connections_due (connector_type=? AND (refresh_due_at"
    assert str(plan[0][-1]).startswith(search)
    assert not [line for *_, line in plan if "B-TREE" in str(line)]


@pytest.mark.parametrize("of_a_type", [False, True])
def test_what_ends_is_read_in_the_order_of_its_index(tmp_path: Path, of_a_type: bool) -> None:
    """And found in it: nobody whose grant has no end is passed by, and nothing is sorted."""
    put(main_store(tmp_path, ManualClock()), connection())
    query, path = ENDING[of_a_type], tmp_path / "main.sqlite3"
    wanted = {"status": "active", "by": "2026", "at": "", "after": "", "limit": 50}
    with closing(sqlite3.connect(path)) as database:
        plan = database.execute(
            f"EXPLAIN QUERY PLAN {query}", wanted | {"connector_type": KEY.connector_type}
        ).fetchall()
    index = "connections_type_ending" if of_a_type else "connections_ending"
    assert index in str(plan[0][-1])
    assert "grant_ends_at" in str(plan[0][-1])
    assert not [line for *_, line in plan if "B-TREE" in str(line)]


@pytest.mark.parametrize("by_status", [False, True])
def test_a_beginning_is_found_in_an_index(tmp_path: Path, by_status: bool) -> None:
    """It is a range of ids: neither all are read nor all of a status."""
    put(main_store(tmp_path, ManualClock()), connection())
    wanted = {"begins": "a", "ends": "b", "after": "", "limit": 5, "status": "active"}
    with closing(sqlite3.connect(tmp_path / "main.sqlite3")) as database:
        plan = database.execute(f"EXPLAIN QUERY PLAN {BEGINNING[by_status]}", wanted).fetchall()
    assert re.search(r"SEARCH connections USING .*\((status=\? AND )?id>\? AND id<\?\)", str(plan))
    assert not [line for *_, line in plan if "B-TREE" in str(line)]


def test_old_marks_and_sign_outs_are_cleaned_a_few_at_a_time(tmp_path: Path) -> None:
    """A day after their end, with each state spent at most ten of each kind."""
    clock = ManualClock()
    activity = activity_store(tmp_path, clock)
    for number in range(FORGOTTEN_AT_ONCE + 5):
        activity.spend(mark(f"old-{number}"))
        activity.sign_out(ANNA, f"s-{number}", AT)
    activity.spend(replace(mark("late"), expires_at=AT.replace(day=8)))
    clock.advance(2 * 24 * 3600)
    activity.spend(mark("new-1", handle="new"))
    assert len(activity.by_handle("handle")) == 5 + 1
    assert len(activity.sign_outs(ANNA).sessions) == 5
    activity.spend(mark("new-2", handle="new"))
    assert [each.state_hash for each in activity.by_handle("handle")] == ["late"]
    assert activity.sign_outs(ANNA).sessions == frozenset()


def test_old_attempts_are_cleaned_a_few_at_a_time(tmp_path: Path) -> None:
    """A day after their end, with each write at most ten, the oldest first."""
    clock = ManualClock()
    activity = activity_store(tmp_path, clock)
    ends = [AT + timedelta(seconds=number) for number in range(AT_ONCE + 5)]
    for number, until in enumerate(ends):
        activity.keep_attempt(None, replace(attempt(f"old-{number}"), until=until))
    late = activity.keep_attempt(None, replace(attempt("late"), until=AT.replace(day=9)))

    def left() -> list[str]:
        names = [f"old-{number}" for number in range(len(ends))]
        return [name for name in names if activity.attempt(name)]

    clock.advance((ends[-1] - clock()).total_seconds())
    late = activity.keep_attempt(late, late.attempt)
    assert len(left()) == len(ends)
    clock.advance(timedelta(days=1, microseconds=1).total_seconds())
    late = activity.keep_attempt(late, late.attempt)
    assert left() == [f"old-{number}" for number in range(AT_ONCE, len(ends))]
    activity.keep_attempt(late, late.attempt)
    assert left() == []
    assert activity.attempt("late") is not None
