"""Checks the refresh protocol: `python -m docs.models.refresh_protocol`, from the top of the tree."""

import sys
from collections.abc import Iterator
from typing import Final

from docs.models.refresh_rules import Beyond, Mode, Mutant, Rules
from docs.models.refresh_search import Result, Size, explore

SIZES: Final = (
    Size(refreshers=2, finishers=1, faults=2),
    Size(refreshers=2, finishers=2, faults=1),
    Size(refreshers=3, finishers=0, faults=1),
)
"""Some seconds each."""

LARGE: Final = (
    Size(refreshers=2, finishers=2, faults=3),
    Size(refreshers=3, finishers=1, faults=2),
)
"""Some minutes each."""

SMALL: Final = Size(refreshers=2, finishers=1, faults=1)
"""All that it takes to catch every mutant."""


def rules_of(name: str) -> Iterator[Rules]:
    """Return what goes by this name, with each provider; raise `ValueError` if nothing does."""
    for mode in Mode:
        if name in list(Beyond):
            yield Rules(mode, beyond=frozenset({Beyond(name)}))
        else:
            yield Rules(mode, Mutant(name))


def caught(name: str) -> dict[Mode, Result]:
    """Return what broke first, with each provider with which something did."""
    results = {rules.mode: explore(rules, SMALL) for rules in rules_of(name)}
    return {mode: result for mode, result in results.items() if result.invariant}


def _lines(names: list[str]) -> Iterator[str]:
    for name in names:
        for mode, result in caught(name).items():
            yield f"{name}, {mode}: breaks {result.invariant} in {len(result.trace)} steps"
            yield from (f"    {said}" for said in result.trace)
    if names:
        return
    for size in SIZES:
        for mode in Mode:
            result = explore(Rules(mode), size)
            yield f"{size}, {mode}: {result.states:,} states, breaks {result.invariant}"
    for name in (*Mutant, *Beyond):
        found = caught(name)
        steps = min(len(result.trace) for result in found.values())
        invariants = ", ".join(sorted({str(result.invariant) for result in found.values()}))
        yield f"{name}: breaks {invariants} with {', '.join(found)}, in {steps} steps"


if __name__ == "__main__":
    for line in _lines(sys.argv[1:]):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
