"""A process that locks a record and dies: what was got is put aside, and nobody asks for it again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from signal import SIGCONT, SIGKILL, SIGSTOP
from typing import Any

from multi_user_oauth.model import ConnectionKey, ConnectionStatus
from multi_user_oauth.sandbox.company import Account
from tests.crash.checker import check, record, works
from tests.crash.deployment import API, GOOGLE, MICROSOFT, ORIGIN, Deployment, key_of, people
from tests.crash.google_cloud import InGoogleCloud
from tests.crash.killing import Deploy, ask, start


@contextmanager
def locked(deployment: InGoogleCloud, key: ConnectionKey) -> Iterator[None]:
    """
    Let another process read the record in a transaction, and kill it.

    Firestore holds the lock for a minute, or until the transaction is rolled back.
    """
    dying = start(deployment, do="lock", document=f"connections/{key.document_id}")
    transaction = bytes.fromhex(dying.hear())
    dying.send(SIGKILL)
    assert dying.ended() == -SIGKILL
    dying.stop()
    yield
    client = deployment.firestore()
    api: Any = client._firestore_api  # noqa: SLF001  # reason: a transaction of another process
    api.rollback(
        request={"database": client._database_string, "transaction": transaction},  # noqa: SLF001  # reason: as above
        metadata=client._rpc_metadata,  # noqa: SLF001  # reason: as above
    )


def frozen_with_an_answer(deployment: Deployment, account: Account) -> Any:  # noqa: ANN401  # reason: a process
    """Return a process that stands before its commit."""
    process = ask(deployment, account, GOOGLE, place="answered", signal=SIGSTOP)
    process.frozen()
    return process


def test_a_dead_transaction_costs_no_answer(
    deploy_in_cloud: Callable[..., InGoogleCloud],
) -> None:
    """
    F07: a transaction's process was killed, and its lock lives on: every commit is aborted.

    The provider ends a token that is used, so that the answer is all there is. It is kept aside; the
    next worker adopts it and does not ask the provider.
    """
    karl = people("locked")["locked"]
    deployment, key = deploy_in_cloud(karl), key_of(karl, GOOGLE)
    deployment.sign_in_long_ago((karl, GOOGLE))
    deployment.set_mode(**{GOOGLE: "single"})
    process = frozen_with_an_answer(deployment, karl)
    with locked(deployment, key):
        process.send(SIGCONT)
        assert process.hear() in (["refresh_in_progress"], ["store_unavailable"], ["conflict"])
        assert process.ended() == 0
        process.stop()
        (kept,) = deployment.parts.main.rescues(after=None, limit=2)
        assert kept.connection.key == key
        assert record(deployment, key).generation == 1
    deployment.end_leases()

    works(deployment, key)

    assert deployment.asked(karl.email) == 1
    assert not deployment.parts.main.rescues(after=None, limit=1)
    actions = [each.action for each in deployment.parts.main.audit(key)]
    assert actions == ["connected", "rescued"]
    check(deployment, key)


def test_a_disconnect_of_a_locked_record_is_pending(
    deploy_in_cloud: Callable[..., InGoogleCloud],
) -> None:
    """F07: 503 and entered in the ledger; when the lock is gone it ends, and the provider is told."""
    karl = people("locked-end")["locked-end"]
    deployment, key = deploy_in_cloud(karl), key_of(karl, GOOGLE)
    client = deployment.sign_in(karl, GOOGLE)
    path = f"{API}/user/{GOOGLE}/{karl.email}"
    with locked(deployment, key):
        answer = client.delete(path, headers={"Origin": ORIGIN})
        assert (answer.status_code, (answer.json or {})["code"]) == (503, "revocation_pending")
        works(deployment, key)
        entered = [entry.key for entry in deployment.parts.activity.entries()]
        assert entered.count(key) == 1

    assert client.delete(path, headers={"Origin": ORIGIN}).status_code == 200

    assert record(deployment, key).status is ConnectionStatus.REVOKED
    check(deployment, key)


def test_a_killed_writer_leaves_no_lock_on_sqlite(deploy_here: Deploy) -> None:
    """F07: its lock ends with the process, and whoever waits for it goes on at once."""
    karl = people("locked-here")["locked-here"]
    deployment, key = deploy_here(karl), key_of(karl, MICROSOFT)
    deployment.sign_in_long_ago((karl, MICROSOFT))
    deployment.set_mode(**{MICROSOFT: "strict"})
    process = ask(deployment, karl, MICROSOFT, place="answered", signal=SIGSTOP)
    process.frozen()
    dying = start(deployment, do="lock", document=str(deployment.data / "main.db"))
    assert dying.hear() == ""
    process.send(SIGCONT)
    dying.send(SIGKILL)
    assert dying.ended() == -SIGKILL
    dying.stop()

    assert process.hear() == [works(deployment, key).digest]

    assert process.ended() == 0
    process.stop()
    assert deployment.asked(karl.email) == 1
    check(deployment, key)
