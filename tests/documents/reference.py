"""Writes docs/api.md, docs/configuration.md and docs/costs.md: `python -m tests.documents.reference`."""

import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.architecture.catalogue import ROOT
from tests.documents.api_page import ApiPage
from tests.documents.cost_page import cost_page
from tests.documents.settings_page import configuration


def pages() -> Mapping[Path, str]:
    """Return what stands in each page, by its file."""
    docs = ROOT / "docs"
    with TemporaryDirectory() as folder:
        return {
            docs / "api.md": ApiPage().text(),
            docs / "configuration.md": configuration(Path(folder)),
            docs / "costs.md": cost_page(),
        }


def main() -> None:
    """Write those that have changed, and name them."""
    for file, text in pages().items():
        if not file.exists() or file.read_text("utf-8") != text:
            file.write_text(text, "utf-8")
            sys.stdout.write(f"docs/{file.name} is written\n")


if __name__ == "__main__":
    main()
