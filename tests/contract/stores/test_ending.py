"""Contract of `EndingConnections` and `ConnectionCounts`."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from multi_user_oauth.model import Batch, Connection, ConnectionKey, ConnectionStatus
from multi_user_oauth.ports import EndingPage, EndingPlace
from multi_user_oauth.stores.meter import OperationMeter, reads_to_count
from tests.contract.stores.samples import AT, change, connection, get, put, refreshed, tombstone
from tests.support.stores import MainStore

GOOGLE, MICROSOFT = "google_workspace", "microsoft_teams"
DAY = timedelta(days=1)


def key(name: str, connector_type: str = GOOGLE) -> ConnectionKey:
    """Return somebody's key."""
    return ConnectionKey(connector_type, f"{name}@example.org")


def ends(
    store: MainStore, name: str, at: datetime | None, connector_type: str = GOOGLE
) -> Connection:
    """Let somebody be connected whose grant ends then."""
    new = replace(connection(key(name, connector_type)), refresh_token_expires_at=at)
    return put(store, new).connection


def names(page: EndingPage) -> list[str]:
    """Return who is on a page."""
    return [each.key.user_email.partition("@")[0] for each in page.connections]


def asked(
    store: MainStore,
    by: datetime,
    *,
    connector_type: str | None = None,
    limit: int = 50,
) -> list[str]:
    """Return who is on all pages."""
    found: list[str] = []
    after: EndingPlace | None = None
    while True:
        page = store.ending(connector_type=connector_type, by=by, after=after, limit=limit)
        found += names(page)
        assert len(page.connections) <= limit
        after = page.next_after
        if after is None:
            return found


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
def test_the_earliest_end_is_first(store: MainStore, limit: int) -> None:
    """To the microsecond; of those that end together, by their ids. None of those without an end."""
    for name, days in (("dora", 1), ("bert", 2), ("anna", 2), ("cora", 3), ("late", 9)):
        ends(store, name, AT + days * DAY)
    ends(store, "never", None)
    by = AT + 3 * DAY
    assert asked(store, by, limit=limit) == ["dora", "anna", "bert", "cora"]
    earlier = by - timedelta(microseconds=1)
    assert asked(store, earlier, limit=limit) == ["dora", "anna", "bert"]
    elsewhere = by.astimezone(timezone(timedelta(hours=-9)))
    assert asked(store, elsewhere, limit=limit)[-1] == "cora"


def test_the_whole_connections_are_found(store: MainStore) -> None:
    """What is listed is what is read."""
    whole = ends(store, "anna", AT)
    assert store.ending(connector_type=None, by=AT, after=None, limit=5).connections == (whole,)


def test_of_one_type_or_of_all(store: MainStore) -> None:
    """Together they are in one order."""
    for number, connector_type in enumerate((GOOGLE, MICROSOFT, GOOGLE, MICROSOFT)):
        ends(store, f"p{number}", AT + number * DAY, connector_type)
    by = AT + 9 * DAY
    assert asked(store, by) == ["p0", "p1", "p2", "p3"]
    assert asked(store, by, connector_type=GOOGLE, limit=1) == ["p0", "p2"]
    assert asked(store, by, connector_type=MICROSOFT) == ["p1", "p3"]
    assert asked(store, by, connector_type="another") == []


def test_what_does_not_serve_does_not_end(store: MainStore) -> None:
    """A tombstone, and a connection that waits for its person though its grant has an end."""
    for name in ("gone", "waits", "anna"):
        ends(store, name, AT)
    gone, waits = get(store, key("gone")), get(store, key("waits"))
    store.commit(Batch(changes=(change(gone, tombstone(gone)),)))
    waiting = replace(refreshed(waits), status=ConnectionStatus.NEEDS_SIGN_IN, reason="x")
    store.commit(Batch(changes=(change(waits, waiting),)))
    assert get(store, key("waits")).connection.refresh_token_expires_at == AT
    assert asked(store, AT) == ["anna"]
    assert store.count_ending(GOOGLE, AT) == 1


def test_another_end_moves_it(store: MainStore) -> None:
    """Who has signed in again has time again; a claim moves nothing."""
    ends(store, "anna", AT)
    claimed = store.claim(get(store, key("anna")), "lease")
    assert asked(store, AT) == ["anna"]
    later = replace(refreshed(claimed), refresh_token_expires_at=AT + 9 * DAY)
    store.commit(Batch(changes=(change(claimed, later),)))
    assert asked(store, AT + 8 * DAY) == []
    assert asked(store, AT + 9 * DAY) == ["anna"]


@pytest.mark.parametrize("name", ["google_workspace:a/b", "google_workspace:zzz", "a:\U0010ffff"])
def test_a_place_that_is_no_connection_is_only_a_place(store: MainStore, name: str) -> None:
    """A page token is a caller's word: all that end later follow it."""
    for day in range(3):
        ends(store, f"p{day}", AT + day * DAY)
    page = store.ending(connector_type=None, by=AT + 9 * DAY, after=(AT + DAY, name), limit=5)
    assert names(page)[-1:] == ["p2"]
    assert "p0" not in names(page)


def statuses(store: MainStore, connector_type: str) -> Sequence[int]:
    """Return how many stand in each status, in the order of the statuses."""
    return [store.count(connector_type, status) for status in ConnectionStatus]


def test_each_status_is_counted(store: MainStore) -> None:
    """Of this type alone, and as they stand now."""
    for name in ("anna", "bert", "cora"):
        put(store, connection(key(name)))
        put(store, connection(key(name, MICROSOFT)))
    assert statuses(store, GOOGLE) == [3, 0, 0]
    gone, waits = get(store, key("anna")), get(store, key("bert"))
    store.commit(Batch(changes=(change(gone, tombstone(gone)),)))
    waiting = replace(refreshed(waits), status=ConnectionStatus.NEEDS_SIGN_IN, reason="x")
    store.commit(Batch(changes=(change(waits, waiting),)))
    assert statuses(store, GOOGLE) == [1, 1, 1]
    assert statuses(store, MICROSOFT) == [3, 0, 0]
    assert statuses(store, "another") == [0, 0, 0]


def test_ends_are_counted_as_they_are_listed(store: MainStore) -> None:
    """Type by type."""
    for day in range(4):
        ends(store, f"p{day}", AT + day * DAY)
        ends(store, f"p{day}", AT + day * DAY, MICROSOFT)
    ends(store, "never", None)
    for day in range(5):
        by = AT + day * DAY
        assert store.count_ending(GOOGLE, by) == len(asked(store, by, connector_type=GOOGLE))


def test_counting_costs_one_read_and_listing_one_for_each(
    store: MainStore, meter: OperationMeter
) -> None:
    """However many there are, up to a thousand."""
    for day in range(3):
        ends(store, f"p{day}", AT)
    meter.reset()
    store.count(GOOGLE, ConnectionStatus.ACTIVE)
    store.count("another", ConnectionStatus.ACTIVE)
    store.count_ending(GOOGLE, AT)
    assert meter.counts() == {"main.read": 3}
    meter.reset()
    asked(store, AT)
    asked(store, AT - DAY)
    assert meter.counts() == {"main.read": 3 + 1}


@pytest.mark.parametrize(
    ("number", "reads"), [(0, 1), (1, 1), (1000, 1), (1001, 2), (2000, 2), (30_000, 30)]
)
def test_a_thousand_are_counted_for_one_read(number: int, reads: int) -> None:
    """As Firestore bills an aggregation."""
    assert reads_to_count(number) == reads
