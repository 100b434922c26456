"""Contract of `ConnectionDirectory`: connections whose e-mails begin so, and the types that there are."""

from dataclasses import replace

import pytest

from multi_user_oauth.model import Batch, Connection, ConnectionKey, ConnectionStatus, Page
from multi_user_oauth.stores.meter import OperationMeter
from tests.contract.stores.samples import change, connection, get, put, tombstone
from tests.support.stores import MainStore

GOOGLE, MICROSOFT = "google_workspace", "microsoft_teams"
EMAILS = (
    "%a@example.org", "_a@example.org", "a%b@example.org", "a+b@example.org", "a.b@example.org",
    "a@example.com", "a@example.org", "a@example.org.au", "a_b@example.org", "aa@example.org",
    "anna@example.org", "annabel@example.org", "anna-lena@example.org", "anna/x@example.org",
    "b*@example.org", "b?@example.org", "é@example.org", "éa@example.org", "ê@example.org",
    "~@example.org", "~~@example.org", "x@xn--bcher-kva.example", "\U0010ffff@example.org",
    "\U0010ffffa@example.org", "\ud7ff@example.org", "\uffff@example.org",
)  # fmt: skip
BEGINNINGS = (
    *"%_a~bxzé\U0010ffff\uffff", "a.", "a@", "a%", "a_", "a+", "an", "anna", "anna-", "anna/",
    "anna@example.org", "anna@example.org.", "a@example.org", "a@example", "x@xn--", "~~", "\U0010ffffa",
    "b*", "b?", "e", "annabel@example.orgx", ".", "..", "*", "__name__", "%25", "\U0010fffe",
)  # fmt: skip


@pytest.fixture
def everybody(store: MainStore) -> MainStore:
    """Each of them with two types; every third is revoked at one."""
    for number, email in enumerate(EMAILS):
        for connector_type in (GOOGLE, MICROSOFT):
            put(store, connection(ConnectionKey(connector_type, email)))
        if not number % 3:
            before = get(store, ConnectionKey(GOOGLE, email))
            store.commit(Batch(changes=(change(before, tombstone(before)),)))
    return store


def found(
    store: MainStore, begins: str, *, status: ConnectionStatus | None = None, limit: int = 5
) -> list[Connection]:
    """Return all pages of Google's connections whose e-mails begin so."""
    connections: list[Connection] = []
    after: str | None = None
    place = ConnectionKey(GOOGLE, begins).document_id
    while True:
        page = store.beginning(place, status=status, after=after, limit=limit)
        connections += page.connections
        assert len(page.connections) <= limit
        after = page.next_after
        if after is None:
            return connections


def test_all_whose_emails_begin_so_are_found(everybody: MainStore) -> None:
    """To the letter, whatever signs are in it, under either status: each once, in the order of ids."""
    for begins in BEGINNINGS:
        for status in (None, ConnectionStatus.ACTIVE, ConnectionStatus.REVOKED):
            emails = [
                email
                for number, email in enumerate(EMAILS)
                if email.startswith(begins)
                and status in (None, ConnectionStatus.ACTIVE if number % 3 else "revoked")
            ]
            ids = sorted(ConnectionKey(GOOGLE, email).document_id for email in emails)
            told = found(everybody, begins, status=status)
            assert [each.key.document_id for each in told] == ids, begins


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_pages_go_on_after_the_last(everybody: MainStore, limit: int) -> None:
    """Whatever their size."""
    emails = {each.key.user_email for each in found(everybody, "anna", limit=limit)}
    assert emails == {email for email in EMAILS if email.startswith("anna")}


def test_what_is_found_is_whole_and_nothing_else_is_read(
    store: MainStore, meter: OperationMeter
) -> None:
    """A read for each that is found, one at least."""
    for name in ("anna", "annabel", "bert"):
        put(store, connection(ConnectionKey(GOOGLE, f"{name}@example.org")))
    meter.reset()
    assert found(store, "annab") == [connection(ConnectionKey(GOOGLE, "annabel@example.org"))]
    assert meter.counts() == {"main.read": 1}
    assert len(found(store, "anna")) == 2
    assert meter.counts() == {"main.read": 1 + 2}
    assert found(store, "zed") == []
    assert meter.counts() == {"main.read": 1 + 2 + 1}


@pytest.mark.parametrize("after", ["a/b", "/", "ä", "\0", "zzz", "google_workspace:b"])
def test_a_place_that_is_no_connection_is_only_a_place(everybody: MainStore, after: str) -> None:
    """A page token is a caller's word: what follows it, or nothing, and never somebody else."""
    place = ConnectionKey(GOOGLE, "anna").document_id
    page = everybody.beginning(place, status=None, after=after, limit=50)
    assert all(each.key.user_email.startswith("anna") for each in page.connections)


def test_nobody_is_an_empty_page(store: MainStore) -> None:
    """Nothing, and nothing after it."""
    assert store.beginning(f"{GOOGLE}:a", status=None, after=None, limit=5) == Page(connections=())


def test_the_types_are_those_that_have_connections(store: MainStore, meter: OperationMeter) -> None:
    """In the order of ids, however many there are of each; a read for each type, and one more."""
    assert store.types() == ()
    names = ("a1", "a", "a_b", "aa", "b")
    for name in (*names, "a"):
        for email in ("a@example.org", "~~~@example.org", "\U0010ffff@example.org"):
            key = ConnectionKey(name, email)
            if store.read(key) is None:
                put(store, replace(connection(key), identity=connection().identity))
    meter.reset()
    assert store.types() == names
    assert meter.counts() == {"main.read": len(names) + 1}
