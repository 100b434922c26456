"""The topics of the cloud demo: events, and shards that are pushed to the function `refresh`."""

from collections.abc import Mapping
from typing import Final

import grpc
from google.pubsub_v1 import PublisherClient, SubscriberClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

from multi_user_oauth.sandbox.gateway_catalogue import Topic

TRIES: Final = 5
"""So often a shard is pushed; then it lies in the topic of dead letters."""
ANSWER_SECONDS: Final = 120
"""So long an answer may take before Pub/Sub pushes again: longer than the function's own limit."""


class DemoTopics:
    """In an emulator, for one project. `names` maps what is published to its topic."""

    def __init__(self, emulator: str, project: str) -> None:
        self.emulator = emulator
        self._place = f"projects/{project}"
        self.names: Mapping[Topic, str] = {
            "events": self._topic("events"),
            "sweep": self._topic("sweep"),
        }
        self.events_subscription = self._subscription("events")

    def furnish(self, push_url: str, *, account: str, audience: str) -> None:
        """Make topics and subscriptions; a push proves itself as this account, to this audience."""
        dead = self._topic("sweep-dead")
        with grpc.insecure_channel(self.emulator) as channel:
            publisher = PublisherClient(transport=PublisherGrpcTransport(channel=channel))
            for name in (*self.names.values(), dead):
                publisher.create_topic(name=name)
            subscriber = SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))
            subscriber.create_subscription(
                name=self.events_subscription, topic=self.names["events"]
            )
            subscriber.create_subscription(name=self._subscription("sweep-dead"), topic=dead)
            token = {"service_account_email": account, "audience": audience}
            subscriber.create_subscription(
                request={
                    "name": self._subscription("sweep"),
                    "topic": self.names["sweep"],
                    "push_config": {"push_endpoint": push_url, "oidc_token": token},
                    "ack_deadline_seconds": ANSWER_SECONDS,
                    "dead_letter_policy": {
                        "dead_letter_topic": dead,
                        "max_delivery_attempts": TRIES,
                    },
                }
            )

    def _topic(self, name: str) -> str:
        return f"{self._place}/topics/{name}"

    def _subscription(self, name: str) -> str:
        return f"{self._place}/subscriptions/{name}"
