"""Re-wrapping over a world: steps, whole walks, and what must hold after whatever happened."""

from collections import Counter
from datetime import timedelta

from multi_user_oauth.custody import place_of
from multi_user_oauth.keys.cache import DataKeyCache
from multi_user_oauth.keys.envelope import EnvelopeOpener
from multi_user_oauth.keys.rewrapping import EnvelopeRewrapper
from multi_user_oauth.model import ConnectionKey, Identity, Kind
from multi_user_oauth.ports import Point, RewrapStep, nothing
from multi_user_oauth.rewrapping.retiring import RetireKeyVersions
from multi_user_oauth.rewrapping.step import RewrapRecords
from multi_user_oauth.rewrapping.walk import SealedWalk
from multi_user_oauth.rewrapping.whole_walk import WholeWalk
from tests.support.world import DEPLOYMENT, World

LONG = timedelta(hours=1)
RETENTION = timedelta(days=98)


def rewrapping(world: World, point: Point = nothing) -> RewrapRecords:
    """Return another worker."""
    walk = SealedWalk(
        records=world.store,
        connections=world.store,
        deployment=DEPLOYMENT,
        limits=world.limits,
    )
    return RewrapRecords(
        walk=walk,
        notes=world.activity,
        rewrappers={
            kind: EnvelopeRewrapper(key, key, world.draw) for kind, key in world.keys.items()
        },
        now=world.clock,
        point=point,
    )


def step(
    world: World,
    after: str | None = None,
    *,
    count_only: bool = False,
    point: Point = nothing,
    until: timedelta = LONG,
) -> RewrapStep:
    """Do a step as another worker; without more, it goes to the end."""
    return rewrapping(world, point).step(
        after=after, until=world.clock() + until, count_only=count_only
    )


def retiring(world: World, *, retention: timedelta = RETENTION) -> RetireKeyVersions:
    """Return what an operator has."""
    walk = WholeWalk(
        steps=rewrapping(world), notes=world.activity, now=world.clock, sleep=world.clock.sleep
    )
    return RetireKeyVersions(
        walk=walk,
        notes=world.activity,
        keys=world.keys,
        retention=retention,
        lease=world.limits.lease,
        now=world.clock,
        sleep=world.clock.sleep,
    )


def rotate(world: World) -> None:
    """Make a new version of both keys."""
    for key in world.keys.values():
        key.rotate()


def connect_many(world: World, number: int) -> list[ConnectionKey]:
    """Connect so many people."""
    keys = [ConnectionKey("google_workspace", f"p{n:03}@example.com") for n in range(number)]
    for place, key in enumerate(keys):
        world.connect(key, Identity.google(f"2{place:03}"))
    return keys


def everything_opens(world: World) -> bool:
    """Whether every sealed value opens where it lies, with the versions that the keys have left."""
    store = world.peek()
    openers = {
        kind: EnvelopeOpener(key, DataKeyCache(now=world.clock)) for kind, key in world.keys.items()
    }
    for snapshot in store.snapshots(after=None, limit=1000):
        connection = snapshot.connection
        sealed = {Kind.ACCESS: connection.sealed_access, Kind.REFRESH: connection.sealed_refresh}
        for kind, value in sealed.items():
            if value is not None:
                openers[kind].open(value, place_of(connection, kind, DEPLOYMENT))
    for revocation in store.revocations(after=None, limit=1000):
        openers[Kind.REFRESH].open(revocation.sealed_refresh, revocation.binding(DEPLOYMENT))
    return True


def counted(world: World) -> dict[Kind, Counter[str]]:
    """Return the records per version, counted by other means than the use case's."""
    found: dict[Kind, Counter[str]] = {kind: Counter() for kind in Kind}
    store = world.peek()

    def add(kind: Kind, sealed: bytes | None) -> None:
        if sealed is not None:
            label = sealed[5 : 5 + sealed[4]]  # behind version, length, version, length
            found[kind][label.decode()] += 1

    for snapshot in store.snapshots(after=None, limit=1000):
        add(Kind.ACCESS, snapshot.connection.sealed_access)
        add(Kind.REFRESH, snapshot.connection.sealed_refresh)
    for revocation in store.revocations(after=None, limit=1000):
        add(Kind.REFRESH, revocation.sealed_refresh)
    return found
