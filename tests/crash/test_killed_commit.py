"""A process that dies while its commit is on the way: all of it is stored, or nothing."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from signal import SIGCONT, SIGKILL, SIGSTOP
from typing import Any

import pytest

from multi_user_oauth.model import ConnectionKey, ConnectionStatus
from multi_user_oauth.sandbox.cloud import Fault
from multi_user_oauth.sandbox.company import Account
from tests.crash.checker import check, record, works
from tests.crash.deployment import MICROSOFT, Deployment, key_of, people
from tests.crash.google_cloud import RELAYED, InGoogleCloud
from tests.crash.killing import Deploy, ask
from tests.support.processes import until


def stored_at_once(deployment: Deployment, key: ConnectionKey, account: Account) -> list[str]:
    """Check that what stands is whole, and that all goes on; return what happened."""
    check(deployment, key)
    deployment.end_leases()
    works(deployment, key)
    assert record(deployment, key).status is ConnectionStatus.ACTIVE
    check(deployment, key)
    actions = [each.action for each in deployment.parts.main.audit(key)]
    assert len(actions) == record(deployment, key).generation
    assert deployment.asked(account.email) in {1, 2}
    return actions


@pytest.mark.parametrize("lands", [True, False])
def test_a_commit_that_firestore_has_counts_wholly_or_not_at_all(
    deploy_in_cloud: Callable[..., InGoogleCloud], lands: bool
) -> None:
    """F04: SIGKILL when the commit has left and no answer came: it lands after all, or it does not."""
    name = f"commit-{lands}".lower()
    ida = people(name)[name]
    deployment, key = deploy_in_cloud(ida), key_of(ida, MICROSOFT)
    deployment.sign_in_long_ago((ida, MICROSOFT))
    deployment.set_mode(**{MICROSOFT: "lax"})
    here: dict[str, Any] = {"method": "Commit", "caller": RELAYED, "resource": "/main"}
    deployment.relay.faults.add(Fault(**here))  # the claim
    deployment.relay.faults.add(Fault(**here, status=None if lands else "UNAVAILABLE", delay=1.0))
    process = ask(deployment, ida, MICROSOFT, changes=deployment.relayed)
    deployment.held_commits.wait()

    process.send(SIGKILL)
    assert process.ended() == -SIGKILL
    process.stop()
    deployment.held_commits.let_go()

    if lands:
        until(lambda: record(deployment, key).generation == 2, "it lands")
    actions = stored_at_once(deployment, key, ida)
    assert actions == ["connected", "refreshed"]
    assert deployment.asked(ida.email) == (1 if lands else 2)


def test_a_commit_that_waits_for_sqlite_does_not_count(deploy_here: Deploy) -> None:
    """F04: SIGKILL while another process writes: nothing of it is there, and nobody is in the way."""
    ida = people("commit-waits")["commit-waits"]
    deployment, key = deploy_here(ida), key_of(ida, MICROSOFT)
    deployment.sign_in_long_ago((ida, MICROSOFT))
    deployment.set_mode(**{MICROSOFT: "lax"})
    process = ask(deployment, ida, MICROSOFT, place="answered", signal=SIGSTOP)
    process.frozen()
    with closing(sqlite3.connect(deployment.data / "main.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        process.send(SIGCONT)
        process.send(SIGKILL)
        assert process.ended() == -SIGKILL
        other.execute("ROLLBACK")
    process.stop()

    assert record(deployment, key).generation == 1
    assert stored_at_once(deployment, key, ida) == ["connected", "refreshed"]
    assert deployment.asked(ida.email) == 2
