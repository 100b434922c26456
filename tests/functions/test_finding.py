"""Lists that are narrowed: by the beginning of an e-mail, by the end of the grant; and what they tell."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from multi_user_oauth.audit import RESTORED, audited
from multi_user_oauth.model import (
    Batch,
    Connection,
    ConnectionKey,
    Failure,
    FailureKind,
    Identity,
)
from multi_user_oauth.sandbox.company import ADMIN, MARIA, SARAH
from tests.contract.stores.samples import change, connection, get, put, tombstone
from tests.functions.test_paging import pages
from tests.support.clock import START
from tests.support.functions import GOOGLE, MICROSOFT, Installation, Visitor, code, identity
from tests.support.installation import SARAHS_AGENT, UNLISTED_AGENT

GONE_TYPE = "an_old_type"
DAY = timedelta(days=1)


@pytest.fixture
def admin(installation: Installation) -> Visitor:
    """An administrator."""
    return installation.person(identity(MICROSOFT, ADMIN), email=ADMIN.email)


def add(
    installation: Installation,
    email: str,
    connector_type: str = MICROSOFT,
    *,
    ends: timedelta | None = None,
) -> Connection:
    """Let somebody be connected, whose grant ends so long after the start."""
    number = 1000 + sum(map(ord, email))
    new = replace(
        connection(ConnectionKey(connector_type, email), identity=Identity.google(str(number))),
        refresh_token_expires_at=None if ends is None else START + ends,
    )
    return put(installation.store, new).connection


def listed(visitor: Visitor, **asked: str) -> list[tuple[str, str]]:
    """Return who is on all pages, type and e-mail."""
    found: list[tuple[str, str]] = []
    while True:
        response = visitor.users(f"?{urlencode(asked)}")
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json or {}
        found += [(user["connector_type"], user["user_email"]) for user in answer["users"]]
        if "next_page_token" not in answer:
            return found
        asked["page_token"] = answer["next_page_token"]


def at(days: float) -> str:
    """Return the time so many days after the start, as a request says it."""
    return (START + days * DAY).isoformat()


# -- by the beginning of the e-mail -------------------------------------------------------------------


def test_a_beginning_finds_it_in_every_type(installation: Installation, admin: Visitor) -> None:
    """Upper case, as it is typed; a type that is no longer configured is listed as in the whole list."""
    for connector_type in (GOOGLE, MICROSOFT, GONE_TYPE):
        for name in ("anna", "annabel", "bert"):
            add(installation, f"{name}@company.com", connector_type)
    everybody = listed(admin)
    found = listed(admin, user_email_prefix="ANNA")
    assert found == [each for each in everybody if each[1].startswith("anna")]
    assert {connector_type for connector_type, _ in found} == {GONE_TYPE, GOOGLE, MICROSOFT}
    of_one = listed(admin, user_email_prefix="anna", connector_type=MICROSOFT)
    assert of_one == [each for each in found if each[0] == MICROSOFT]
    assert listed(admin, user_email_prefix="zed") == []


def test_wildcards_are_plain_signs(installation: Installation, admin: Visitor) -> None:
    """None of them stands for another, and none for the end of all."""
    emails = (
        "%a@company.com",
        "_a@company.com",
        "*a@company.com",
        "~a@company.com",
        "a%b@company.com",
    )
    for email in (*emails, "xa@company.com"):
        add(installation, email)
    for email in emails:
        for length in (1, 2, 3):
            found = [name for _, name in listed(admin, user_email_prefix=email[:length])]
            assert found == sorted(
                each for each in (*emails, "xa@company.com") if each.startswith(email[:length])
            )


def test_long_lists_are_found_page_by_page(installation: Installation, admin: Visitor) -> None:
    """Over the edge of a type, each once; what an agent may not use leaves no gap in its pages."""
    for number in range(130):
        domain = "company.com" if number % 2 else "other.com"
        for connector_type in (GOOGLE, MICROSOFT):
            add(installation, f"person{number:03}@{domain}", connector_type)
            add(installation, f"robot{number:03}@{domain}", connector_type)
    found = listed(admin, user_email_prefix="person")
    assert found == [each for each in listed(admin) if each[1].startswith("person")]
    assert len(found) == 260
    seen = listed(installation.agent(), user_email_prefix="person")
    assert seen == [each for each in found if each[1].endswith("@company.com")]
    assert listed(installation.agent(SARAHS_AGENT), user_email_prefix="person") == []
    assert listed(installation.agent(UNLISTED_AGENT), user_email_prefix="p") == []


def test_the_filters_hold_together(installation: Installation, admin: Visitor) -> None:
    """A status, a type and a beginning: what is in all three."""
    for name in ("anna", "annabel"):
        add(installation, f"{name}@company.com")
    before = get(installation.store, ConnectionKey(MICROSOFT, "anna@company.com"))
    installation.store.commit(Batch(changes=(change(before, tombstone(before)),)))
    asked = {"user_email_prefix": "anna", "connector_type": MICROSOFT}
    assert listed(admin, status="revoked", **asked) == [(MICROSOFT, "anna@company.com")]
    assert listed(admin, status="active", **asked) == [(MICROSOFT, "annabel@company.com")]
    assert listed(admin, status="needs_sign_in", **asked) == []


def test_a_person_finds_their_own_alone(installation: Installation) -> None:
    """However others are called."""
    sarah = installation.connect(MICROSOFT, SARAH)
    installation.connect(MICROSOFT, MARIA)
    add(installation, "sarah-jane@company.com")
    assert listed(sarah, user_email_prefix="s") == [(MICROSOFT, SARAH.email)]
    assert listed(sarah, user_email_prefix="SARAH@") == [(MICROSOFT, SARAH.email)]
    assert listed(sarah, user_email_prefix="maria") == []
    assert listed(sarah, user_email_prefix="s", connector_type=GOOGLE) == []


def test_a_search_reads_what_it_finds(installation: Installation, admin: Visitor) -> None:
    """Not everybody: a read for each, one for each type that there is, and one more."""
    for number in range(50):
        add(installation, f"person{number:03}@company.com")
    add(installation, "anna@company.com")
    installation.meter.reset()
    assert len(listed(admin, user_email_prefix="an", connector_type=MICROSOFT)) == 1
    assert installation.meter.counts()["main.read"] == 1
    installation.meter.reset()
    assert len(listed(admin, user_email_prefix="an")) == 1
    assert installation.meter.counts()["main.read"] == 1 + 2


# -- by the end of the grant --------------------------------------------------------------------------


def test_the_earliest_end_is_listed_first(installation: Installation, admin: Visitor) -> None:
    """Of both types in one order; those that end later, or never, are not there."""
    for name, days, connector_type in (
        ("late", 20, GOOGLE), ("third", 9, GOOGLE), ("first", -1, MICROSOFT), ("second", 3, GOOGLE),
    ):  # fmt: skip
        add(installation, f"{name}@company.com", connector_type, ends=days * DAY)
    add(installation, "never@company.com")
    names = [email.partition("@")[0] for _, email in listed(admin, ends_by=at(14))]
    assert names == ["first", "second", "third"]
    assert listed(admin, ends_by=at(14), connector_type=MICROSOFT, status="active") == [
        (MICROSOFT, "first@company.com")
    ]
    assert listed(admin, ends_by=at(-2)) == []


def test_many_ends_are_listed_page_by_page(installation: Installation, admin: Visitor) -> None:
    """Each once, also of those that end together; an agent's tokens name only whom it saw."""
    for number in range(230):
        domain = "company.com" if number % 2 else "other.com"
        add(installation, f"person{number:03}@{domain}", ends=(number // 3) * timedelta(hours=1))
    found = listed(admin, ends_by=at(99))
    assert len(found) == len(set(found)) == 230
    ends = [get(installation.store, ConnectionKey(*each)).connection for each in found]
    assert ends == sorted(ends, key=lambda c: (c.refresh_token_expires_at, c.key.document_id))
    seen = listed(installation.agent(), ends_by=at(99))
    assert seen == [each for each in found if each[1].endswith("@company.com")]


def test_a_person_sees_the_end_of_their_own(installation: Installation) -> None:
    """And nobody else's."""
    both = installation.person(identity(MICROSOFT, SARAH), identity(GOOGLE, SARAH))
    for connector_type, days in ((GOOGLE, 2), (MICROSOFT, 1)):
        key = ConnectionKey(connector_type, SARAH.email)
        who = Identity.parse(identity(connector_type, SARAH))
        ends = START + days * DAY
        put(
            installation.store,
            replace(connection(key, identity=who), refresh_token_expires_at=ends),
        )
    add(installation, "maria@company.com", ends=DAY)
    assert [each for each, _ in listed(both, ends_by=at(9))] == [MICROSOFT, GOOGLE]
    assert listed(both, ends_by=at(1)) == [(MICROSOFT, SARAH.email)]


def test_a_token_of_one_list_is_none_of_the_other(
    installation: Installation, admin: Visitor
) -> None:
    """It is refused by name where it can not be a place at all."""
    for number in range(101):
        add(installation, f"person{number:03}@company.com", ends=DAY)
    _, tokens = pages(admin)
    response = admin.users(f"?ends_by={at(9).replace('+', '%2B')}&page_token={tokens[0]}")
    assert (response.status_code, code(response)) == (400, "invalid_request")


# -- what is told -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (FailureKind.TRANSIENT, "provider_unavailable"),
        (FailureKind.OURS, "operator_must_act"),
        (FailureKind.REFUSED, "refusals_not_believed"),
    ],
)
def test_what_fails_is_told(
    installation: Installation, admin: Visitor, kind: FailureKind, told: str
) -> None:
    """How often, when last, and whose trouble it is; nothing of it where nothing fails."""
    add(installation, "anna@company.com")
    (user,) = (admin.users().json or {})["users"]
    assert not {"failed_attempts", "last_failed_at", "failing_because"} & user.keys()
    store = installation.store
    claimed = store.claim(get(store, ConnectionKey(MICROSOFT, "anna@company.com")), "lease")
    failure = Failure(code="x", count=3, at=START, next_try_at=START + DAY, kind=kind)
    store.release(claimed, failure)
    (user,) = (admin.users().json or {})["users"]
    assert user["status"] == "active"
    assert (user["failed_attempts"], user["failing_because"]) == (3, told)
    assert user["last_failed_at"] == START.isoformat().replace("+00:00", "Z")


