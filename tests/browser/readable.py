"""Whether everybody can read and operate a page: axe-core's rules, and those that it has not."""

from functools import cache
from importlib.metadata import files
from pathlib import Path
from typing import Final

from playwright.sync_api import Page

OURS: Final = (Path(__file__).parent / "accessibility.js").read_text(encoding="utf-8")
PACKAGE: Final = "axe-playwright-python"
RUN: Final = """async () => {
  const rules = Object.fromEntries(
    ["label-content-name-mismatch", "target-size"].map((id) => [id, { enabled: true }]),
  );
  const { violations } = await axe.run(document, { rules, resultTypes: ["violations"] });
  return violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.html} (${node.failureSummary})`));
}"""
"""All rules that are on by default, and two that are not: other names than are seen, small targets."""


@cache
def axe_core() -> str:
    """Return axe-core, as it comes in a package."""
    (script,) = (each for each in files(PACKAGE) or () if each.name == "axe.min.js")
    return script.read_text("utf-8")


def hindrances(page: Page) -> list[str]:
    """Return what is wrong with the page as it is shown now; empty is good."""
    page.evaluate(axe_core())  # not a script of the page: its policy lets none in
    found: list[str] = [*page.evaluate(RUN), *page.evaluate(OURS)]
    return found
