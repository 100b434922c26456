"""Offboarding by the route: all of a person ended at once, and certified as it is."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from werkzeug.test import TestResponse

from multi_user_oauth.certificate import digest_of_document
from multi_user_oauth.sandbox.company import (
    ACCOUNTS,
    ADMIN,
    COMPANY_DOMAIN,
    JOHN,
    MARIA,
    SARAH,
    Account,
    colleague,
    google_identity,
    microsoft_identity,
)
from multi_user_oauth.sandbox.server import Sandbox
from tests.architecture.catalogue import ROOT
from tests.support.draw import CountingDraw
from tests.support.functions import API, FORM, GOOGLE, MICROSOFT, Installation, Visitor, code
from tests.support.installation import POLICY, SANDBOX

OFFBOARD: Final = f"{API}/offboard"
LEASE: Final = 40


def offboard(admin: Visitor, user_email: str = MARIA.email) -> TestResponse:
    """Ask for it as our own page would."""
    return admin.call("revoke", "POST", OFFBOARD, json={"user_email": user_email}, headers=FORM)


def certificate(admin: Visitor, user_email: str = MARIA.email) -> dict[str, Any]:
    """Return the certificate; fail unless its digest is right."""
    answered = offboard(admin, user_email)
    assert answered.status_code == 200, answered.text
    document: dict[str, Any] = answered.json or {}
    assert document["digest"] == digest_of_document(document)
    return document


def ends(document: Mapping[str, Any], field: str) -> dict[str, Any]:
    """Return what the certificate says in this field, by the connector type."""
    return {each["connector_type"]: each[field] for each in document["connections"]}


def revokes(installation: Installation) -> int:
    """How often Google was asked to revoke."""
    return sum(r["endpoint"] == "revoke" for r in installation.sandbox.requests())


@pytest.fixture
def admin(installation: Installation) -> Visitor:
    """An administrator."""
    return installation.person(str(microsoft_identity(ADMIN)), email=ADMIN.email)


def test_one_call_ends_everything_and_says_so(installation: Installation, admin: Visitor) -> None:
    """Both connector types, and no agent has a token afterwards; nobody else is touched."""
    for connector_type in (MICROSOFT, GOOGLE):
        installation.connect(connector_type, MARIA)
        installation.connect(connector_type, JOHN)

    document = certificate(admin)

    assert document["user_email"] == MARIA.email
    assert document["asked_by"] == f"person:{microsoft_identity(ADMIN)}"
    assert ends(document, "provider") == {GOOGLE: "revoked", MICROSOFT: "not_possible"}
    assert ends(document, "copy_destroyed") == {GOOGLE: True, MICROSOFT: True}
    assert ends(document, "ended_by") == dict.fromkeys((GOOGLE, MICROSOFT), document["asked_by"])
    assert ends(document, "ended_at") == dict.fromkeys((GOOGLE, MICROSOFT), document["issued_at"])
    assert ends(document, "left_to_do")[GOOGLE] is None
    assert "myapps.microsoft.com" in ends(document, "left_to_do")[MICROSOFT]
    until = ends(document, "access_token_valid_until")
    assert until[GOOGLE] is None
    assert datetime.fromisoformat(until[MICROSOFT]) > datetime(2026, 1, 1, tzinfo=UTC)
    for connector_type in (MICROSOFT, GOOGLE):
        assert installation.agent().token(connector_type, MARIA.email).status_code == 404
        assert installation.agent().token(connector_type, JOHN.email).status_code == 200


def test_the_person_is_signed_out_everywhere(installation: Installation, admin: Visitor) -> None:
    """Of every identity that was found; the others stay signed in."""
    installation.connect(MICROSOFT, MARIA)
    installation.connect(GOOGLE, MARIA)
    browsers = [
        installation.person(str(identity), email=MARIA.email)
        for identity in (microsoft_identity(MARIA), google_identity(MARIA))
    ]
    installation.clock.advance(1)

    document = certificate(admin)

    assert document["signed_out"] == sorted(
        [str(google_identity(MARIA)), str(microsoft_identity(MARIA))]
    )
    assert [browser.users().status_code for browser in browsers] == [401, 401]
    assert admin.users().status_code == 200


def test_asked_again_it_tells_how_things_stand_then(
    installation: Installation, admin: Visitor
) -> None:
    """Pending while Google is down, revoked when it was told; each certificate is its own."""
    installation.connect(GOOGLE, MARIA)
    installation.sandbox.add_fault(provider="google", kind="status", endpoint="revoke", status=503)
    first = certificate(admin)
    assert ends(first, "provider") == {GOOGLE: "pending"}
    assert ends(first, "copy_destroyed") == {GOOGLE: False}
    assert ends(first, "access_token_valid_until")[GOOGLE] is not None

    installation.clock.advance(LEASE)
    second = certificate(admin)

    assert ends(second, "provider") == {GOOGLE: "revoked"}
    assert ends(second, "copy_destroyed") == {GOOGLE: True}
    assert ends(second, "ended_at") == ends(first, "ended_at") == {GOOGLE: first["issued_at"]}
    assert second["digest"] != first["digest"]
    assert certificate(admin) == second, "nothing has changed, nor has time passed"
    assert revokes(installation) == 2
    assert installation.status(GOOGLE, MARIA.email) == "revoked"


def test_a_changed_certificate_is_found_out(installation: Installation, admin: Visitor) -> None:
    """By its digest, which our log knows too."""
    installation.connect(MICROSOFT, MARIA)
    document = certificate(admin)
    assert (
        digest_of_document({**document, "issued_at": "2026-01-01T00:00:00Z"}) != document["digest"]
    )
    text = (ROOT / "docs/openapi.yaml").read_text("utf-8")
    answers = yaml.safe_load(text)["paths"][OFFBOARD]["post"]["responses"]
    (example,) = answers["200"]["content"]["application/json"]["examples"].values()
    assert digest_of_document(example["value"]) == example["value"]["digest"]


def test_who_never_connected_is_not_known(installation: Installation, admin: Visitor) -> None:
    """A typing error is no certificate."""
    installation.connect(MICROSOFT, SARAH)
    assert code(offboard(admin)) == "not_connected"


def test_it_must_be_our_own_page_that_asks(installation: Installation, admin: Visitor) -> None:
    """Another site's form ends nobody."""
    installation.connect(MICROSOFT, MARIA)
    headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    body = {"user_email": MARIA.email}
    refused = admin.call("revoke", "POST", OFFBOARD, json=body, headers=headers)
    assert (refused.status_code, code(refused)) == (403, "csrf")
    assert installation.status(MICROSOFT, MARIA.email) == "active"


