"""Messages to Pub/Sub; only this module imports its library.

Of google-cloud-pubsub the plain client is used, not the one that collects messages and sends them from
a thread of its own: after a response the platform gives us no CPU, and they would stay.
"""

import logging
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import Any, Final

from google.api_core.exceptions import GoogleAPIError, ServiceUnavailable
from google.api_core.retry import Retry, if_exception_type
from google.auth.exceptions import GoogleAuthError
from google.pubsub_v1 import PublisherClient, PubsubMessage
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport

from multi_user_oauth.errors import StoreUnavailableError
from multi_user_oauth.events.cloud_events import attributes, named, payload
from multi_user_oauth.ports.events import Event

logger = logging.getLogger(__name__)

SHARD: Final = "shard"
"""The attribute of a message that says which shard it is about."""

GIVE_UP_AFTER: Final = 0.8  # seconds; no try begins later
ONE_CALL: Final = 1.2  # seconds; so at most two for a whole publish
RECONNECTING: Final = (("grpc.max_reconnect_backoff_ms", 1_000),)
"""Else the longer nobody listened, the longer (two minutes at last) gRPC would refuse every call."""

# One that took too long may have landed: it is not sent twice by us, though Pub/Sub may bring it twice.
_RETRY: Final = Retry(
    if_exception_type(ServiceUnavailable), initial=0.1, maximum=0.4, timeout=GIVE_UP_AFTER
)


def connect(channel: Any = None) -> PublisherClient:  # noqa: ANN401  # reason: grpc has no types
    """Return a client of Pub/Sub, or of whatever is behind a channel made by the caller."""
    if channel is None:
        return PublisherClient(transport=partial(PublisherGrpcTransport, channel=_channel))
    return PublisherClient(transport=PublisherGrpcTransport(channel=channel))


def _channel(*arguments: Any, options: Any = (), **named: Any) -> Any:  # noqa: ANN401  # reason: grpc has no types
    return PublisherGrpcTransport.create_channel(
        *arguments, options=(*options, *RECONNECTING), **named
    )


class Topic:
    """One topic; connected to at the first message."""

    def __init__(self, name: str, client: Callable[[], PublisherClient] = connect) -> None:
        """`name`: `projects/P/topics/T`."""
        self._name = name
        self._connect = client

    @cached_property
    def _client(self) -> PublisherClient:
        return self._connect()

    def publish(self, messages: Sequence[PubsubMessage]) -> None:
        """Return once the topic has taken them, in two seconds at most; raise `StoreUnavailableError`."""
        try:
            self._client.publish(
                topic=self._name, messages=list(messages), retry=_RETRY, timeout=ONE_CALL
            )
        except (GoogleAPIError, GoogleAuthError) as error:
            refused = StoreUnavailableError(f"{self._name}: {_kind(error)}")
        else:
            return
        # Not chained: what a service or the network said belongs in no log of ours.
        raise refused


def _kind(error: Exception) -> str:
    cause = getattr(error, "cause", None)  # of a RetryError: what the last try ended with
    return type(cause or error).__name__


class PubSubEvents:
    """A `Publish`: whoever subscribes to the topic hears of it, or a warning says that nobody did."""

    def __init__(self, topic: Topic, *, source: str) -> None:
        """`source`: where it happened, our public origin (CloudEvents 1.0, 3.1.1)."""
        self._topic = topic
        self._source = source

    def __call__(self, event: Event) -> None:
        """Publish it."""
        message = PubsubMessage(
            data=payload(event), attributes=attributes(event, source=self._source)
        )
        try:
            self._topic.publish([message])
        except StoreUnavailableError as untold:
            connector_type, connection = named(event)
            extra = {
                "action": event.type.value,
                "connector_type": connector_type,
                "connection": connection,
                "code": untold.code,
                "reason": str(untold),
            }
            logger.warning("an event was not published", extra=extra)


class PubSubShards:
    """A `ShardQueue`: a message for each shard, all in one request."""

    def __init__(self, topic: Topic) -> None:
        self._topic = topic

    def enqueue(self, shards: Sequence[int]) -> None:
        """Return once the topic has taken all; raise `StoreUnavailableError`."""
        if shards:
            self._topic.publish([PubsubMessage(attributes={SHARD: str(n)}) for n in shards])
