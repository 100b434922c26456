"""No link of a document leads nowhere."""

import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import pytest

from tests.unit.cli.processes import ROOT

LINK: Final = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE: Final = re.compile(r"^( *)```.*?^\1```$", re.DOTALL | re.MULTILINE)
PAGES: Final = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "infra/README.md")
)


@cache
def anchors(path: Path) -> frozenset[str]:
    """Return the anchors that a page's headings get: lower case, blanks to hyphens, signs left out."""
    text = CODE.sub("", path.read_text("utf-8"))
    found: Counter[str] = Counter()
    names = set()
    for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE):
        said = LINK.sub(lambda link: link[0].partition("]")[0], heading)
        name = re.sub(r"[^\w\- ]", "", said.lower()).replace(" ", "-")
        names.add(f"{name}-{found[name]}" if found[name] else name)
        found[name] += 1
    return frozenset(names)


def leads_somewhere(page: str, link: str) -> bool:
    """Whether there is such a file, and such a heading in it; what lies elsewhere is not asked."""
    if re.match(r"[a-z]+:", link):
        return True
    file, _, anchor = link.partition("#")
    path = (ROOT / page).parent / unquote(file) if file else ROOT / page
    if not path.exists():
        return False
    return not anchor or path.suffix != ".md" or anchor in anchors(path.resolve())


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    """To a file of ours, and to a heading of it."""
    text = CODE.sub("", (ROOT / page).read_text("utf-8"))
    assert [link for link in LINK.findall(text) if not leads_somewhere(page, link)] == []


@pytest.mark.parametrize("link", ["nothing.md", "docs/guide.md#nothing", "#nothing"])
def test_a_link_that_leads_nowhere_is_noticed(link: str) -> None:
    """Else the test above would prove nothing."""
    assert not leads_somewhere("README.md", link)
