"""What a refresher does next, and what can befall it: refresh.py, step by step."""

from collections.abc import Callable, Iterator
from typing import Final

from docs.models.refresh_rules import SPENDING, Mode, Mutant, Rules
from docs.models.refresh_settling import auditing, keeping, marking, refused, rescuing
from docs.models.refresh_state import (
    NAMES,
    NONE,
    REST,
    At,
    Lease,
    Refresher,
    State,
    Status,
    Step,
    Token,
)
from docs.models.refresh_turn import Turn, rescue_of, written


def refresher_steps(state: State, rules: Rules) -> Iterator[Step]:
    """Every next step of every refresher, and its end at that point."""
    for index, worker in enumerate(state.refreshers):
        turn = Turn(state, index, worker, rules)
        for said, after in _NEXT[worker.at](turn):
            yield f"{NAMES[index]} {said}", after
        if worker.at not in REST and state.faults:
            yield f"{NAMES[index]} is killed", turn.killed()


def _idle(turn: Turn) -> Iterator[Step]:
    state, record = turn.state, turn.state.record
    leases = {worker.lease for worker in state.refreshers}
    if Lease.LIVE in leases and not turn.with_mutant(Mutant.NO_LEASE):
        return
    if record.status is Status.REVOKED:
        return
    retries = record.status is Status.NEEDS_SIGN_IN  # a suspect, or a rescue that nobody came for
    looks = (Lease.OVER in leases or retries) and not turn.with_mutant(Mutant.NO_ADOPT)
    worker = Refresher(
        at=At.LOOKING if looks else At.CLAIMED,
        lease=Lease.LIVE,
        retries=retries,
        epoch=record.epoch,
        generation=record.generation,
        token=record.token,
    )
    yield "claims", turn._replace(state=written(state, record)).then(worker)


def _looking(turn: Turn) -> Iterator[Step]:
    worker = turn.worker
    rescue = rescue_of(turn.state, worker.epoch, worker.generation)
    if rescue is not None:
        yield "finds a rescue", turn.adopts(rescue)
    else:
        yield "finds no rescue", turn.then(worker._replace(at=At.CLAIMED))


def _claimed(turn: Turn) -> Iterator[Step]:
    if turn.worker.late:
        yield "was frozen, and does not send", turn.over()
    else:
        yield "sends", turn.then(turn.worker._replace(at=At.SENDING))


def _sending(turn: Turn) -> Iterator[Step]:
    state, worker = turn.state, turn.worker
    good, answer = asked(state, worker.token, turn.rules.mode)
    told = turn._replace(
        state=state._replace(good=good, given=max(state.given, answer.number)),
    )
    if answer == NONE:
        yield "is refused", told.then(worker._replace(at=At.REFUSED))
    else:
        yield "is answered", told.then(worker._replace(at=At.KEEPING, answer=answer))
    if not state.faults:
        return
    fewer = state.faults - 1
    lost = turn.lost(loses=answer != NONE)
    yield "never gets the answer", told.releases(faults=fewer, lost=lost)
    for said, mutant in _NOT_THE_PERSON.items():
        if turn.with_mutant(mutant):
            yield said, turn.then(worker._replace(at=At.MARKING), faults=fewer)
        else:
            yield said, turn.releases(faults=fewer)


_NOT_THE_PERSON: Final = {
    "meets an outage": Mutant.OUTAGE_DEAD,
    "is told invalid_client": Mutant.INVALID_CLIENT_DEAD,
}


def asked(state: State, token: Token, mode: Mode) -> tuple[frozenset[Token], Token]:
    """Return what the provider takes after this request, and its answer; `NONE`: invalid_grant."""
    if token not in state.good:
        ends = token.epoch if mode is Mode.STRICT else None
        return frozenset(each for each in state.good if each.epoch != ends), NONE
    if mode is Mode.STATIC:
        return state.good, token
    new = Token(token.epoch, state.given + 1)
    spent = {token} if mode in SPENDING else set()
    return (state.good - spent) | {new}, new


def _resting(_turn: Turn) -> Iterator[Step]:
    yield from ()


_NEXT: Final[dict[At, Callable[[Turn], Iterator[Step]]]] = {
    At.IDLE: _idle,
    At.LOOKING: _looking,
    At.CLAIMED: _claimed,
    At.SENDING: _sending,
    At.KEEPING: keeping,
    At.AUDITING: auditing,
    At.RESCUING: rescuing,
    At.REFUSED: refused,
    At.MARKING: marking,
    At.DONE: _resting,
    At.DEAD: _resting,
}
