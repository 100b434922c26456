"""Everything that kills or freezes a process, again and again: a race shows up once in many."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from multi_user_oauth.wiring.provision import provision
from tests.crash import test_clock_jumps as jumps
from tests.crash import test_frozen_refresh as frozen
from tests.crash import test_given_up as given_up
from tests.crash import test_killed_callback as callbacks
from tests.crash import test_killed_commit as commits
from tests.crash import test_killed_import as imports
from tests.crash import test_killed_restore as restores
from tests.crash import test_killed_revoke as disconnects
from tests.crash import test_killed_send as sends
from tests.crash import test_killed_sweep as sweeps
from tests.crash import test_locked_record as locks
from tests.crash import test_one_refresh as callers
from tests.crash.child import EVERYWHERE
from tests.crash.deployment import GOOGLE, HOUR, MICROSOFT, Deployment, people
from tests.crash.google_cloud import InGoogleCloud, deployments, deployments_in_cloud
from tests.crash.killing import kill_refreshes
from tests.crash.sweeping import PLACES, due, kill_and_take_over
from tests.crash.test_killed_rewrap import kill_and_finish

REPETITIONS = 20
Deploy = Callable[..., Deployment]


@pytest.fixture(params=range(REPETITIONS), autouse=True)
def repetition(request: pytest.FixtureRequest) -> int:
    """Have each test so many times."""
    number: int = request.param
    return number


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make all key files once."""
    folder = tmp_path_factory.mktemp("keys") / "made"
    provision(folder)
    return folder


@pytest.fixture
def deploy_here(tmp_path_factory: pytest.TempPathFactory, keys: Path) -> Iterator[Deploy]:
    """Give a function that makes deployments over SQLite, which stop with the test."""
    with deployments(tmp_path_factory.mktemp, keys) as make:
        yield make


@pytest.fixture
def deploy_in_cloud(
    tmp_path_factory: pytest.TempPathFactory, keys: Path, firestore_emulator: str
) -> Iterator[Callable[..., InGoogleCloud]]:
    """Give one that makes them over the Firestore emulator."""
    with deployments_in_cloud(tmp_path_factory.mktemp, keys, firestore_emulator) as make:
        yield make


@pytest.fixture(params=["sqlite", "firestore"])
def deploy(request: pytest.FixtureRequest) -> Deploy:
    """Give either."""
    places = {"sqlite": "deploy_here", "firestore": "deploy_in_cloud"}
    made: Deploy = request.getfixturevalue(places[request.param])
    return made


def test_a_killed_refresh_loses_nothing_that_the_provider_would_keep(deploy: Deploy) -> None:
    """F01, F02, F03, F04: each place, each kind of provider."""
    for killed in kill_refreshes(deploy).values():
        killed.verify()


@pytest.mark.parametrize("lands", [True, False])
def test_a_commit_under_way_is_whole_or_not_there(
    deploy_in_cloud: Callable[..., InGoogleCloud], lands: bool
) -> None:
    """F04: in Firestore."""
    commits.test_a_commit_that_firestore_has_counts_wholly_or_not_at_all(deploy_in_cloud, lands)


def test_a_commit_that_waits_does_not_count(deploy_here: Deploy) -> None:
    """F04, F07: in SQLite."""
    commits.test_a_commit_that_waits_for_sqlite_does_not_count(deploy_here)
    locks.test_a_killed_writer_leaves_no_lock_on_sqlite(deploy_here)


def test_a_locked_record_costs_no_answer(deploy_in_cloud: Callable[..., InGoogleCloud]) -> None:
    """F07: a dead process's transaction."""
    locks.test_a_dead_transaction_costs_no_answer(deploy_in_cloud)
    locks.test_a_disconnect_of_a_locked_record_is_pending(deploy_in_cloud)


