"""`refresh` in several processes over one SQLite file, and Pub/Sub that pushes shards to them."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final
from uuid import uuid4

import grpc
import requests
import yaml
from google.pubsub_v1 import PublisherClient, PubsubMessage
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport

from multi_user_oauth.cli.cloud_demo_topics import DemoTopics
from multi_user_oauth.model import SHARDS, ConnectionKey
from multi_user_oauth.sandbox.cloud.pushes import PushRelay
from multi_user_oauth.sandbox.company import COMPANY_DOMAIN, DEFAULT_AGENT
from multi_user_oauth.sandbox.scheduler import bearing, post
from multi_user_oauth.sandbox.server import Sandbox
from multi_user_oauth.settings import Settings
from multi_user_oauth.wiring.parts import Parts
from multi_user_oauth.wiring.world import World
from tests.benchmarks.people import CONNECTOR_TYPE, connect
from tests.benchmarks.quick_microsoft import COUNTS
from tests.benchmarks.servers import function
from tests.crash.deployment import ORIGIN, POLICY, Deployment
from tests.support.processes import Process, until

THREADS: Final = 8
"""Connections that one process refreshes at a time, all of one shard."""


@contextmanager
def quick_microsoft(latency: float, sandbox: Sandbox) -> Iterator[str]:
    """Serve Microsoft with this latency, and beside it what the sandbox has; give its address."""
    asked = ("--latency", str(latency), "--sandbox", sandbox.base_url)
    process = Process("bench-microsoft", ["-m", "tests.benchmarks.quick_microsoft", *asked])
    try:
        yield f"http://127.0.0.1:{process.hear()}"
    finally:
        process.stop()


def everything_is_due(file: Path) -> None:
    """Let all connections be due, though they were refreshed."""
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("UPDATE connections SET refresh_due_at = '2000'")


def evenly(number: int) -> list[ConnectionKey]:
    """Return the names of so many connections, as many of each shard."""
    left = Counter(dict.fromkeys(range(SHARDS), number // SHARDS))
    found: list[ConnectionKey] = []
    for each in count():
        key = ConnectionKey(CONNECTOR_TYPE, f"even-{each:07d}@{COMPANY_DOMAIN}")
        if left[key.shard]:
            left[key.shard] -= 1
            found.append(key)
        if len(found) == number // SHARDS * SHARDS:
            break
    return found


class Instances(PushRelay):
    """Passes each push on to an instance that has none, as Cloud Run does where each may have one."""

    def __init__(self, targets: Sequence[str], token: Callable[[], str]) -> None:
        super().__init__(targets[0], token)
        self.use(targets)

    def use(self, targets: Sequence[str]) -> None:
        """Pass them on to these from now on; nothing is under way."""
        self._free: SimpleQueue[str] = SimpleQueue()
        for target in targets:
            self._free.put(target)
        self.answered: list[int | None] = []

    def pushed(self, body: bytes) -> int:
        """Pass it on and give the status of the answer."""
        target = self._free.get()
        headers = {"Content-Type": "application/json", **bearing(self.token())}
        status = post(target, headers, body)
        self._free.put(target)
        self.answered.append(status)
        return status or 503


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweepers:
    """Processes that sweep what is pushed to them; `number` connections are there to be refreshed."""

    relay: Instances
    targets: Sequence[str]
    publish: Callable[[int], object]
    microsoft: str
    file: Path
    number: int

    def sweep(self, processes: int, *, deliveries: int = 1) -> None:
        """Have everything refreshed by so many of the processes; each shard is pushed so often."""
        everything_is_due(self.file)
        self.relay.use(self.targets[:processes])
        self.publish(deliveries)
        until(lambda: len(self.relay.answered) >= deliveries * SHARDS, "all shards are swept")
        assert set(self.relay.answered) == {204}

    def asked(self) -> dict[str, Any]:
        """Return how often the provider was asked (`asked`), and with how many tokens (`tokens`)."""
        answer = requests.get(self.microsoft + COUNTS, timeout=10)
        counts: dict[str, Any] = answer.json()
        return counts


@contextmanager
def sweepers(
    deployment: Deployment, pubsub: str, folder: Path, *, number: int, latency: float
) -> Iterator[Sweepers]:
    """Connect so many people and serve `refresh` by two processes, behind a push subscription."""
    people = evenly(number)
    policy = folder / "policy.yaml"
    policy.write_text(yaml.safe_dump(POLICY | {"refresh_callers": {"shard": [DEFAULT_AGENT]}}))
    topics = DemoTopics(pubsub, f"sweepers-{uuid4().hex[:12]}")
    with ExitStack() as stack:
        microsoft = stack.enter_context(quick_microsoft(latency, deployment.sandbox))
        settings = {
            **deployment.values, "DATA_DIR": str(folder / "data"), "SANDBOX_URL": microsoft,
            "POLICY_FILE": str(policy), "SWEEP_THREADS": str(THREADS), "SWEEP_RATE": "100000",
            "THREADS": "1", "SWEEP_TOPIC": topics.names["sweep"],
            "PUBSUB_EMULATOR_HOST": pubsub,
        }  # fmt: skip
        parts = Parts("benchmark", Settings(settings), World())
        connect(parts, people, ends_in=timedelta(0))
        servers = [stack.enter_context(function("refresh", settings)) for _ in range(2)]
        targets = [f"http://127.0.0.1:{server.port}/refresh/shard" for server in servers]
        sandbox = deployment.sandbox
        relay = stack.enter_context(Instances(targets, lambda: sandbox.identity_token(ORIGIN)))
        topics.furnish(relay.url, account=DEFAULT_AGENT, audience=ORIGIN)
        channel = stack.enter_context(grpc.insecure_channel(pubsub))
        publisher = PublisherClient(transport=PublisherGrpcTransport(channel=channel))

        def publish(deliveries: int) -> None:
            shards = [str(shard) for shard in range(SHARDS) for _ in range(deliveries)]
            messages = [PubsubMessage(attributes={"shard": shard}) for shard in shards]
            publisher.publish(topic=topics.names["sweep"], messages=messages)

        yield Sweepers(
            relay=relay,
            targets=targets,
            publish=publish,
            microsoft=microsoft,
            file=folder / "data" / "main.db",
            number=len(people),
        )
