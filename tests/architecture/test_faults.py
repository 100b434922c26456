"""Every fault on the list has a test that names it, and docs/faults.md tells which."""

import re
from typing import Final

from tests.architecture.catalogue import ROOT
from tests.architecture.documented import NAMED, docstrings

PAGE: Final = (ROOT / "docs/faults.md").read_text("utf-8")
ROW: Final = re.compile(r"^\| ([FN]\d{2}) \| (.+) \| (.+) \| (.+) \|$", re.MULTILINE)
NUMBER: Final = re.compile(r"\b(?:F\d{2}|N(?:79|8[0-2]))\b")
FAULTS: Final = tuple(f"F{number:02}" for number in range(1, 26))
MANY_AT_ONCE: Final = ("N79", "N80", "N81", "N82")
COMING: Final[dict[str, str]] = {}
"""Faults of what does not exist yet. One that has a test leaves this list."""


def named() -> set[str]:
    """Return the faults that tests name."""
    return {number for docstring in docstrings().values() for number in NUMBER.findall(docstring)}


def test_every_fault_has_a_test() -> None:
    """By its number in the docstring, but for what is still to come."""
    assert {*FAULTS, *MANY_AT_ONCE} - named() == COMING.keys()


def test_the_page_lists_every_fault_once() -> None:
    """In order; those still to come are said to be."""
    assert tuple(number for number, *_ in ROW.findall(PAGE)) == (*FAULTS, *MANY_AT_ONCE)
    for number, _, _, proof in ROW.findall(PAGE):
        assert (proof == "coming") == (number in COMING), number


def test_the_page_names_tests_that_are_about_the_fault() -> None:
    """Each named test exists, and names the fault itself."""
    for number, _, _, proof in ROW.findall(PAGE):
        proofs = NAMED.findall(proof)
        assert proofs or number in COMING, number
        for name in proofs:
            assert name in docstrings(), name
            assert number in NUMBER.findall(docstrings()[name]), f"{name}: {number}"
    assert [name for name in NAMED.findall(PAGE) if name not in docstrings()] == []


def test_each_fault_of_a_process_is_repeated_in_the_long_tests() -> None:
    """Where a row is proved by processes that die or freeze, `make soak` does it again and again."""
    of_processes = {
        number
        for number, _, _, proof in ROW.findall(PAGE)
        if any(name.startswith("tests/crash/") for name in NAMED.findall(proof))
    }
    repeated = {
        number
        for name, docstring in docstrings().items()
        if name.startswith("tests/soak/test_crashes.py")
        for number in NUMBER.findall(docstring)
    }
    assert of_processes - repeated == set()