def test_what_waits_in_quarantine_is_told(installation: Installation, admin: Visitor) -> None:
    """Since when; nothing of it where nothing was restored."""
    add(installation, "anna@company.com")
    (user,) = (admin.users().json or {})["users"]
    assert "quarantined_at" not in user
    found = get(installation.store, ConnectionKey(MICROSOFT, "anna@company.com"))
    restored = replace(found.connection, quarantined_at=START)
    made = audited(found, restored, action=RESTORED, actor="system:restore", at=START)
    installation.store.commit(Batch(changes=(made,)))
    (user,) = (admin.users().json or {})["users"]
    assert (user["status"], user["quarantined_at"]) == (
        "active",
        START.isoformat().replace("+00:00", "Z"),
    )


@pytest.mark.parametrize(
    "asked", [{}, {"user_email_prefix": "person"}, {"ends_by": "2027-01-01T00:00:00Z"}], ids=str
)
def test_a_page_is_as_small_as_it_is_asked_for(
    installation: Installation, admin: Visitor, asked: dict[str, str]
) -> None:
    """Each is on one page all the same; for an agent too, which may see every second one."""
    for number in range(7):
        kind = MICROSOFT if number % 2 else GOOGLE
        domain = "company.com" if number % 2 else "other.com"
        add(installation, f"person{number}@{domain}", kind, ends=DAY * (number + 1))
    for visitor, most in ((admin, 7), (installation.agent(), 3)):
        first = (visitor.users(f"?{urlencode({**asked, 'limit': '2'})}").json or {})["users"]
        assert len(first) == 2
        found = listed(visitor, limit="2", **asked)
        assert (len(found), len(set(found))) == (most, most)
        assert found == listed(visitor, **asked)


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "", "1.0", "00001"])
def test_a_page_of_no_such_size_is_refused(admin: Visitor, limit: str) -> None:
    """By the field's name."""
    for more in ("", "&ends_by=2027-01-01T00:00:00Z"):
        response = admin.users(f"?limit={limit}{more}")
        assert (response.status_code, (response.json or {})["field"]) == (400, "limit")
