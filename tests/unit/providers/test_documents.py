"""Discovery and keys: fetched once, by one thread, and never remembered as an error."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from multi_user_oauth.errors import ProviderUnavailableError
from multi_user_oauth.providers.documents import Documents

URL = "https://provider.example/keys"
DAY = 86_400


class Source:
    """Counts fetches; the document is the count."""

    def __init__(self) -> None:
        self.now = 0.0
        self.fetched = 0
        self.before: Callable[[], None] = lambda: None
        self.documents = Documents(self._fetch, monotonic=lambda: self.now)

    def _fetch(self, url: str) -> dict[str, object]:
        self.fetched += 1
        number = self.fetched
        self.before()
        return {"number": number}

    def fail(self) -> None:
        """What an outage does."""
        raise ProviderUnavailableError("scripted")


def test_a_document_is_good_for_a_day() -> None:
    """Then it is fetched again."""
    source = Source()
    for now, number in [(0, 1), (DAY - 1, 1), (DAY, 2), (2 * DAY - 1, 2)]:
        source.now = now
        assert source.documents.get(URL) == {"number": number}


def test_a_document_is_refetched_once_a_minute() -> None:
    """The minute begins with any fetch, so that an unknown key costs no more than that."""
    source = Source()
    source.documents.get(URL)
    for now, number in [(0, 1), (59, 1), (60, 2), (61, 2), (119, 2), (120, 3)]:
        source.now = now
        assert source.documents.refetch(URL) == {"number": number}
    assert source.documents.get(URL) == {"number": 3}


def test_a_failed_refetch_keeps_what_there_was_and_waits_its_minute() -> None:
    """An outage of the key server does not undo the keys we have."""
    source = Source()
    source.documents.get(URL)
    source.now = 60
    source.before = source.fail
    with pytest.raises(ProviderUnavailableError):
        source.documents.refetch(URL)
    assert source.documents.refetch(URL) == {"number": 1}
    assert source.documents.get(URL) == {"number": 1}
    assert source.fetched == 2


def test_an_error_is_not_remembered() -> None:
    """Recovery is seen at once, for a document that we do not have."""
    source = Source()
    source.before = source.fail
    for fetch in (source.documents.get, source.documents.refetch):
        with pytest.raises(ProviderUnavailableError):
            fetch(URL)
    source.before = lambda: None
    assert source.documents.get(URL) == {"number": 3}


@pytest.mark.parametrize("fails", [False, True])
def test_who_comes_during_a_fetch_shares_its_end(*, fails: bool) -> None:
    """In an outage the last of a queue would wait for as many timeouts as there are threads."""
    source = Source()
    second_fetch = threading.Event()
    later: list[Future[object]] = []

    def get() -> object:
        try:
            return source.documents.get(URL)
        except ProviderUnavailableError:
            return "unavailable"

    with ThreadPoolExecutor(4) as pool:

        def before() -> None:
            source.before = second_fetch.set
            later.extend(pool.submit(get) for _ in range(4))
            assert not second_fetch.wait(0.2), "somebody else fetched, too"
            if fails:
                source.fail()

        source.before = before
        first = get()
        ends = [first, *(waiting.result(10) for waiting in later)]
    assert ends == ["unavailable" if fails else {"number": 1}] * 5
    assert source.fetched == 1


def test_each_url_is_a_document_of_its_own() -> None:
    """Keys of one tenant are not another's."""
    source = Source()
    assert source.documents.get(URL) != source.documents.get(f"{URL}/other")
