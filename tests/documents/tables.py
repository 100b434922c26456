"""Markdown, as the pages that are made here need it."""

import re
from collections.abc import Iterable, Sequence


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; a cell is one line, and a bar in it stays a character."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(map(cell, line)) + " |" for line in lines)


def cell(text: str) -> str:
    """Return the text as it stands in a cell."""
    return re.sub(r"\s+", " ", text).strip().replace("|", "\\|")


def anchor(heading: str) -> str:
    """Return what a link to a heading says after `#`, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
