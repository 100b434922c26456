"""Firestore goes away in the middle of a request: what was begun is done once, put aside, or not done."""

from collections.abc import Iterator
from typing import Any, Final

import pytest
from werkzeug.test import TestResponse

from multi_user_oauth.audit import broken_at
from multi_user_oauth.model import Connection, ConnectionKey, ConnectionStatus
from multi_user_oauth.sandbox.cloud import FOR_EVER, Fault
from multi_user_oauth.sandbox.company import SARAH
from tests.support.functions import CALLBACKS, GOOGLE, MICROSOFT, Visitor, code
from tests.support.google_cloud import CloudInstallation, changed

LONGEST: Final = 15.0
"""Seconds by the functions' clock, on which a call that hangs takes until its deadline."""
KEY: Final = ConnectionKey(MICROSOFT, SARAH.email)
RECORD: Final = f"main/connections/{KEY.document_id}"
LEASED: Final = {RECORD: {"lease", "lease_at"}}
ALL_TRIES: Final = 8
"""Of a commit, before it is put aside."""
READS: Final = ("BatchGetDocuments", "RunQuery")
HANGING: Final[dict[str, Any]] = {"status": "DEADLINE_EXCEEDED", "times": FOR_EVER}


@pytest.fixture
def cloud(installed: CloudInstallation) -> Iterator[CloudInstallation]:
    """All functions, with nobody connected; afterwards nothing fails any more."""
    yield installed
    installed.relay.faults.clear()
    installed.forget()


@pytest.fixture
def sarah(cloud: CloudInstallation) -> Visitor:
    """Sarah's browser; her connection needs a refresh."""
    visitor = cloud.connect(MICROSOFT, SARAH)
    cloud.clock.advance(120)
    return visitor


def fault(cloud: CloudInstallation, caller: str, *, after: int = 0, **fields: Any) -> None:  # noqa: ANN401  # reason: of a Fault
    """Let a function's commits fail, but for so many at first."""
    fields = {"method": "Commit", "caller": caller, **fields}
    place = {name: fields[name] for name in ("method", "caller", "resource") if name in fields}
    if after:
        cloud.relay.faults.add(Fault(**place, times=after))
    cloud.relay.faults.add(Fault(**fields))


def gone(cloud: CloudInstallation, caller: str, *, reads: int, commits: int) -> None:
    """Let Firestore hang for a function, after so many reads and commits."""
    fault(cloud, caller, after=commits, delay=5.0, **HANGING)
    for method in READS:
        fault(cloud, caller, after=reads, method=method, delay=2.5, **HANGING)


def back(cloud: CloudInstallation) -> None:
    """Let it be well again, and the lease of whoever was interrupted run out."""
    cloud.relay.faults.clear()
    cloud.end_leases()
    cloud.clock.advance(41)


def refresh(cloud: CloudInstallation) -> TestResponse:
    """Ask `refresh` for a token that lives an hour."""
    body = {"connector_type": MICROSOFT, "user_email": SARAH.email, "min_ttl": 3600}
    return cloud.agent().call("refresh", "POST", "/refresh/one", json=body)


def record(cloud: CloudInstallation) -> Connection:
    """Return Sarah's connection, whose audit is whole."""
    found = cloud.store.read(KEY)
    assert found is not None
    audit = cloud.store.audit(KEY)
    assert broken_at(audit) is None
    assert audit[-1].sequence == found.connection.audit.sequence
    return found.connection


def asked(cloud: CloudInstallation) -> int:
    """Return how often the provider was asked for a refresh."""
    return sum(each["grant_type"] == "refresh_token" for each in cloud.sandbox.requests())


def assert_refused(answer: TestResponse, problem: str = "store_unavailable") -> None:
    """It may be asked again, and says when."""
    assert (answer.status_code, code(answer)) == (503, problem)
    assert int(answer.headers["Retry-After"]) >= 1


@pytest.mark.usefixtures("sarah")
@pytest.mark.parametrize("status", ["UNAVAILABLE", "DEADLINE_EXCEEDED", "ABORTED", "UNKNOWN"])
def test_a_refresh_whose_commit_fails_tries_again(cloud: CloudInstallation, status: str) -> None:
    """F06: with the answer that it has: the provider is asked once."""
    fault(cloud, "refresh", after=1, status=status, times=3)
    assert refresh(cloud).status_code == 200
    assert (record(cloud).generation, asked(cloud)) == (2, 1)


