"""Every attack on the list has a test that names it, and docs/attacks.md tells which."""

import re
from typing import Final

from tests.architecture.catalogue import ROOT
from tests.architecture.documented import NAMED, NUMBER, docstrings, numbers

PAGE: Final = (ROOT / "docs/attacks.md").read_text("utf-8")
ROW: Final = re.compile(r"^\| (N\d{2,3}[a-d]?) \| (.+) \| (.+) \| (.+) \|$", re.MULTILINE)
NUMBERS: Final = range(1, 101)
ATTACKS: Final = frozenset(f"N{number:02}" for number in NUMBERS) | {"N41b", "N41c", "N41d", "N73b"}
COMING: Final[dict[str, str]] = {}
"""Attacks whose target does not exist yet. One that has a test leaves this list."""


def named() -> set[str]:
    """Return the attacks that tests name."""
    return {number for docstring in docstrings().values() for number in numbers(docstring)}


def test_every_attack_has_a_test() -> None:
    """By its number in the docstring, but for those whose target is still to come."""
    assert ATTACKS - named() - COMING.keys() == set()
    assert COMING.keys() & named() == set(), "they have come"


def test_the_page_lists_every_attack_once() -> None:
    """In order, with input, outcome and tests; those still to come are said to be."""
    rows = [number for number, *_ in ROW.findall(PAGE)]
    assert rows == sorted(ATTACKS, key=lambda number: (int(number[1:].rstrip("abcd")), number))
    for number, _, _, proof in ROW.findall(PAGE):
        assert (proof == "coming") == (number in COMING), number
    assert set(NUMBER.findall(PAGE)) <= ATTACKS


def test_the_page_names_tests_that_are_about_the_attack() -> None:
    """Each named test exists, and names the attack itself."""
    for number, _, _, proof in ROW.findall(PAGE):
        proofs = NAMED.findall(proof)
        assert proofs or number in COMING, number
        for name in proofs:
            assert name in docstrings(), name
            assert number in numbers(docstrings()[name]), f"{name} does not speak of {number}"
