"""What each journey is billed, counted by Firestore's relay and Cloud KMS: never above its budget."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Final

import pytest
from werkzeug.test import TestResponse

from multi_user_oauth.model import ConnectionKey
from multi_user_oauth.sandbox.company import ADMIN, JOHN, MARIA, PAT, SARAH, Account
from tests.support.billing import AT_MOST, Bill, Billed, billed
from tests.support.functions import AUTHORIZE, CALLBACKS, GOOGLE, MICROSOFT, Visitor, identity
from tests.support.google_cloud import LONG_AGO, CloudInstallation

A_WHILE: Final = 120.0
"""Seconds after which a token is renewed for a caller who wants more, and data keys are still open."""
COLD: Final = 301.0
"""Seconds after which no data key is open any more."""
LATER: Final = 3601.0
NOTHING: Final = Billed()

Count = Callable[[], AbstractContextManager[Bill]]


@pytest.fixture
def cloud(installed: CloudInstallation) -> Iterator[CloudInstallation]:
    """All functions, with nobody connected, no data key open, and nobody's use noted of late."""
    installed.clock.advance(LATER)
    yield installed
    installed.forget()


@pytest.fixture
def count(cloud: CloudInstallation) -> Count:
    """What counts a block."""
    return lambda: billed(cloud.relay.calls, cloud.cloud.calls)


def refresh(cloud: CloudInstallation, connector_type: str, account: Account) -> TestResponse:
    """Ask `refresh` itself for a token that lives an hour."""
    body = {"connector_type": connector_type, "user_email": account.email, "min_ttl": 3600}
    response = cloud.agent().call("refresh", "POST", "/refresh/one", json=body)
    assert response.status_code == 200, response.text
    return response


def ok(response: TestResponse) -> TestResponse:
    """Return an answer that is a success."""
    assert response.status_code in {200, 303}, response.text
    return response


def test_asking_to_sign_in_is_free(cloud: CloudInstallation, count: Count) -> None:
    """The link, the page behind it and the button: nothing is looked up, nothing written."""
    with count() as bill:
        body = {"user_email": SARAH.email, "connector_type": MICROSOFT}
        link = ok(Visitor(cloud).call("authorize", "POST", AUTHORIZE, json=body))
        ok(Visitor(cloud).call("authorize", "GET", (link.json or {})["authorization_url"]))
        ok(Visitor(cloud).leave(MICROSOFT, SARAH.email))
    assert bill.total == AT_MOST["authorize"] == NOTHING
    assert bill.calls == ()


@pytest.mark.parametrize("connector_type", [MICROSOFT, GOOGLE])
def test_a_sign_in(cloud: CloudInstallation, count: Count, connector_type: str) -> None:
    """The first one, and once more in the same browser."""
    visitor = Visitor(cloud)
    for connected_before in (False, True):
        cloud.clock.advance(1)
        cloud.sandbox.revoke_grant("google", SARAH.id)  # else it asks for consent once more
        with count() as bill:
            ok(visitor.sign_in(connector_type, SARAH))
        assert bill.total <= AT_MOST["sign-in"]
        # The session that it replaces is looked at, and ended.
        assert bill.total == Billed(reads=2 + connected_before, writes=4 + connected_before, kms=2)
        assert {call.caller for call in bill.calls} == {CALLBACKS[connector_type]}


def test_a_sign_in_that_google_asks_for_consent_once_more(
    cloud: CloudInstallation, count: Count
) -> None:
    """Two trips, and two callbacks: neither is dearer than a sign-in, and they share reads and writes."""
    cloud.connect(GOOGLE, SARAH)
    cloud.clock.advance(1)
    visitor = Visitor(cloud)
    with count() as first:
        again = ok(visitor.sign_in(GOOGLE, SARAH))
    with count() as second:
        back = visitor.at_provider(again.location or "", SARAH)
        ok(visitor.call(CALLBACKS[GOOGLE], "GET", back))
    assert first.total == Billed(reads=1, writes=1, kms=2)
    assert second.total <= AT_MOST["sign-in"]
    assert first.total + second.total <= AT_MOST["sign-in"] + Billed(kms=2)


@pytest.mark.parametrize("connector_type", [MICROSOFT, GOOGLE])
def test_an_identity_only_sign_in(
    cloud: CloudInstallation, count: Count, connector_type: str
) -> None:
    """The state is spent and how it ended noted; no connection is looked at, no key used."""
    with count() as bill:
        ok(Visitor(cloud).sign_in(connector_type, SARAH, fields={"intent": "sign_in"}))
    assert bill.total <= AT_MOST["identity-only sign-in"]
    assert bill.total == Billed(writes=2)


