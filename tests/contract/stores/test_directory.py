"""Contract of `ConnectionDirectory`."""

import pytest

from multi_user_oauth.model import Batch, Connection, ConnectionKey, ConnectionStatus, Page
from tests.contract.stores.samples import change, connection, get, put, tombstone
from tests.support.stores import MainStore

TYPES = ("google_workspace", "microsoft_teams")
NAMES = ("anna", "bert", "cora", "dora")


@pytest.fixture
def eight(store: MainStore) -> MainStore:
    """Four people's connections of two types, written out of order; bert's and dora's are revoked."""
    for name in reversed(NAMES):
        for connector_type in TYPES:
            put(store, connection(ConnectionKey(connector_type, f"{name}@example.org")))
    for name in ("bert", "dora"):
        for connector_type in TYPES:
            before = get(store, ConnectionKey(connector_type, f"{name}@example.org"))
            store.commit(Batch(changes=(change(before, tombstone(before)),)))
    return store


def walk(
    store: MainStore,
    *,
    limit: int,
    connector_type: str | None = None,
    status: ConnectionStatus | None = None,
) -> list[Page]:
    """Return all pages, each asked for with the `next_after` of the one before."""
    pages: list[Page] = []
    after = None
    while not pages or after is not None:
        pages.append(
            store.page(connector_type=connector_type, status=status, after=after, limit=limit)
        )
        after = pages[-1].next_after
        assert len(pages) < 20
    return pages


def ids(found: tuple[Connection, ...]) -> list[str]:
    """Return the document ids."""
    return [each.key.document_id for each in found]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8, 9])
@pytest.mark.parametrize("connector_type", [None, *TYPES])
@pytest.mark.parametrize(
    "status",
    [None, ConnectionStatus.ACTIVE, ConnectionStatus.REVOKED, ConnectionStatus.NEEDS_SIGN_IN],
)
def test_the_pages_are_all_connections_that_match(
    eight: MainStore, limit: int, connector_type: str | None, status: ConnectionStatus | None
) -> None:
    """Whatever the filters and the size: each match exactly once, in order, no page too long."""
    revoked = {"bert", "dora"}
    expected = [
        f"{each}:{name}@example.org"
        for each in TYPES
        for name in NAMES
        if connector_type in (None, each)
        and status
        in (None, ConnectionStatus.REVOKED if name in revoked else ConnectionStatus.ACTIVE)
    ]
    pages = walk(eight, limit=limit, connector_type=connector_type, status=status)
    assert [name for page in pages for name in ids(page.connections)] == expected
    assert all(len(page.connections) <= limit for page in pages)
    assert all(len(page.connections) == limit for page in pages[:-1])


def test_a_page_holds_the_whole_connections(store: MainStore) -> None:
    """What is listed is what is read."""
    put(store, connection())
    (listed,) = store.page(connector_type=None, status=None, after=None, limit=5).connections
    assert listed == connection()


def test_an_empty_directory_has_one_empty_page(store: MainStore) -> None:
    """Nothing, and nothing after it."""
    assert store.page(connector_type=None, status=None, after=None, limit=5) == Page(connections=())


def test_a_page_begins_after_a_name_that_is_not_there(eight: MainStore) -> None:
    """A connection named by `after` may be anything: only the order counts."""
    page = eight.page(connector_type=None, status=None, after="google_workspace:c", limit=2)
    assert ids(page.connections) == [
        "google_workspace:cora@example.org",
        "google_workspace:dora@example.org",
    ]


def test_a_filter_follows_a_changed_status(eight: MainStore) -> None:
    """A connection is listed by the status that it has now, a claim on it or not."""
    key = ConnectionKey("google_workspace", "anna@example.org")
    claimed = eight.claim(get(eight, key), "lease")
    page = eight.page(
        connector_type="google_workspace", status=ConnectionStatus.ACTIVE, after=None, limit=9
    )
    assert key.document_id in ids(page.connections)
    eight.commit(Batch(changes=(change(claimed, tombstone(claimed)),)))
    page = eight.page(
        connector_type="google_workspace", status=ConnectionStatus.ACTIVE, after=None, limit=9
    )
    assert key.document_id not in ids(page.connections)
