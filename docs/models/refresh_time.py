"""Leases run out: of who is gone for certain, of who is at work if it is frozen for that long."""

from collections.abc import Iterator

from docs.models.refresh_rules import Mode, Mutant, Rules
from docs.models.refresh_state import NAMES, REST, Finisher, Lease, Refresher, State, Step


def time_steps(state: State, rules: Rules) -> Iterator[Step]:
    """Return every lease that can run out now; it costs a fault unless its holder is gone."""
    if rules.mutant is Mutant.LOCK_WITHOUT_TTL:
        return
    for index, refresher in enumerate(state.refreshers):
        if _may_run_out(refresher, state):
            over = refresher._replace(lease=Lease.OVER, late=refresher.at not in REST)
            others = (*state.refreshers[:index], over, *state.refreshers[index + 1 :])
            # Whoever takes over asks with the same token: reuse, to a strict provider.
            excused = rules.mode is Mode.STRICT and over.late
            lost = max(state.lost, refresher.epoch) if excused else state.lost
            faults = state.faults - int(over.late)
            after = state._replace(refreshers=others, faults=faults, lost=lost)
            yield f"{NAMES[index]} {_end(refresher)}", after
    for index, finisher in enumerate(state.finishers):
        if _may_run_out(finisher, state):
            gone = finisher._replace(lease=Lease.OVER, late=finisher.at not in REST)
            workers = (*state.finishers[:index], gone, *state.finishers[index + 1 :])
            after = state._replace(finishers=workers, faults=state.faults - int(gone.late))
            yield f"finisher {index + 1} {_end(finisher)}", after


def _may_run_out(worker: Refresher | Finisher, state: State) -> bool:
    return worker.lease is Lease.LIVE and (worker.at in REST or state.faults > 0)


def _end(worker: Refresher | Finisher) -> str:
    return (
        "is gone, and so is its lease" if worker.at in REST else "is frozen until its lease is over"
    )
