"""Disconnect, the finisher, and who signs in meanwhile: revocation.py, finishing.py, connecting.py."""

from collections.abc import Iterator

from docs.models.refresh_rules import REVOKING, Beyond, Mutant, Rules
from docs.models.refresh_state import (
    NONE,
    NOTHING_PENDING,
    REST,
    SIBLINGS,
    At,
    Disconnecting,
    Finisher,
    Lease,
    Record,
    Revocation,
    Sibling,
    SigningIn,
    State,
    Status,
    Step,
    Token,
)
from docs.models.refresh_turn import written


def disconnect_steps(state: State, rules: Rules) -> Iterator[Step]:
    """The ledger first; then tombstone and revocation in one commit, of the epoch that was read."""
    one, record = state.disconnecting, state.record
    if one.at is At.IDLE and record.status is not Status.REVOKED:
        begun = Disconnecting(At.CLAIMED, record.epoch)
        yield "disconnect enters the ledger", state._replace(disconnecting=begun)
    elif one.at is At.CLAIMED and record.epoch == one.epoch:
        yield "disconnect commits", _buried(state, rules)
    elif one.at is At.CLAIMED:
        over = Disconnecting(At.DONE)
        yield "disconnect finds a newer connection", state._replace(disconnecting=over)
    elif one.at is At.KEEPING:
        opened = state._replace(disconnecting=Disconnecting(At.DONE))
        yield "disconnect writes the revocation", opened._replace(revocation=Revocation(one.epoch))
    if one.at not in REST and state.faults:
        dead = Disconnecting(At.DEAD, one.epoch)
        yield "disconnect is killed", state._replace(disconnecting=dead, faults=state.faults - 1)


def _buried(state: State, rules: Rules) -> State:
    record, epoch = state.record, state.record.epoch
    leased = any(worker.lease is not Lease.NONE for worker in state.refreshers)
    aside = {r for r in state.rescues if (r.epoch, r.generation) == (epoch, record.generation)}
    revocable = rules.mode in REVOKING
    later = revocable and rules.mutant is Mutant.REVOCATION_OUTSIDE_COMMIT
    tombstone = record._replace(
        status=Status.REVOKED, epoch=epoch + 1, token=NONE, pending=epoch if revocable else 0
    )
    return written(state, tombstone)._replace(
        disconnecting=Disconnecting(At.KEEPING if later else At.DONE, epoch),
        revocation=Revocation(epoch) if revocable and not later else state.revocation,
        rescues=state.rescues - aside if leased else state.rescues,
    )


def finisher_steps(state: State, rules: Rules) -> Iterator[Step]:
    """Under the revocation's own lease: look who lives, look at the clock, tell the provider, delete."""
    for index, worker in enumerate(state.finishers):
        name = f"finisher {index + 1}"
        for said, after in _finishing(state, index, worker, rules):
            yield f"{name} {said}", after
        if worker.at not in REST and state.faults:
            dead = Finisher(At.DEAD, worker.lease)
            yield f"{name} is killed", _with(state, index, dead, fault=True)


def _finishing(state: State, index: int, worker: Finisher, rules: Rules) -> Iterator[Step]:
    match worker.at:
        case At.IDLE:
            yield from _claiming(state, index)
        case At.CLAIMED:
            live = state.record.status is not Status.REVOKED or state.sibling is Sibling.LIVE
            spares = live and rules.mutant is not Mutant.BLIND_REVOKE
            said = "sees a live connection" if spares else "sees no live connection"
            at = At.KEEPING if spares else At.SENDING
            yield said, _with(state, index, worker._replace(at=at))
        case At.SENDING:
            yield from _telling(state, index, worker, rules)
        case At.KEEPING:
            ours = state.revocation is not None and state.revocation.version == worker.version
            after = _with(state, index, Finisher(At.DONE))
            yield "is through", after._replace(revocation=None) if ours else after
        case _:
            pass


def _claiming(state: State, index: int) -> Iterator[Step]:
    leased = any(each.lease is Lease.LIVE for each in state.finishers)
    if state.revocation is None or leased:
        return
    version = state.revocation.version + 1
    others = tuple(each._replace(lease=Lease.NONE) for each in state.finishers)
    claimed = state._replace(
        finishers=others, revocation=state.revocation._replace(version=version)
    )
    worker = Finisher(At.CLAIMED, Lease.LIVE, version=version)
    yield "claims", _with(claimed, index, worker)