@pytest.mark.usefixtures("sarah")
@pytest.mark.parametrize("step", ["claim", "commit"])
def test_a_refresh_whose_commit_has_no_answer_happened_once(
    cloud: CloudInstallation, step: str
) -> None:
    """F05: it is read back."""
    fault(cloud, "refresh", after=int(step == "commit"), status="UNAVAILABLE", lost=True)
    assert refresh(cloud).status_code == 200
    assert (record(cloud).generation, record(cloud).audit.sequence, asked(cloud)) == (2, 2, 1)


@pytest.mark.usefixtures("sarah")
def test_a_refresh_that_can_not_be_committed_is_put_aside(cloud: CloudInstallation) -> None:
    """F08: whoever is next commits it, and does not ask the provider again."""
    before = cloud.documents()
    fault(cloud, "refresh", after=1, status="UNAVAILABLE", times=ALL_TRIES)
    assert_refused(refresh(cloud))
    (aside,) = changed(before, cloud.documents()).keys() - LEASED.keys()
    assert aside.startswith("main/rescue/")
    back(cloud)
    assert refresh(cloud).status_code == 200
    assert (record(cloud).generation, asked(cloud)) == (2, 1)
    assert aside not in cloud.documents()
    token = cloud.agent().token(MICROSOFT, SARAH.email).json or {}
    assert token["access_token"] in [each["value"] for each in cloud.sandbox.secrets()]


@pytest.mark.usefixtures("sarah")
def test_a_refresh_with_nowhere_to_put_its_answer_ends_in_time(cloud: CloudInstallation) -> None:
    """
    The old refresh token, which no provider of ours ends when it is used, is still there: the next one
    uses it again.
    """
    before, begun = cloud.documents(), cloud.clock()
    gone(cloud, "refresh", reads=1, commits=1)
    assert_refused(refresh(cloud))
    assert (cloud.clock() - begun).total_seconds() <= LONGEST
    assert changed(before, cloud.documents()) == LEASED
    back(cloud)
    assert refresh(cloud).status_code == 200
    assert (record(cloud).generation, asked(cloud)) == (2, 2)


def arrive(visitor: Visitor) -> str:
    """Let somebody go to the provider; return the address that leads back."""
    away = visitor.leave(MICROSOFT, SARAH.email)
    return visitor.at_provider(away.location or "", SARAH)


def take(visitor: Visitor, address: str) -> TestResponse:
    """Come back."""
    return visitor.call(CALLBACKS[MICROSOFT], "GET", address)


@pytest.mark.parametrize("lost", [False, True])
def test_a_sign_in_whose_state_can_not_be_spent(cloud: CloudInstallation, lost: bool) -> None:
    """Loading the page again is enough; unless nobody knows whether it was spent: then begin anew."""
    visitor = Visitor(cloud)
    address = arrive(visitor)
    fault(cloud, "callback_microsoft", status="UNAVAILABLE", lost=lost)
    answer = take(visitor, address)
    assert (answer.status_code, answer.mimetype) == (503, "text/html")
    assert int(answer.headers["Retry-After"]) >= 1
    assert take(visitor, address).status_code == (409 if lost else 303)
    assert (cloud.status(*key()) is None) == lost
    if lost:
        assert visitor.sign_in(MICROSOFT, SARAH).status_code == 303


def key() -> tuple[str, str]:
    """Return whose connection it is."""
    return KEY.connector_type, KEY.user_email


def test_a_sign_in_that_can_not_be_stored_ends_in_time(cloud: CloudInstallation) -> None:
    """The code is spent: nothing is stored, and the person signs in anew."""
    visitor, begun = Visitor(cloud), cloud.clock()
    address = arrive(visitor)
    gone(cloud, "callback_microsoft", reads=1, commits=1)
    answer = take(visitor, address)
    assert (answer.status_code, answer.mimetype) == (503, "text/html")
    assert int(answer.headers["Retry-After"]) >= 1
    assert (cloud.clock() - begun).total_seconds() <= LONGEST
    assert not [path for path in cloud.documents() if path.startswith("main/")]
    cloud.relay.faults.clear()
    assert visitor.sign_in(MICROSOFT, SARAH).status_code == 303
    assert record(cloud).generation == 1


