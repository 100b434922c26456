"""Files whose tests take long come first, so that at the end no process waits for another's last file."""

from typing import Final

import pytest

from tests.support.processes import ROOT

LONG: Final = ("documents", "browser", "crash", "cloud", "unit/cli", "unit/core", "contract/stores")
"""Folders below tests."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort them so; otherwise they stay in their order, which may be one of chance."""
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    for number, folder in enumerate(LONG):
        if item.path.is_relative_to(ROOT / "tests" / folder):
            return number
    return len(LONG)
