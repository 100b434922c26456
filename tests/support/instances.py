"""Instances of `refresh` over one world's databases, each with a memory of its own."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from multi_user_oauth.breakers import Breakers
from multi_user_oauth.doubts import Doubts
from multi_user_oauth.model import (
    SHARDS,
    Connection,
    ConnectionKey,
    ConnectionStatus,
    Identity,
    System,
)
from multi_user_oauth.model.breaker import Breaker
from multi_user_oauth.model.upkeep import Upkeep
from multi_user_oauth.ports.shards import ShardQueue
from multi_user_oauth.refresh import RefreshConnection
from multi_user_oauth.rescuing import Rescues
from multi_user_oauth.rounds import Rounds
from multi_user_oauth.sweep import Sweep, Swept
from multi_user_oauth.tending import Tend
from tests.support.clock import START
from tests.support.world import ADA, World

MINUTE = 60.0
SWEEPS_FOR = timedelta(seconds=40)
MANY = 100_000  # a second: a pace that holds up nobody


@dataclass(slots=True, kw_only=True)
class Instance:
    """
    One of those that `refresh` runs as.

    With one worker a sweep is the same in every run; where several are to meet, a test says so.
    """

    world: World
    workers: int = 1
    per_second: int = MANY
    upkeep: Upkeep = field(default_factory=Upkeep)
    queue: ShardQueue | None = None
    connector_types: Iterable[str] = ()
    breakers: Breakers = field(init=False)
    refresher: RefreshConnection = field(init=False)

    def __post_init__(self) -> None:
        """Begin without having seen any trouble."""
        self.breakers = self.world.breakers()
        self.refresher = self.world.refresher(breakers=self.breakers)

    # -- its parts ------------------------------------------------------------------------------------

    def sweep(self) -> Sweep:
        """Return what looks for what is due."""
        world = self.world
        tend = Tend(
            due=world.store,
            refresher=self.refresher,
            usage=world.activity,
            upkeep=self.upkeep,
            end=partial(world.disconnecting().end, System(name="refresh"), reason="unused"),
            now=world.clock,
        )
        return Sweep(
            due=world.store,
            tend=tend,
            breakers=self.breakers,
            connector_types=self.connector_types or world.kinds,
            workers=self.workers,
            per_second=self.per_second,
            now=world.clock,
            sleep=world.clock.sleep,
        )

    def rescues(self) -> Rescues:
        """Return what adopts answers that were put aside."""
        return Rescues(
            records=self.world.store,
            rescues=self.world.store,
            connections=self.world.store,
            refresher=self.refresher,
            now=self.world.clock,
        )

    def doubts(self) -> Doubts:
        """Return what looks after those whom a provider's word alone marked."""
        return Doubts(
            suspects=self.world.activity,
            connections=self.world.store,
            refresher=self.refresher,
            breakers=self.breakers,
            connector_types=self.connector_types or self.world.kinds,
            publish=self.world.events.append,
            now=self.world.clock,
        )

    def rounds(self) -> Rounds:
        """Return what Cloud Scheduler asks for."""
        return Rounds(
            sweep=self.sweep(),
            housekeeping=(
                self.rescues().run,
                self.world.finishing().run,
                self.doubts().run,
            ),
            queue=self.queue,
            now=self.world.clock,
        )

    # -- what it does ---------------------------------------------------------------------------------

    def until(self) -> datetime:
        """Return when what begins now has to end."""
        return self.world.clock() + SWEEPS_FOR

    def run(self, shards: Sequence[int] = range(SHARDS), *, most: int | None = None) -> Swept:
        """Sweep once."""
        return self.sweep().run(shards, self.until(), most=most)

    def minutes(self, number: int) -> Counter[str]:
        """Do the round of so many minutes; return what became of the connections, all in all."""
        counts: Counter[str] = Counter()
        for _ in range(number):
            begun = self.world.clock()
            counts += Counter(self.rounds().round(self.until()).counts)
            over = (self.world.clock() - begun).total_seconds()
            self.world.clock.advance(max(0.0, MINUTE - over))
        return counts

    def until_then(self, moment: datetime) -> None:
        """
        Do the sweeps of every full minute up to this moment, and let it come.

        Those that would find nothing due are left out: they do nothing, and there are very many.
        """
        while True:
            dues = [each.refresh_due_at for each in self.world.records() if each.refresh_due_at]
            due = max(min(dues, default=moment), self.world.clock())
            minute = START + timedelta(minutes=math.ceil((due - START) / timedelta(minutes=1)))
            if minute > moment:
                break
            self._wait_for(minute)
            self.run()
            self.world.clock.advance(0.001)  # the next is another minute's
        self._wait_for(moment)

    def _wait_for(self, moment: datetime) -> None:
        self.world.clock.advance(max(0.0, (moment - self.world.clock()).total_seconds()))

    def look(self, connector_type: str = ADA.connector_type) -> Breaker:
        """Return the breaker as it stands."""
        return self.breakers.look(connector_type)


@dataclass(slots=True, kw_only=True)
class Queue:
    """Pub/Sub, which has not brought them yet."""

    shards: list[int] = field(default_factory=list)

    def enqueue(self, shards: Sequence[int]) -> None:
        """As `ShardQueue`."""
        self.shards.extend(shards)


def crowd(world: World, number: int, connector_type: str = ADA.connector_type) -> list[Connection]:
    """Let so many people connect."""
    return [
        world.connect(
            ConnectionKey(connector_type, f"person{each}@example.com"),
            Identity.google(str(5000 + each)),
        )
        for each in range(number)
    ]


def statuses(world: World) -> Counter[ConnectionStatus]:
    """Return how many are what."""
    return Counter(connection.status for connection in world.records())


def fresh(world: World) -> int:
    """Return how many access tokens still live."""
    now = world.clock()
    return sum(
        connection.access_token_expires_at is not None and connection.access_token_expires_at > now
        for connection in world.records()
    )


def busiest_second(world: World, since: datetime) -> int:
    """Return the most calls that the provider got within any one second."""
    began = sorted(call.began for call in world.provider.calls if call.began >= since)
    most, first = 0, 0
    for last, moment in enumerate(began):
        while moment - began[first] >= timedelta(seconds=1):
            first += 1
        most = max(most, last - first + 1)
    return most


def in_turn(world: World) -> list[ConnectionKey]:
    """Return whose turn it is, in their order."""
    page = world.peek().due(ADA.connector_type, range(SHARDS), by=world.clock(), limit=1000)
    return [snapshot.connection.key for snapshot in page.snapshots]
