"""Whether the audit of one connection is whole: for whom, from where, and what is wrong with it."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from multi_user_oauth.model import ConnectionKey
from multi_user_oauth.sandbox.company import ADMIN, JOHN, SARAH
from tests.support.audit_chains import fill
from tests.support.functions import GOOGLE, MICROSOFT, Installation, Visitor, code, identity

VERIFICATION = "/api/v1/account/audit/verification"
CHAINED = ConnectionKey(GOOGLE, "anna@company.com")
Damage = Callable[[str], None]


@pytest.fixture
def damage(installation: Installation) -> Damage:
    """Write past us."""
    file = Path(installation.settings["DATA_DIR"]) / "main.db"

    def run(statement: str) -> None:
        with closing(sqlite3.connect(file, isolation_level=None)) as database:
            database.execute(statement)

    return run


def admin(installation: Installation) -> Visitor:
    """Return an administrator."""
    return installation.person(identity(MICROSOFT, ADMIN), email=ADMIN.email)


def ask(visitor: Visitor, key: ConnectionKey) -> dict[str, Any]:
    """Return the answer about this connection, less its time."""
    asked = {"connector_type": key.connector_type, "user_email": key.user_email}
    response = visitor.call("account", "GET", VERIFICATION, query_string=asked)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = dict(response.json or {})
    assert found.pop("verified_at").endswith("Z")
    return found


def write_chain(installation: Installation, length: int) -> None:
    """Let somebody have an honest history of so many records."""
    installation.store.types()  # which makes the tables
    fill(Path(installation.settings["DATA_DIR"]) / "main.db", [CHAINED], length)


def test_what_was_written_verifies(installation: Installation) -> None:
    """By a person of their own, by an admin of anybody's; the time is that of the look."""
    installation.connect(MICROSOFT, SARAH)
    installation.clock.advance(7200)
    sarah = installation.person(identity(MICROSOFT, SARAH))
    assert installation.agent().token(MICROSOFT, SARAH.email).status_code == 200
    key = ConnectionKey(MICROSOFT, SARAH.email)
    whole = {"verified": True, "records": 2, "verified_from": 1}
    assert ask(sarah, key) == ask(admin(installation), key) == whole


def test_anothers_is_not_there(installation: Installation) -> None:
    """Whole or broken: a stranger learns neither."""
    sarah = installation.connect(MICROSOFT, SARAH)
    assert ask(sarah, ConnectionKey(MICROSOFT, SARAH.email))["verified"]
    john = installation.person(identity(MICROSOFT, JOHN), email=JOHN.email)
    for email in (SARAH.email, "nobody@company.com"):
        asked = {"connector_type": MICROSOFT, "user_email": email}
        response = john.call("account", "GET", VERIFICATION, query_string=asked)
        assert (response.status_code, code(response)) == (404, "not_connected")


@pytest.mark.parametrize(
    ("statement", "problem", "sequence"),
    [
        ("DELETE FROM audit WHERE sequence = 4", "missing", 4),
        ("DELETE FROM audit WHERE sequence >= 8", "cut", 9),
        ("DELETE FROM audit", "cut", 9),
        ("UPDATE audit SET body = x'00' WHERE sequence = 5", "unreadable", 5),
    ],
)
def test_what_is_wrong_is_named(
    installation: Installation, damage: Damage, statement: str, problem: str, sequence: int
) -> None:
    """The first thing, in a word, and where; a chain that is broken is an answer, no error of ours."""
    write_chain(installation, 9)
    assert ask(admin(installation), CHAINED)["verified"]
    damage(statement)
    found = ask(admin(installation), CHAINED)
    assert not found["verified"]
    assert (found["problem"], found["at_sequence"]) == (problem, sequence)


def test_its_neighbours_are_not_taken_for_it(installation: Installation) -> None:
    """Whose e-mail begins as this one does, or ends in what looks like a record's number."""
    write_chain(installation, 3)
    file = Path(installation.settings["DATA_DIR"]) / "main.db"
    for email in ("anna@company.com.au", "anna@company.com-0000000002.org", "anna@company.co"):
        fill(file, [ConnectionKey(GOOGLE, email)], 4)
    assert ask(admin(installation), CHAINED) == {
        "verified": True, "records": 3, "verified_from": 1,
    }  # fmt: skip


def test_it_reads_the_records_and_hardly_more(installation: Installation) -> None:
    """The connection, each record, and at most one that is another's."""
    write_chain(installation, 20)
    visitor = admin(installation)
    installation.meter.reset()
    assert ask(visitor, CHAINED)["records"] == 20
    assert installation.meter.counts()["main.read"] <= 1 + 20 + 1
    assert installation.writes() == 0


def test_a_required_parameter_is_named(installation: Installation) -> None:
    """Before anything is read."""
    visitor = admin(installation)
    for query, field in (
        ("", "connector_type"),
        (f"?connector_type={GOOGLE}", "user_email"),
        (f"?connector_type={GOOGLE}&user_email=x", "user_email"),
        (f"?connector_type={GOOGLE}&user_email=a%40b.example&page_token=1", "page_token"),
    ):
        response = visitor.call("account", "GET", VERIFICATION + query)
        assert response.status_code == 400
        assert (response.json or {})["field"] == field