def test_a_sign_in_that_supersedes(cloud: CloudInstallation, count: Count) -> None:
    """The same account under another e-mail: the older connection ends in the same commit."""
    ok(Visitor(cloud).sign_in(MICROSOFT, PAT))
    cloud.clock.advance(1)
    with count() as bill:
        ok(Visitor(cloud).sign_in(MICROSOFT, PAT, user_email=PAT.upn))
    assert bill.total <= AT_MOST["sign-in that supersedes a connection"]
    assert bill.total == Billed(reads=2, writes=6, kms=2)
    assert cloud.status(MICROSOFT, PAT.email) == "revoked"


def test_a_sign_in_that_cancels_a_revocation(cloud: CloudInstallation, count: Count) -> None:
    """The provider was not told yet, and never will be."""
    visitor = cloud.connect(GOOGLE, SARAH)
    cloud.sandbox.add_fault(provider="google", endpoint="revoke", kind="status", status=503)
    assert (ok(visitor.revoke(GOOGLE, SARAH.email)).json or {})["provider"] == "pending"
    cloud.clock.advance(1)
    cloud.end_leases()
    cloud.sandbox.revoke_grant("google", SARAH.id)  # else it asks for consent once more
    with count() as bill:
        ok(Visitor(cloud).sign_in(GOOGLE, SARAH))
    assert bill.total <= AT_MOST["sign-in that cancels a revocation"]
    assert bill.total == Billed(reads=3, writes=5, kms=2)
    assert not [path for path in cloud.documents() if "/revocations/" in path]


@pytest.mark.parametrize("connector_type", [MICROSOFT, GOOGLE])
def test_a_token_read(cloud: CloudInstallation, count: Count, connector_type: str) -> None:
    """
    One document, whoever asks and however often. The data key is opened once in five minutes, who used
    it last written down once an hour.
    """
    cloud.connect(connector_type, SARAH)
    agent = cloud.agent()
    for journey in ("token read, cold, first in the hour", "token read, warm"):
        with count() as bill:
            ok(agent.token(connector_type, SARAH.email))
        assert bill.total == AT_MOST[journey]
    cloud.clock.advance(COLD)
    with count() as bill:
        ok(agent.token(connector_type, SARAH.email))
    assert bill.total == AT_MOST["token read, cold"]


@pytest.mark.parametrize("connector_type", [MICROSOFT, GOOGLE])
def test_a_refresh(cloud: CloudInstallation, count: Count, connector_type: str) -> None:
    """Claim, record, audit; cold, both data keys are opened."""
    cloud.connect(connector_type, SARAH)
    for journey in ("refresh, cold", "refresh, warm"):
        cloud.clock.advance(A_WHILE)
        with count() as bill:
            refresh(cloud, connector_type, SARAH)
        assert bill.total == AT_MOST[journey]


def test_a_refresh_after_a_holder_that_died(cloud: CloudInstallation, count: Count) -> None:
    """What it may have left behind is looked for: one read more."""
    cloud.connect(MICROSOFT, SARAH)
    cloud.clock.advance(A_WHILE)
    refresh(cloud, MICROSOFT, SARAH)
    cloud.clock.advance(A_WHILE)
    document = ConnectionKey(MICROSOFT, SARAH.email).document_id
    lease = {"lease": {"id": "of-a-dead-worker"}, "lease_at": LONG_AGO}
    cloud.client("main").document(f"connections/{document}").update(lease)
    with count() as bill:
        refresh(cloud, MICROSOFT, SARAH)
    assert bill.total == AT_MOST["refresh, warm, takeover of a dead lease"]


def test_a_token_that_has_run_out(cloud: CloudInstallation, count: Count) -> None:
    """The asker reads before and after, the rest is the refresh's price."""
    cloud.connect(MICROSOFT, SARAH)
    cloud.clock.advance(7200)
    with count() as bill:
        ok(cloud.agent().token(MICROSOFT, SARAH.email))
    assert bill.of("refresh") == AT_MOST["refresh, cold"]
    asked_twice = AT_MOST["token read, cold, first in the hour"] + Billed(reads=1)
    assert bill.of("access_token") == asked_twice


