"""How soon a page is there to be seen, in a real browser that has seen none of it before."""

from pathlib import Path
from statistics import median
from typing import Final

from playwright.sync_api import Browser, sync_playwright

from tests.benchmarks.results import Figure, Results
from tests.support.running import Running

PATHS: Final = ("/", "/account", "/admin")
VISITS: Final = 9
ARGUMENTS: Final = ("--no-sandbox", "--disable-background-networking", "--no-first-run")
TARGET: Final = 0.5
"""Seconds from the last byte of the page to the first of it that is painted."""
PAINTED: Final = """() => new Promise((resolve) => {
  new PerformanceObserver((list) => {
    const [page] = performance.getEntriesByType("navigation");
    const [paint] = list.getEntriesByName("first-contentful-paint");
    if (paint) resolve((paint.startTime - page.responseEnd) / 1000);
  }).observe({ type: "paint", buffered: true });
})"""


def first_paint(browser: Browser, url: str) -> float:
    """Return the seconds that a new visitor saw nothing of a page that had arrived."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(url)
    seconds: float = page.evaluate(PAINTED)
    context.close()
    return seconds


def test_a_page_is_seen_as_soon_as_it_is_there(
    tmp_path: Path, results: Results, whole_chromium_path: str
) -> None:
    """Nothing is kept from before: styles and scripts have to be fetched; in the middle of a few."""
    with Running(tmp_path) as world, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=whole_chromium_path, args=ARGUMENTS)
        for path in PATHS:
            seen = [first_paint(browser, world.origin + path) for _ in range(VISITS)]
            figure = Figure(
                name=f"first paint of {path} after its HTML arrived",
                value=median(seen),
                unit="s",
                target=TARGET,
                detail=f"slowest of {VISITS}: {max(seen):.2f} s",
            )
            results.add("first_paint", figure)
        browser.close()
