"""The model of the refresh protocol holds, each mistake in it is caught, and docs/protocol.md says so.

`make soak` tries more at a time, and every mutant with every provider.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from docs.models.refresh_invariants import INVARIANTS
from docs.models.refresh_protocol import SIZES, SMALL, rules_of
from docs.models.refresh_rules import Beyond, Mode, Mutant, Rules
from docs.models.refresh_search import Size, explore

PAGE: Final = (Path(__file__).parents[2] / "docs/protocol.md").read_text("utf-8")
ROW: Final = re.compile(r"^\| `(\w+)` \| .+ \| (I\d+) \| ([a-z, ]+) \| (\d+) \|$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What the page says of one mutant: what it breaks first, with whom, after how many steps."""

    invariant: str
    modes: tuple[Mode, ...]
    steps: int


ROWS: Final = {
    name: Row(
        invariant=invariant,
        modes=tuple(Mode(mode) for mode in modes.split(", ")),
        steps=int(steps),
    )
    for name, invariant, modes, steps in ROW.findall(PAGE)
}


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_no_order_of_events_breaks_anything(size: Size, mode: Mode) -> None:
    """With each provider; and there are as many states as the page says."""
    result = explore(Rules(mode), size)
    assert result.invariant is None, result.trace
    row = rf"^\| {size.refreshers} \| {size.finishers} \| {size.faults} \| (.*) \|$"
    found = re.search(row, PAGE, re.MULTILINE)
    assert found is not None
    assert found[1].split(" | ")[list(Mode).index(mode)] == f"{result.states:,}"


def test_the_page_knows_every_mutant_and_every_invariant() -> None:
    """What is explained there is what is tried, by the same names."""
    assert sorted(ROWS) == sorted((*Mutant, *Beyond))
    assert re.findall(r"^\| (I\d+) \|", PAGE, re.MULTILINE) == list(INVARIANTS)
    assert {row.invariant for row in ROWS.values()} == set(INVARIANTS)


@pytest.mark.parametrize("name", [*Mutant, *Beyond])
def test_every_mistake_breaks_what_the_page_says(name: str) -> None:
    """With each provider that it names, and the shortest way is as short as it says."""
    row = ROWS[name]
    results = {
        rules.mode: explore(rules, SMALL) for rules in rules_of(name) if rules.mode in row.modes
    }
    assert {mode: result.invariant for mode, result in results.items()} == dict.fromkeys(
        row.modes, row.invariant
    )
    assert min(len(result.trace) for result in results.values()) == row.steps


def test_a_trace_is_told_step_by_step() -> None:
    """Of the late success that must heal: the one whose lease ran out is A to the end."""
    assert explore(Rules(Mode.SINGLE, Mutant.NO_HEAL), SMALL).trace == (
        "A claims",
        "A sends",
        "A is answered",
        "A is frozen until its lease is over",
        "B claims",
        "B finds no rescue",
        "B sends",
        "B is refused",
        "B finds no better answer",
        "B marks needs_sign_in",
        "A drops its stale answer",
    )