@pytest.mark.parametrize("connector_type", [MICROSOFT, GOOGLE])
def test_a_disconnect(cloud: CloudInstallation, count: Count, connector_type: str) -> None:
    """At Google a revocation is written too, and finished: that is `refresh`'s part of the bill."""
    visitor = cloud.connect(connector_type, SARAH)
    with count() as bill:
        ok(visitor.revoke(connector_type, SARAH.email))
    google = connector_type == GOOGLE
    assert bill.of("revoke") <= AT_MOST["revoke"]
    assert bill.of("revoke") == Billed(reads=2, writes=3 + google)
    assert bill.of("refresh") == (AT_MOST["finish"] if google else NOTHING)
    assert bill.of("revoke") + bill.of("refresh") == bill.total


def test_a_persons_own_list(cloud: CloudInstallation, count: Count) -> None:
    """A read for the session, and one for each row of each identity, one at least."""
    visitor = cloud.connect(MICROSOFT, SARAH)
    with count() as bill:
        assert len((ok(visitor.users()).json or {})["users"]) == 1
    assert bill.total == Billed(reads=1 + 1)
    ok(visitor.sign_in(GOOGLE, SARAH))
    with count() as bill:
        assert len((ok(visitor.users()).json or {})["users"]) == 2
    assert bill.total == Billed(reads=2 + 2)
    stranger = cloud.person(identity(MICROSOFT, JOHN))
    with count() as bill:
        assert (ok(stranger.users()).json or {})["users"] == []
    assert bill.total == Billed(reads=1 + 1)


def test_everybodys_list(cloud: CloudInstallation, count: Count) -> None:
    """A read for each row; an admin's session one more."""
    people = (SARAH, JOHN, MARIA, replace(PAT, email=PAT.upn))
    for account in people:
        cloud.connect(MICROSOFT, account)
    for caller, session in (
        (cloud.agent(), 0),
        (cloud.person(identity(MICROSOFT, ADMIN)), 1),
    ):
        with count() as bill:
            assert len((ok(caller.users()).json or {})["users"]) == len(people)
        assert bill.total == Billed(reads=len(people) + session)


def test_a_search_by_the_beginning_of_an_email(cloud: CloudInstallation, count: Count) -> None:
    """A read for what it finds; of any type one more for each that there is, and one; and the session."""
    for account in (SARAH, JOHN, MARIA):
        cloud.connect(MICROSOFT, account)
    visitor = cloud.person(identity(MICROSOFT, ADMIN))
    with count() as bill:
        found = ok(visitor.users(f"?user_email_prefix=sa&connector_type={MICROSOFT}"))
    assert len((found.json or {})["users"]) == 1
    assert bill.total == Billed(reads=1 + 1)
    with count() as bill:
        ok(visitor.users("?user_email_prefix=sa"))
    assert bill.total == Billed(reads=1 + 1 + 2)


def test_the_list_of_what_ends(cloud: CloudInstallation, count: Count) -> None:
    """A read for each that is found, one at least: whose grant has no end is not passed by."""
    for account in (SARAH, JOHN, MARIA):
        cloud.connect(MICROSOFT, account)
    visitor = cloud.person(identity(MICROSOFT, ADMIN))
    with count() as bill:
        ok(visitor.users("?ends_by=2099-01-01T00:00:00Z"))
    assert bill.total == Billed(reads=1 + 1)


def test_the_summary(cloud: CloudInstallation, count: Count) -> None:
    """A read for each number of a type that is there, one for the type, and one that there is no more."""
    for account in (SARAH, JOHN, MARIA):
        cloud.connect(MICROSOFT, account)
    visitor = cloud.person(identity(MICROSOFT, ADMIN))
    with count() as bill:
        answer = ok(visitor.call("list_users", "GET", "/api/v1/oauth/summary")).json or {}
    (microsoft,) = (t for t in answer["connector_types"] if t["connector_type"] == MICROSOFT)
    assert microsoft["counts"] == {"active": 3, "needs_sign_in": 0, "revoked": 0}
    assert bill.total == Billed(reads=1 + 4 + 2)


def test_a_verification(cloud: CloudInstallation, count: Count) -> None:
    """The session, the connection and its records, and at most one that is another's."""
    visitor = cloud.connect(MICROSOFT, SARAH)
    cloud.connect(MICROSOFT, MARIA)
    asked = f"connector_type={MICROSOFT}&user_email={SARAH.email}"
    with count() as bill:
        path = f"/api/v1/account/audit/verification?{asked}"
        answer = ok(visitor.call("account", "GET", path)).json or {}
    assert (answer["verified"], answer["records"]) == (True, 1)
    assert bill.total <= Billed(reads=1 + 1 + 1 + 1)
