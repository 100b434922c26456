"""Topics of the Pub/Sub emulator, by Google's own clients."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

import grpc
from google.pubsub_v1 import PublisherClient, PubsubMessage, SubscriberClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

from multi_user_oauth.events.pubsub import Topic, connect
from tests.support.processes import PATIENCE, until

MOST: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribed:
    """A topic with a subscription."""

    name: str
    subscription: str
    address: str
    publisher: PublisherClient
    subscriber: SubscriberClient

    def as_ours(self) -> Topic:
        """Return it as our functions publish to it."""
        return Topic(self.name, lambda: self.publisher)

    def heard(self, number: int) -> Sequence[PubsubMessage]:
        """Return the messages once there are so many; more that are there already come too."""
        messages: list[PubsubMessage] = []

        def enough() -> bool:
            answer = self.subscriber.pull(
                subscription=self.subscription, max_messages=MOST, retry=None, timeout=PATIENCE
            )
            found = list(answer.received_messages)
            if found:
                self.subscriber.acknowledge(
                    subscription=self.subscription, ack_ids=[each.ack_id for each in found]
                )
            messages.extend(each.message for each in found)
            return len(messages) >= number

        until(enough, f"{number} messages are heard")
        return messages


@contextmanager
def subscribed(emulator: str) -> Iterator[Subscribed]:
    """Give a topic that nobody else has, and what hears it."""
    name = f"projects/test-{uuid4().hex[:12]}"
    topic, subscription = f"{name}/topics/told", f"{name}/subscriptions/heard"
    with grpc.insecure_channel(emulator) as channel:
        publisher = PublisherClient(transport=PublisherGrpcTransport(channel=channel))
        subscriber = SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))
        publisher.create_topic(name=topic)
        subscriber.create_subscription(name=subscription, topic=topic)
        yield Subscribed(
            name=topic,
            subscription=subscription,
            address=emulator,
            publisher=publisher,
            subscriber=subscriber,
        )


@contextmanager
def at(address: str, name: str = "projects/test/topics/told") -> Iterator[Topic]:
    """Give a topic of whoever is, or is not, at this address."""
    with grpc.insecure_channel(address) as channel:
        yield Topic(name, lambda: connect(channel))
