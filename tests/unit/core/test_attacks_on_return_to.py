"""The corpus of places where attackers would have a sign-in end, read by urllib."""

from urllib.parse import urljoin, urlsplit

import pytest

from multi_user_oauth.errors import RequestError
from multi_user_oauth.sign_in.return_to import checked_return_to
from tests.support.return_to import ALLOWED, CORPUS, ORIGIN, PLAIN

OURS = ALLOWED | {ORIGIN}


def taken(text: str) -> str | None:
    """Where the sign-in would end, None if that is refused."""
    try:
        return checked_return_to(text, origin=ORIGIN, allowed=ALLOWED)
    except RequestError:
        return None


def test_the_corpus_is_large_and_not_all_of_it_is_refused() -> None:
    """N20: over five hundred texts; what is harmless is taken, so the rest proves something."""
    assert len(CORPUS) > 500
    assert [text for text in PLAIN if taken(text) is None] == []
    assert sum(taken(text) is not None for text in CORPUS) < len(CORPUS) / 2


@pytest.mark.parametrize("base", [ORIGIN, f"{ORIGIN}/a/b", "https://elsewhere.example/a/b?c"])
def test_whatever_is_taken_ends_at_ours_for_urllib(base: str) -> None:
    """N20: as it stands and joined to any page's address; and it is no more than was asked for."""
    for text in CORPUS:
        url = taken(text)
        if url is None:
            continue
        for read in (url, urljoin(base, url)):
            parts = urlsplit(read)
            assert f"{parts.scheme}://{parts.netloc}" in OURS, text
        assert url in {text, ORIGIN + text}
        assert url.isprintable()
        assert "\\" not in url


def test_what_urllib_reads_as_elsewhere_is_refused() -> None:
    """N20: nothing that a parser takes to another origin than ours is let through."""
    elsewhere = []
    for text in CORPUS:
        try:
            parts = urlsplit(urljoin(f"{ORIGIN}/a/b", text))
        except ValueError:
            continue
        if f"{parts.scheme}://{parts.netloc}" not in OURS:
            elsewhere.append(text)
    assert len(elsewhere) > 500
    assert [text for text in elsewhere if taken(text) is not None] == []