def test_more_proof_is_asked_for_where_the_policy_says_so(
    tmp_path: Path, keys: Mapping[str, str]
) -> None:
    """403 with the page where it can be given; nothing is ended, nobody signed out."""
    file = tmp_path / "strict.yaml"
    file.write_text(POLICY + "step_up: {context: c1, max_age_minutes: 15}\n", "utf-8")
    file.chmod(0o600)
    installation = Installation(tmp_path, keys, {"POLICY_FILE": str(file)})
    maria = installation.connect(MICROSOFT, MARIA)
    visitor = Visitor(installation)
    visitor.sign_in(MICROSOFT, ADMIN, fields={"intent": "sign_in"})
    refused = offboard(visitor)
    assert (refused.status_code, code(refused)) == (403, "step_up_required")
    assert "/connect?intent=step_up" in (refused.json or {})["step_up_url"]
    assert maria.users().status_code == 200
    visitor.sign_in(MICROSOFT, ADMIN, fields={"intent": "step_up"})
    assert offboard(visitor).status_code == 200
    assert installation.status(MICROSOFT, MARIA.email) == "revoked"


def test_who_connects_again_afterwards_is_no_longer_offboarded(
    installation: Installation, admin: Visitor
) -> None:
    """At Microsoft and at Google, at once: what is certified next is the new end."""
    for connector_type in (MICROSOFT, GOOGLE):
        installation.connect(connector_type, MARIA)
    first = certificate(admin)
    installation.clock.advance(1)
    for connector_type in (MICROSOFT, GOOGLE):
        installation.connect(connector_type, MARIA)
        assert installation.agent().token(connector_type, MARIA.email).status_code == 200
    second = certificate(admin)
    assert set(ends(second, "ended_at").values()) == {second["issued_at"]}
    assert second["issued_at"] != first["issued_at"]


# -- a hundred at once ----------------------------------------------------------------------------

HUNDRED: Final = 100