def test_a_frozen_refresh_does_no_harm(deploy: Deploy) -> None:
    """F11, F12, N80, N82: whoever wakes up late."""
    frozen.test_who_wakes_up_before_the_question_does_not_ask_and_writes_nothing(deploy)
    frozen.test_a_late_success_heals(deploy)
    frozen.test_a_holder_slower_than_its_lease_loses_nothing(deploy)
    frozen.test_the_strictest_provider_ends_it_once(deploy)


@pytest.mark.parametrize("place", ["claimed", "prepared", "answered"])
def test_what_a_person_ends_stays_ended(deploy: Deploy, place: str) -> None:
    """F15, F16: also where they connect again."""
    for again in (False, True):
        name = f"ended-{place}-{again}".lower()
        nora = people(name)[name]
        frozen.end_meanwhile(deploy(nora), nora, place, again=again)


def test_what_nobody_waits_for_is_finished(deploy: Deploy) -> None:
    """F13, F14: a caller that has gone, and a process that is told to go."""
    given_up.test_what_nobody_waits_for_any_more_is_stored(deploy)
    given_up.test_who_is_told_to_go_finishes_its_call(deploy)


def test_a_killed_disconnect_ends_all_the_same(deploy: Deploy) -> None:
    """F17: each place."""
    killed = disconnects.kill_disconnects(deploy)
    disconnects.test_killed_before_the_commit_nothing_has_happened(killed)
    for place in disconnects.PLACES[1:]:
        disconnects.test_killed_after_the_commit_the_token_is_gone_and_the_provider_is_told_later(
            killed, place
        )


def test_a_killed_callback_can_be_begun_again(deploy: Deploy) -> None:
    """F18, F19: each place, each provider."""
    killed = callbacks.kill_callbacks(deploy)
    for case in callbacks.CASES:
        callbacks.test_a_killed_callback_is_over_and_the_person_can_start_again(killed, case)


def test_a_mail_is_sent_once_whoever_dies(deploy: Deploy) -> None:
    """N67: each place, each provider."""
    after = sends.kill_sends(deploy)
    for case in sends.CASES:
        sends.test_a_mail_is_sent_once_whoever_dies(after, case)


def test_a_killed_import_is_finished_by_the_next(deploy: Deploy) -> None:
    """Each person is whole or absent."""
    with imports.apart() as folder:
        killed = imports.kill_imports(deploy, Path(folder))
    for place in imports.PLACES:
        imports.test_killed_anywhere_each_is_whole_or_absent_and_the_next_run_finishes(
            killed, place
        )


def test_a_killed_restore_brings_back_everybody_but_who_left(
    deploy: Deploy, tmp_path: Path
) -> None:
    """N66: in other databases."""
    restores.test_killed_and_run_again_everybody_is_there_but_who_left(deploy, tmp_path)


def test_a_rewrap_that_is_killed_anywhere_loses_nothing(deploy: Deploy, repetition: int) -> None:
    """F20: in each of its first twenty places."""
    assert kill_and_finish(deploy, place=EVERYWHERE, nth=repetition + 1) in {0, 1, 2}


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["ahead", "back"])
def test_a_clock_that_jumps_loses_nothing(deploy: Deploy, jump: timedelta, before: bool) -> None:
    """F24: in either direction."""
    jumps.test_a_clock_that_jumps_loses_nothing(deploy, jump, before)


def test_many_callers_cause_one_refresh(deploy_here: Deploy) -> None:
    """N79: of both providers."""
    for connector_type in (MICROSOFT, GOOGLE):
        callers.test_32_threads_in_4_processes_cause_one_refresh(deploy_here, connector_type)


@pytest.mark.parametrize("place", PLACES)
def test_another_sweeper_takes_over(deploy: Deploy, place: str) -> None:
    """Killed in the middle of a page, and between two."""
    kill_and_take_over(due(deploy, "swept"), place)


def test_two_sweepers_at_once(deploy: Deploy) -> None:
    """Each connection is refreshed once."""
    sweeps.test_two_sweepers_at_once_refresh_each_connection_once(deploy)
