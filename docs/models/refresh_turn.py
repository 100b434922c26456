"""One refresher's turn: what it sees, and how the world stands after its move."""

from typing import Any, NamedTuple

from docs.models.refresh_rules import SPENDING, Mutant, Rules
from docs.models.refresh_state import NONE, At, Lease, Record, Refresher, Rescue, State


class Turn(NamedTuple):
    """The refresher at this place may move; all that it does to the record is a conditional write."""

    state: State
    place: int
    worker: Refresher
    rules: Rules

    def with_mutant(self, mutant: Mutant) -> bool:
        """Return whether the protocol has this mistake."""
        return self.rules.mutant is mutant

    def then(self, worker: Refresher, **changes: Any) -> State:  # noqa: ANN401  # reason: any field
        """Return the state with this refresher, and whatever else changed."""
        before, after = self.state.refreshers[: self.place], self.state.refreshers[self.place + 1 :]
        return self.state._replace(refreshers=(*before, worker, *after), **changes)

    def over(self, **changes: Any) -> State:  # noqa: ANN401  # reason: any field
        """Return the state in which it is done; only the lease that it left behind still matters."""
        return self.then(Refresher(at=At.DONE, lease=self.worker.lease), **changes)

    def releases(self, **changes: Any) -> State:  # noqa: ANN401  # reason: any field
        """Return the state in which it gave its lease back."""
        return self.then(Refresher(at=At.DONE), **changes)

    def writes(self, record: Record) -> "Turn":
        """Return the turn with this record."""
        state = written(self.state, record)
        return self._replace(state=state, worker=self.worker._replace(lease=Lease.NONE))

    def adopts(self, rescue: Rescue) -> State:
        """Return the state in which it has this answer."""
        return self.then(self.worker._replace(at=At.KEEPING, answer=rescue.token, adopting=True))

    def killed(self) -> State:
        """Return the state without it; what it held and nobody stored, it takes along."""
        held = self.worker.answer not in {NONE, self.state.record.token}
        loses = held and not self.worker.adopting
        dead = Refresher(at=At.DEAD, lease=self.worker.lease)
        return self.then(dead, faults=self.state.faults - 1, lost=self.lost(loses=loses))

    def lost(self, *, loses: bool) -> int:
        """Return the epoch of which a token may be lost, should this answer come to nothing."""
        spending = loses and self.rules.mode in SPENDING
        return max(self.state.lost, self.worker.epoch) if spending else self.state.lost


def written(state: State, record: Record) -> State:
    """Return the state after a write of the record, which takes every lease away."""
    refreshers = tuple(worker._replace(lease=Lease.NONE) for worker in state.refreshers)
    return state._replace(record=record, refreshers=refreshers)


def rescue_of(state: State, epoch: int, generation: int) -> Rescue | None:
    """Return what was put aside by a refresh that used this generation's token."""
    for rescue in state.rescues:
        if (rescue.epoch, rescue.generation) == (epoch, generation):
            return rescue
    return None
