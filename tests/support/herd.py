"""Very many who ask at the same moment, with real threads and real waiting."""

import time
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

from multi_user_oauth.model import ConnectionKey
from tests.support.clock import RunningClock
from tests.support.instances import Instance, crowd
from tests.support.world import ADA, AGENT, World

CALLERS_EACH = 20
THREADS = 16


def herd(path: Path, number: int) -> World:
    """
    Let so many tokens run out in the same second, with twenty callers each, and a sweep meanwhile.

    Check what must hold of calls and waits; return the world.
    """
    world = World(path, clock=RunningClock())
    world.kinds = {ADA.connector_type: world.kinds[ADA.connector_type]}
    keys = [each.key for each in crowd(world, number)]
    world.expire()
    instance = Instance(world=world, workers=4)
    tokens = world.tokens(instance.refresher)

    def ask(key: ConnectionKey) -> float:
        begun = time.monotonic()
        assert tokens.get(AGENT, key).value.reveal().split("|")[1] == str(
            world.record(key).identity
        )
        return time.monotonic() - begun

    asked = [(key, each) for key in keys for each in range(CALLERS_EACH)]
    asked.sort(key=lambda it: sha256(f"{it}".encode()).digest())
    with ThreadPoolExecutor(THREADS + 1) as pool:
        swept = pool.submit(instance.run)
        waits = sorted(pool.map(lambda it: ask(it[0]), asked))
        assert not swept.result().more

    assert len(world.provider.calls) == number
    assert world.provider.most_at_once <= THREADS + 4
    assert waits[len(waits) * 99 // 100] < world.limits.wait_for_refresh.total_seconds() / 2
    return world