def _telling(state: State, index: int, worker: Finisher, rules: Rules) -> Iterator[Step]:
    pending = Finisher(At.DONE, worker.lease)
    if worker.late and rules.mutant is not Mutant.LATE_REVOKE:
        yield "was frozen, and revokes nothing", _with(state, index, pending)
        return
    ended = state._replace(good=frozenset())  # the whole grant: all that the person ever gave
    yield "revokes", _with(ended, index, worker._replace(at=At.KEEPING))
    if state.faults:
        yield "never gets the answer", _with(ended, index, pending, fault=True)
        yield "meets an outage", _with(state, index, pending, fault=True)


def _with(state: State, index: int, worker: Finisher, *, fault: bool = False) -> State:
    finishers = (*state.finishers[:index], worker, *state.finishers[index + 1 :])
    return state._replace(finishers=finishers, faults=state.faults - int(fault))


def sign_in_steps(state: State, rules: Rules) -> Iterator[Step]:
    """The callback: settle epoch and what is cancelled, exchange the code, commit on that condition."""
    one = state.signing_in
    if one.at is At.IDLE:
        yield from _preparing(state, rules)
    elif one.at is At.CLAIMED:
        token = Token(one.epoch, state.given + 1)
        yield (
            "sign-in exchanges its code",
            state._replace(
                signing_in=one._replace(at=At.KEEPING, token=token),
                good=state.good | {token},
                given=token.number,
            ),
        )
    elif one.at is At.KEEPING:
        yield from _connecting(state, one, rules)
    if one.at not in REST and state.faults:
        dead = SigningIn(At.DEAD)
        yield "sign-in is killed", state._replace(signing_in=dead, faults=state.faults - 1)


def _preparing(state: State, rules: Rules) -> Iterator[Step]:
    record, revocation = state.record, state.revocation
    cancels = NOTHING_PENDING
    if revocation is not None and revocation.epoch == record.pending:
        leased = any(each.lease is Lease.LIVE for each in state.finishers)
        if leased and rules.mutant is not Mutant.UNGUARDED_CALLBACK:
            return  # revocation_pending: "try again shortly"
        cancels = revocation.version
    # Drawn from the time, on a machine whose clock is ahead: a disconnect may come in between, and below.
    epoch = record.epoch + 2
    prepared = SigningIn(At.CLAIMED, record.epoch, epoch, cancels)
    yield "sign-in prepares", state._replace(signing_in=prepared)


def _connecting(state: State, one: SigningIn, rules: Rules) -> Iterator[Step]:
    record, revocation = state.record, state.revocation
    over = state._replace(signing_in=SigningIn(At.DONE))
    cancelled = one.cancels != NOTHING_PENDING
    moved = cancelled and (revocation is None or revocation.version != one.cancels)
    by_clock = rules.mutant is Mutant.EPOCH_BY_CLOCK
    ended = record.epoch >= one.epoch if by_clock else record.epoch != one.seen
    if ended or moved:
        yield "sign-in finds that things moved on", over
        return
    resets = rules.mutant is Mutant.ABA_GEN_RESET
    generation = 1 if resets else record.generation + 1
    connected = Record(Status.ACTIVE, one.epoch, generation, one.token, 0, record.unaudited)
    after = written(over, connected)
    yield "sign-in connects", after._replace(revocation=None if cancelled else revocation)


def sibling_steps(state: State, rules: Rules) -> Iterator[Step]:
    """The same person connects another type: a callback that reads another record."""
    if Beyond.SIBLING_CONNECTS not in rules.beyond:
        return
    if state.sibling is Sibling.ABSENT:
        good = state.good | {SIBLINGS}
        begun = state._replace(sibling=Sibling.SIGNING_IN, good=good)
        yield "sibling exchanges its code", begun
    elif state.sibling is Sibling.SIGNING_IN:
        yield "sibling connects", state._replace(sibling=Sibling.LIVE)
