"""Whatever the schedule, no refresh token is lost and nothing comes back from the dead.

The real use cases run in threads of which one moves at a time; hypothesis draws who, and what befalls
them: a kill, a lost answer, a locked record, a jump of the clock. `HYPOTHESIS_PROFILE=soak` draws many.
"""

import logging
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from multi_user_oauth.errors import (
    MultiUserOAuthError,
    NeedsSignInError,
    NotConnectedError,
    RetryableError,
)
from multi_user_oauth.model import ConnectionStatus, RevocationResult
from multi_user_oauth.rescuing import Rescues
from tests.support.checker import KEEPS_OLD_TOKENS, check
from tests.support.provider import Mode
from tests.support.schedule import (
    Fate,
    GatedClock,
    GatedProvider,
    GatedStore,
    Worker,
    point,
    this_worker,
)
from tests.support.stores import main_store
from tests.support.world import ADA, ADA_HERSELF, AGENT, MINUTE, Killed, World, listening

SOAK = os.environ.get("HYPOTHESIS_PROFILE") == "soak"
EXAMPLES = 20_000 if SOAK else 150
STEPS = 400
LEASE = 40.0

FATES = st.sampled_from(
    [*[Fate.GO] * 14, Fate.DIE, Fate.LOST_BEFORE, Fate.LOST_BEFORE, Fate.LOST_AFTER, Fate.LOCKED]
)
JUMPS = st.sampled_from([*[0.0] * 16, 1.0, 5.0, 33.0, 41.0, 3700.0])


class NotNow:
    """A `Finisher` that leaves it for later."""

    def finish(self, key: object, epoch: int) -> RevocationResult:
        """As the port."""
        return RevocationResult.PENDING


@dataclass(slots=True)
class Play:
    """A world whose every move is scheduled, and what came of it."""

    world: World
    store: GatedStore
    workers: list[Worker] = field(default_factory=list)
    tokens: list[tuple[int, int]] = field(default_factory=list)  # (step of the read, grant)
    ended: dict[int, int] = field(default_factory=dict)  # grant: step of the disconnect
    killed: int = 0
    jumped: bool = False

    def get(self) -> None:
        """An agent asks; what it is given is remembered with the read that it rests on."""
        token = self.world.tokens(self.world.refresher(point)).get(AGENT, ADA)
        self.tokens.append((this_worker().read_at, int(token.value.reveal().split("|")[2])))
        assert token.expires_at > self.world.clock() - MINUTE

    def refresh(self) -> None:
        """A worker of the sweep."""
        self.world.refresh(point=point)

    def disconnect(self) -> None:
        """Ada ends it."""
        self.world.disconnecting(NotNow()).disconnect(ADA_HERSELF, ADA)

    def reconnect(self) -> None:
        """Ada signs in again."""
        self.world.connect()

    def finish(self) -> None:
        """A worker tells the provider whatever it is still to be told."""
        self.world.finishing(point).run(self.world.clock() + MINUTE)

    def tidy(self) -> None:
        """A worker looks for answers that nobody came back for."""
        Rescues(
            records=self.store,
            rescues=self.store,
            connections=self.store,
            refresher=self.world.refresher(point),
            now=self.world.clock,
        ).run(self.world.clock() + MINUTE)

    def note_end(self, worker: Worker) -> Callable[[], None]:
        """Remember which grant a disconnect ended, and when."""
        record = self.world.record()
        if worker.name != "disconnect" or record.status is ConnectionStatus.REVOKED:
            return lambda: None
        grant = self.world.grant_of(self.world.refresh_token())
        return lambda: self.ended.__setitem__(grant, self.store.steps)


def a_play(path: Path, mode: Mode) -> Play:
    """Return Ada's world, her access token over."""
    clock = GatedClock()
    world = World(path, mode=mode, clock=clock)
    world.provider = GatedProvider(clock, mode)
    store = GatedStore(main_store(path, clock))
    world.store = store
    world.connect()
    world.expire()
    return Play(world, store)


