"""What a refresh came to, written down or not: settling.py, step by step."""

from collections.abc import Iterator

from docs.models.refresh_rules import Mutant
from docs.models.refresh_state import NONE, At, Lease, Record, Refresher, Rescue, Status, Step
from docs.models.refresh_turn import Turn, rescue_of


def keeping(turn: Turn) -> Iterator[Step]:
    """An answer is committed for the credential that it replaces, or dropped, or put aside."""
    state, worker = turn.state, turn.worker
    if not fits(state.record, worker, turn.rules.mutant):
        revokes = turn.with_mutant(Mutant.STALE_REVOKE)
        good = frozenset() if revokes else state.good
        yield "drops its stale answer", turn.over(good=good)
        return
    landed = turn.writes(_kept(turn))
    rescues = state.rescues
    if worker.adopting:
        used = (worker.epoch, worker.generation)
        rescues = frozenset(each for each in rescues if (each.epoch, each.generation) != used)
    if turn.with_mutant(Mutant.AUDIT_OUTSIDE_COMMIT):
        yield "commits", landed.then(landed.worker._replace(at=At.AUDITING), rescues=rescues)
        return
    yield "commits", landed.over(rescues=rescues)
    if state.faults:
        fewer = state.faults - 1
        yield "can not commit", turn.then(worker._replace(at=At.RESCUING), faults=fewer)
        unheard = landed.worker._replace(at=At.RESCUING)
        said = "commits, and never hears of it"
        yield said, landed.then(unheard, rescues=rescues, faults=fewer)


def fits(record: Record, worker: Refresher, mutant: Mutant | None = None) -> bool:
    """Return whether the answer belongs to what the record holds; a person who waits is healed."""
    live = record.status is not Status.REVOKED
    epoch, generation = record.epoch == worker.epoch, record.generation == worker.generation
    match mutant:
        case Mutant.NO_CAS:
            return True
        case Mutant.ABA_GEN_RESET:
            return live and generation
        case Mutant.RESURRECT:
            return generation
        case Mutant.NO_HEAL:
            return record.status is Status.ACTIVE and epoch and generation
        case _:
            return live and epoch and generation


def _kept(turn: Turn) -> Record:
    record, worker = turn.state.record, turn.worker
    forgets = worker.answer == worker.token and turn.with_mutant(Mutant.NULL_RT)
    later = turn.with_mutant(Mutant.AUDIT_OUTSIDE_COMMIT)
    return record._replace(
        status=Status.ACTIVE,
        epoch=worker.epoch if turn.with_mutant(Mutant.NO_CAS) else record.epoch,
        generation=worker.generation + 1,
        token=NONE if forgets else worker.answer,
        unaudited=record.unaudited + int(later),
    )


def auditing(turn: Turn) -> Iterator[Step]:
    """In one mutant the audit record comes after the commit."""
    record = turn.state.record
    audited = record._replace(unaudited=record.unaudited - 1)
    yield "writes its audit record", turn.over(record=audited)


def rescuing(turn: Turn) -> Iterator[Step]:
    """What could not be committed, or may not have been, is put where the next one looks."""
    state, worker = turn.state, turn.worker
    known = rescue_of(state, worker.epoch, worker.generation) is not None
    skips = known or turn.with_mutant(Mutant.NO_RESCUE)
    rescue = Rescue(worker.epoch, worker.generation, worker.answer)
    rescues = state.rescues if skips else state.rescues | {rescue}
    yield "puts its answer aside", turn.over(rescues=rescues)


def refused(turn: Turn) -> Iterator[Step]:
    """Before a person is told to sign in: somebody may hold a better answer."""
    rescue = rescue_of(turn.state, turn.worker.epoch, turn.worker.generation)
    if rescue is not None and not turn.with_mutant(Mutant.NO_ADOPT):
        yield "finds a rescue", turn.adopts(rescue)
    elif turn.worker.retries:
        yield "finds no better answer, and knew", turn.releases()
    else:
        yield "finds no better answer", turn.then(turn.worker._replace(at=At.MARKING))
        if turn.state.faults:  # many others are refused too
            yield "does not believe it", turn.releases(faults=turn.state.faults - 1)


def marking(turn: Turn) -> Iterator[Step]:
    """Only the holder of the lease may mark: whoever took it over may hold a better answer."""
    record, worker = turn.state.record, turn.worker
    may = fits(record, worker) and worker.lease is not Lease.NONE
    if turn.with_mutant(Mutant.DEAD_WITHOUT_REREAD):
        may = record.status is Status.ACTIVE
    if not may:
        yield "leaves it to others", turn.over()
        return
    yield "marks needs_sign_in", turn.writes(record._replace(status=Status.NEEDS_SIGN_IN)).over()
    if turn.state.faults:
        yield "can not mark", turn.over(faults=turn.state.faults - 1)
