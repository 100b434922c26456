"""A sweep by Cloud Scheduler and Pub/Sub as processes have it: proved callers, and nobody else."""

from collections import Counter
from collections.abc import Iterator

import grpc
import pytest
from google.pubsub_v1 import PublisherClient, PubsubMessage, SubscriberClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

from multi_user_oauth.cli.cloud_demo_settings import PUSH, service_account
from multi_user_oauth.cli.cloud_demo_topics import TRIES, DemoTopics
from multi_user_oauth.cli.demo_sandbox import SCHEDULER
from multi_user_oauth.sandbox.cloud.pushes import PushRelay
from multi_user_oauth.sandbox.company import JOHN, SARAH
from tests.cloud.running import GOOGLE, MICROSOFT, RunningDemo
from tests.support.processes import PATIENCE, until

SHARDS = 16


class Topics:
    """The demo's topics, by Google's own clients, and its push relay."""

    def __init__(self, demo: RunningDemo, channel: grpc.Channel) -> None:
        topics, pushes = demo.cloud.topics, demo.cloud.pushes
        assert topics is not None
        assert pushes is not None
        self.topics: DemoTopics = topics
        self.pushes: PushRelay = pushes
        self._before = len(pushes.statuses)
        self._publisher = PublisherClient(transport=PublisherGrpcTransport(channel=channel))
        self._subscriber = SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))

    def publish(self, shard: int) -> None:
        """Hand on one shard."""
        message = PubsubMessage(attributes={"shard": str(shard)})
        self._publisher.publish(topic=self.topics.names["sweep"], messages=[message])

    def answered(self, number: int) -> list[int]:
        """Return how pushes were answered since this began, once there are so many."""

        def enough() -> bool:
            return len(self.pushes.statuses) - self._before >= number

        until(enough, f"{number} pushes are answered")
        return list(self.pushes.statuses[self._before :])

    def next(self, subscription: str) -> PubsubMessage:
        """Return the next message of a subscription."""
        found: list[PubsubMessage] = []

        def heard() -> bool:
            answer = self._subscriber.pull(
                subscription=subscription, max_messages=1, retry=None, timeout=PATIENCE
            )
            for each in answer.received_messages:
                self._subscriber.acknowledge(subscription=subscription, ack_ids=[each.ack_id])
                found.append(each.message)
            return bool(found)

        until(heard, f"a message of {subscription}")
        return found[0]


@pytest.fixture
def topics(demo: RunningDemo, pubsub_emulator: str) -> Iterator[Topics]:
    """The demo's topics; what fails on demand is over afterwards."""
    with grpc.insecure_channel(pubsub_emulator) as channel:
        yield Topics(demo, channel)
    demo.cloud.sandbox.clear_faults()


def test_the_scheduler_has_everything_refreshed(demo: RunningDemo, topics: Topics) -> None:
    """Its one call publishes each shard; each comes back by a push, and nobody had to ask."""
    sandbox = demo.cloud.sandbox
    sandbox.set("google", expires_in=2)
    demo.sign_in(JOHN, GOOGLE)
    sandbox.set("google", expires_in=3599)
    assert demo.get_token(JOHN, GOOGLE).status_code == 200  # so it was used lately
    sandbox.clear_requests()
    calls: list[int | None] = []

    def swept() -> bool:
        calls.append(demo.cloud.scheduler.call())
        return any(
            request["endpoint"] == "token" and request["provider"] == "google"
            for request in sandbox.requests()
        )

    until(swept, "John's token is renewed")
    assert set(calls) == {200}
    assert set(topics.answered(SHARDS * len(calls))) == {204}


@pytest.mark.parametrize(
    ("kind", "status"),
    [("no_token", 401), ("wrong_aud", 401), ("expired_id_token", 401), ("wrong_key", 401),
     ("wrong_email", 403)],
)  # fmt: skip
def test_a_push_that_proves_nothing_does_nothing(
    demo: RunningDemo, topics: Topics, kind: str, status: int
) -> None:
    """N95: Pub/Sub pushes again, until it bears the right token."""
    account = service_account(PUSH)
    demo.cloud.sandbox.add_fault(provider="google", endpoint="identity", kind=kind, account=account)
    topics.publish(3)
    assert topics.answered(2) == [status, 204]


def test_a_shard_that_fails_too_often_is_put_aside(demo: RunningDemo, topics: Topics) -> None:
    """It lies in the topic of dead letters, and stops nobody else."""
    demo.cloud.sandbox.add_fault(
        provider="google", endpoint="identity", kind="wrong_aud", times=-1,
        account=service_account(PUSH),
    )  # fmt: skip
    topics.publish(7)
    place = topics.topics.events_subscription.rpartition("/")[0]
    dead = topics.next(f"{place}/sweep-dead")
    assert dead.attributes["shard"] == "7"
    assert int(dead.attributes["CloudPubSubDeadLetterSourceDeliveryCount"]) == TRIES
    assert Counter(topics.answered(1)).keys() == {401}


@pytest.mark.parametrize(("kind", "status"), [("wrong_email", 403), ("no_token", 401)])
def test_only_the_scheduler_may_call_for_a_sweep(demo: RunningDemo, kind: str, status: int) -> None:
    """N95: Nobody is refreshed for anybody else's call."""
    demo.cloud.sandbox.add_fault(
        provider="google", endpoint="identity", kind=kind, account=SCHEDULER
    )
    assert demo.cloud.scheduler.call() == status


def test_whoever_subscribes_hears_that_sarah_connected(demo: RunningDemo, topics: Topics) -> None:
    """By the callback's own process."""
    demo.sign_in(SARAH, MICROSOFT)

    def heard() -> bool:
        event = topics.next(topics.topics.events_subscription)
        subject = event.attributes["ce-subject"]
        return subject == f"{MICROSOFT}/{SARAH.email}" and event.attributes["ce-type"].endswith(
            "connection.connected"
        )

    until(heard, "Sarah's event")