def run(play: Play, data: st.DataObject) -> None:
    """Let the workers go, in the order and with the fates that are drawn."""
    budget = data.draw(st.integers(0, 4), label="troubles")
    for worker in play.workers:
        worker.start()
    for _ in range(STEPS):
        alive = [worker for worker in play.workers if not worker.over]
        if not alive:
            return
        worker = data.draw(st.sampled_from(alive), label="who")
        fate = Fate.GO
        if budget and worker.gate != "start":
            fate = data.draw(FATES, label=worker.gate)
            budget -= fate is not Fate.GO
            jump = data.draw(JUMPS, label="jump")
            budget -= jump > 0
            play.jumped |= jump > LEASE / 2
            play.world.clock.advance(jump)
            budget = max(budget, 0)
        play.killed += fate is Fate.DIE
        worker.go_on(fate)
    for worker in play.workers:
        while not worker.over:
            worker.go_on(Fate.DIE)
            play.killed += 1


def judge(play: Play) -> None:
    """Check what stands, then let a caller come when every lease is over, and check again."""
    world = play.world
    provider = world.provider
    assert isinstance(provider, GatedProvider)
    if world.mode not in KEEPS_OLD_TOKENS and (play.killed or provider.answers_lost):
        world.loss = "an answer died with whoever had it"
    if world.mode is Mode.STRICT and play.jumped:
        world.loss = "two asked with one token"
    for worker in play.workers:
        worker.join(1)
        known = (MultiUserOAuthError, Killed, type(None))
        assert isinstance(worker.error, known), worker.error
        if world.mode in KEEPS_OLD_TOKENS:
            assert not isinstance(worker.error, NeedsSignInError), "told to sign in for nothing"
    for read_at, grant in play.tokens:
        assert read_at < play.ended.get(grant, read_at + 1), "a token left after the disconnect"
    check(world)
    _come_later(play)
    check(world)


def _come_later(play: Play) -> None:
    world = play.world
    before = world.record()
    calls = len(world.provider.calls)
    outcome: BaseException | None = None
    for _ in range(4):
        world.clock.advance(3600)
        try:
            world.tokens().get(AGENT, ADA)
        except RetryableError as later:
            outcome = later
        except (NeedsSignInError, NotConnectedError) as over:
            outcome = over
        else:
            outcome = None
    assert not isinstance(outcome, RetryableError), "it does not recover by itself"
    assert isinstance(outcome, NotConnectedError) is (before.status is ConnectionStatus.REVOKED)
    if isinstance(outcome, NeedsSignInError):
        assert world.loss or before.status is ConnectionStatus.NEEDS_SIGN_IN
        assert len(world.provider.calls) - calls <= 2, "it goes on asking"


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=not SOAK,
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data(), mode=st.sampled_from(list(Mode)))
def test_every_schedule_keeps_the_promises(data: st.DataObject, mode: Mode) -> None:
    """Callers, sweepers and finishers, a disconnect and a reconnect, in any order, with any trouble."""
    with tempfile.TemporaryDirectory() as folder:
        play = a_play(Path(folder), mode)
        play.store.committing = play.note_end
        cast = [
            *[("get", play.get)] * data.draw(st.integers(1, 2), label="callers"),
            *[("refresh", play.refresh)] * data.draw(st.integers(1, 2), label="sweepers"),
            *[("disconnect", play.disconnect)] * data.draw(st.integers(0, 1), label="disconnects"),
            *[("reconnect", play.reconnect)] * data.draw(st.integers(0, 1), label="reconnects"),
            *[("finish", play.finish)] * data.draw(st.integers(0, 2), label="finishers"),
            *[("tidy", play.tidy)] * data.draw(st.integers(0, 1), label="tidy ones"),
        ]
        play.workers = [Worker(name, work) for name, work in cast]
        try:
            with listening(play.world, logging.INFO):
                run(play, data)
                judge(play)
        finally:  # hypothesis gives up many a schedule half-way
            for worker in play.workers:
                worker.end()
