"""What must hold, by the names that the page gives it."""

from collections.abc import Iterator
from typing import Final

from docs.models.refresh_rules import REVOKING, Rules
from docs.models.refresh_state import (
    NONE,
    REST,
    SIBLINGS,
    At,
    Lease,
    Sibling,
    State,
    Status,
)
from docs.models.refresh_time import time_steps

INVARIANTS: Final = {
    "I1": "no refresh token is lost",
    "I2": "one call in flight for a credential, unless its lease ran out",
    "I3": "after a disconnect nothing of that epoch is stored",
    "I6": "an audit record for each change",
    "I7": "needs_sign_in only if the stored token is refused",
    "I8": "epoch and generation only grow",
    "I9": "no lease outlives its holder for ever",
    "I11": "no disconnected grant is forgotten",
}


def shrunk(before: State, after: State) -> str | None:
    """Return the invariant that this step broke, whether or not it leads to something new."""
    old, new = before.record, after.record
    return "I8" if new.epoch < old.epoch or new.generation < old.generation else None


def broken(state: State, rules: Rules) -> str | None:
    """Return the first invariant that does not hold."""
    return next(_broken(state, rules), None)


def _broken(state: State, rules: Rules) -> Iterator[str]:
    record = state.record
    if (record.status is Status.REVOKED) != (record.token == NONE):
        yield "I1" if record.token == NONE else "I3"
    elif record.token != NONE and record.token.epoch != record.epoch:
        yield "I3"
    if _too_many_calls(state):
        yield "I2"
    if record.status is Status.NEEDS_SIGN_IN and record.token in state.good:
        yield "I7"
    if state.sibling is Sibling.LIVE and SIBLINGS not in state.good:
        yield "I1"
    if all(worker.at in REST for worker in state.refreshers):
        yield from _broken_at_rest(state, rules)


def _too_many_calls(state: State) -> bool:
    calls = [
        (each.epoch, each.generation)
        for each in state.refreshers
        if each.at is At.SENDING and not each.late
    ]
    return len(calls) > len(set(calls))


def _broken_at_rest(state: State, rules: Rules) -> Iterator[str]:
    record = state.record
    if record.unaudited:
        yield "I6"
    if record.status is not Status.REVOKED and state.lost != record.epoch:
        if not _is_recoverable(state):
            yield "I1"
    elif record.status is Status.REVOKED and _is_forgotten(state, rules):
        yield "I11"
    if _is_held_for_ever(state, rules):
        yield "I9"


def _is_recoverable(state: State) -> bool:
    record = state.record
    used = (record.epoch, record.generation)
    aside = {each.token for each in state.rescues if (each.epoch, each.generation) == used}
    return not state.good.isdisjoint({record.token} | aside)


def _is_forgotten(state: State, rules: Rules) -> bool:
    working = state.disconnecting.at not in REST or state.sibling is not Sibling.ABSENT
    if rules.mode not in REVOKING or working or state.revocation is not None:
        return False
    return any(token.epoch == state.record.epoch - 1 for token in state.good)


def _is_held_for_ever(state: State, rules: Rules) -> bool:
    left = [each.lease for each in state.refreshers if each.at in REST]
    left += [each.lease for each in state.finishers if each.at in REST]
    return Lease.LIVE in left and next(time_steps(state, rules), None) is None