@pytest.mark.parametrize("commit", [1, 2], ids=["the connection", "how it ended"])
def test_a_sign_in_whose_commit_has_no_answer_happened_once(
    cloud: CloudInstallation, commit: int
) -> None:
    """The connection is read back; how it ended is a hint, and nobody waits for it."""
    fault(cloud, "callback_microsoft", after=commit, status="DEADLINE_EXCEEDED", lost=True)
    assert Visitor(cloud).sign_in(MICROSOFT, SARAH).status_code == 303
    assert (record(cloud).generation, record(cloud).audit.sequence) == (1, 1)


def test_a_disconnect_that_can_not_be_entered_did_not_happen(
    cloud: CloudInstallation, sarah: Visitor
) -> None:
    """The ledger comes first: without it nothing is changed."""
    before = cloud.documents()
    fault(cloud, "revoke", resource="/activity", status="UNAVAILABLE")
    assert_refused(sarah.revoke(*key()))
    assert changed(before, cloud.documents()) == {}
    assert sarah.revoke(*key()).status_code == 200


def test_a_disconnect_that_can_not_be_written_ends_in_time(
    cloud: CloudInstallation, sarah: Visitor
) -> None:
    """It stands in the ledger, the answer says that it is pending; asked again, it is done."""
    before, begun = cloud.documents(), cloud.clock()
    fault(cloud, "revoke", resource="/main", delay=5.0, **HANGING)
    assert_refused(sarah.revoke(*key()), "revocation_pending")
    assert (cloud.clock() - begun).total_seconds() <= LONGEST
    (entered,) = changed(before, cloud.documents())
    assert entered.startswith("activity/ledger/")
    cloud.relay.faults.clear()
    assert sarah.revoke(*key()).status_code == 200
    assert cloud.status(*key()) is ConnectionStatus.REVOKED


def test_a_disconnect_whose_commit_has_no_answer_happened_once(
    cloud: CloudInstallation, sarah: Visitor
) -> None:
    """It is read back."""
    fault(cloud, "revoke", resource="/main", status="UNKNOWN", lost=True)
    assert sarah.revoke(*key()).status_code == 200
    assert (record(cloud).status, record(cloud).audit.sequence) == (ConnectionStatus.REVOKED, 2)


def test_a_disconnect_while_nobody_can_finish_it_is_pending(cloud: CloudInstallation) -> None:
    """The connection is dead at once; Google is told when Firestore serves `refresh` again."""
    visitor = cloud.connect(GOOGLE, SARAH)
    epoch = cloud.store.read(ConnectionKey(GOOGLE, SARAH.email))
    assert epoch is not None
    gone(cloud, "refresh", reads=0, commits=0)
    answer = visitor.revoke(GOOGLE, SARAH.email)
    assert (answer.status_code, (answer.json or {})["provider"]) == (200, "pending")
    assert cloud.agent().token(GOOGLE, SARAH.email).status_code == 404
    cloud.relay.faults.clear()
    body = {
        "connector_type": GOOGLE,
        "user_email": SARAH.email,
        "epoch": epoch.connection.epoch,
    }
    done = cloud.agent().call("refresh", "POST", "/refresh/finish", json=body)
    assert (done.json or {})["finished"][0]["provider"] == "revoked"


@pytest.mark.usefixtures("sarah")
def test_a_token_is_served_though_nobody_can_note_who_used_it(cloud: CloudInstallation) -> None:
    """When it was used last is for whoever plans ahead; the use itself is in the log."""
    fault(cloud, "access_token", status="UNAVAILABLE", times=FOR_EVER)
    assert cloud.agent().token(*key()).status_code == 200


def test_what_is_slow_is_served(cloud: CloudInstallation, sarah: Visitor) -> None:
    """Each call takes two seconds: that is under every deadline."""
    begun = cloud.clock()
    for method in (*READS, "Commit"):
        cloud.relay.faults.add(Fault(method=method, delay=2.0, times=FOR_EVER))
    assert refresh(cloud).status_code == 200
    assert cloud.agent().token(*key()).status_code == 200
    assert sarah.users().status_code == 200
    assert (cloud.clock() - begun).total_seconds() >= 2 * 5