def crowd(installation: Installation) -> list[Account]:
    """Let a hundred people connect Google."""
    accounts = [
        colleague(f"Leaver{number:03} Test", email=f"leaver{number:03}@{COMPANY_DOMAIN}")
        for number in range(HUNDRED)
    ]
    config = replace(SANDBOX, accounts=(*ACCOUNTS, *accounts))
    clock = installation.clock
    installation.sandbox = Sandbox(config, now=clock, sleep=clock.sleep, draw=CountingDraw("crowd"))
    for account in accounts:
        installation.connect(GOOGLE, account)
    return accounts


def finished_all(installation: Installation) -> list[str]:
    """Have all finished; return whose was."""
    finished: list[str] = []
    more = True
    while more:
        answered = installation.agent().call("refresh", "POST", "/refresh/finish")
        assert answered.status_code == 200, answered.text
        body = answered.json or {}
        finished += [each["user_email"] for each in body["finished"]]
        assert body["pending"] == []
        more = body["more"]
    return finished


def test_a_hundred_offboarded_while_google_is_down_are_all_finished_once(
    installation: Installation,
) -> None:
    """Each certificate is true when it is issued: pending first, revoked when Google was told."""
    accounts = crowd(installation)
    admin = installation.person(str(microsoft_identity(ADMIN)), email=ADMIN.email)
    down: dict[str, Any] = {"provider": "google", "kind": "status", "endpoint": "revoke"}
    installation.sandbox.add_fault(**down, status=503, times=-1)

    first = [certificate(admin, account.email) for account in accounts]

    assert [ends(each, "provider") for each in first] == [{GOOGLE: "pending"}] * HUNDRED
    assert [ends(each, "copy_destroyed") for each in first] == [{GOOGLE: False}] * HUNDRED
    assert len([g for g in installation.sandbox.grants() if g["valid"]]) == HUNDRED
    asked = revokes(installation)
    installation.sandbox.clear_faults()
    installation.clock.advance(LEASE)

    finished = finished_all(installation)

    assert sorted(finished) == sorted(account.email for account in accounts)
    second = [certificate(admin, account.email) for account in accounts]
    assert [ends(each, "provider") for each in second] == [{GOOGLE: "revoked"}] * HUNDRED
    assert [ends(each, "copy_destroyed") for each in second] == [{GOOGLE: True}] * HUNDRED
    assert revokes(installation) - asked == HUNDRED
    assert not [g for g in installation.sandbox.grants() if g["valid"]]


def test_finishing_answers_with_what_it_did(installation: Installation, admin: Visitor) -> None:
    """Without a body: finished, pending, and whether there is more; a second call finds nothing."""
    for account in (MARIA, JOHN):
        installation.connect(GOOGLE, account)
        installation.sandbox.add_fault(
            provider="google", kind="status", endpoint="revoke", status=503
        )
        certificate(admin, account.email)
    finish = installation.agent()
    told = finish.call("refresh", "POST", "/refresh/finish").json or {}
    assert (told["finished"], len(told["pending"]), told["more"]) == ([], 2, False)
    installation.clock.advance(LEASE)
    told = installation.agent().call("refresh", "POST", "/finish").json or {}
    assert [(each["user_email"], each["provider"]) for each in told["finished"]] == [
        (JOHN.email, "revoked"),
        (MARIA.email, "revoked"),
    ]
    assert told["pending"] == []
    told = installation.agent().call("refresh", "POST", "/refresh/finish").json or {}
    assert told == {"finished": [], "pending": [], "more": False}


def test_a_slow_provider_leaves_some_for_the_next_call(
    installation: Installation, admin: Visitor
) -> None:
    """The platform ends a request after a minute: it stops in time and says so."""
    for account in (MARIA, JOHN, SARAH):
        installation.connect(GOOGLE, account)
        installation.sandbox.add_fault(
            provider="google", kind="status", endpoint="revoke", status=503
        )
        certificate(admin, account.email)
    installation.clock.advance(LEASE)
    installation.sandbox.add_fault(
        provider="google", kind="slow", endpoint="revoke", delay=20, times=-1
    )
    begun = installation.clock()
    told = installation.agent().call("refresh", "POST", "/refresh/finish").json or {}
    assert told["more"] is True
    assert len(told["finished"]) + len(told["pending"]) == 2
    assert installation.clock() - begun < timedelta(seconds=55)
