"""The corpus of places where attackers would have a sign-in end, read by a real browser."""

from tests.browser.visitor import Visitor
from tests.support.return_to import ALLOWED, CORPUS, ORIGIN
from tests.unit.core.test_attacks_on_return_to import taken

READ = """([texts, base]) => texts.map((text) => {
  try { return new URL(text, base).origin; } catch { return ""; }
})"""
OURS = ALLOWED | {ORIGIN}


def origins(visitor: Visitor, texts: list[str], base: str) -> dict[str, str]:
    """Where the browser would go, text by text; empty: nowhere."""
    return dict(zip(texts, visitor.page.evaluate(READ, [texts, base]), strict=True))


def test_whatever_is_taken_ends_at_ours_for_a_browser(visitor: Visitor) -> None:
    """N20: by `new URL(location, base)`, from our page and from the provider's."""
    urls = [url for url in map(taken, CORPUS) if url is not None]
    assert len(urls) > 20
    for base in (f"{ORIGIN}/api/v1/oauth/callback/google", "https://accounts.google.com/o/x"):
        found = origins(visitor, urls, base)
        assert {url: origin for url, origin in found.items() if origin not in OURS} == {}


def test_what_a_browser_reads_as_elsewhere_is_refused(visitor: Visitor) -> None:
    """N20: nothing that a browser takes to another origin than ours is let through."""
    found = origins(visitor, list(CORPUS), f"{ORIGIN}/api/v1/oauth/callback/google")
    elsewhere = [text for text, origin in found.items() if origin and origin not in OURS]
    assert len(elsewhere) > 500
    assert [text for text in elsewhere if taken(text) is not None] == []
