"""Every order of events, the shortest first."""

import gc
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from docs.models.refresh_ending import (
    disconnect_steps,
    finisher_steps,
    sibling_steps,
    sign_in_steps,
)
from docs.models.refresh_invariants import broken, shrunk
from docs.models.refresh_rules import REVOKING, Rules
from docs.models.refresh_state import (
    SIBLINGS,
    Finisher,
    Refresher,
    Sibling,
    State,
    Step,
    Token,
)
from docs.models.refresh_steps import refresher_steps
from docs.models.refresh_time import time_steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many are at work, and how many things go wrong, whichever."""

    refreshers: int = 2
    finishers: int = 2
    faults: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How many states there are; or which invariant broke first, and the shortest way there."""

    states: int
    invariant: str | None = None
    trace: tuple[str, ...] = ()


def explore(rules: Rules, size: Size) -> Result:
    """Try everything, nearest first."""
    collects = gc.isenabled()
    gc.disable()  # no state is part of a cycle, and there are very many to look through
    try:
        return _explored(rules, size)
    finally:
        if collects:
            gc.enable()


def _explored(rules: Rules, size: Size) -> Result:
    seen: dict[State, State | None] = dict.fromkeys(starts(rules, size))
    waiting = deque(seen)
    while waiting:
        state = waiting.popleft()
        for _, after in steps(state, rules):
            found = ordered(after)
            name = shrunk(state, found)
            if name is None and found not in seen:
                name = broken(found, rules)
                seen[found] = state
                waiting.append(found)
            if name is not None:
                trace = _trace(seen, state, found, rules)
                return Result(states=len(seen), invariant=name, trace=trace)
    return Result(states=len(seen))


def starts(rules: Rules, size: Size) -> Iterator[State]:
    """A connection with nobody at work; where a grant can be ended, also one whose sibling shares it."""
    alone = State(
        refreshers=(Refresher(),) * size.refreshers,
        finishers=(Finisher(),) * (size.finishers if rules.mode in REVOKING else 0),
        faults=size.faults,
        good=frozenset({Token(1, 1)}),
        sibling=Sibling.ABSENT,
    )
    yield alone
    if rules.mode in REVOKING:
        yield alone._replace(sibling=Sibling.LIVE, good=alone.good | {SIBLINGS})


def steps(state: State, rules: Rules) -> Iterator[Step]:
    """Return everything that can happen next."""
    yield from refresher_steps(state, rules)
    yield from disconnect_steps(state, rules)
    yield from finisher_steps(state, rules)
    yield from sign_in_steps(state, rules)
    yield from sibling_steps(state, rules)
    yield from time_steps(state, rules)


def ordered(state: State) -> State:
    """Return the same state whichever worker it was: they are all alike."""
    refreshers, finishers = tuple(sorted(state.refreshers)), tuple(sorted(state.finishers))
    if (refreshers, finishers) == (state.refreshers, state.finishers):
        return state
    return state._replace(refreshers=refreshers, finishers=finishers)


def _trace(
    seen: dict[State, State | None], before: State, last: State, rules: Rules
) -> tuple[str, ...]:
    path, state = [last, before], seen[before]
    while state is not None:
        path.append(state)
        state = seen[state]
    now, *rest = reversed(path)
    told = []
    for wanted in rest:
        said, now = next(step for step in steps(now, rules) if ordered(step[1]) == wanted)
        told.append(said)
    return tuple(told)
