"""What is told to others, by Pub/Sub or in the log; the library is loaded with the first message."""

from collections.abc import Sequence
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from multi_user_oauth.errors import ConfigurationError
from multi_user_oauth.events.local import log_event
from multi_user_oauth.ports.events import Event, Publish
from multi_user_oauth.ports.shards import ShardQueue
from multi_user_oauth.settings import Settings

if TYPE_CHECKING:
    from multi_user_oauth.events.pubsub import PubSubEvents, PubSubShards, Topic

_LIBRARY: Final = "google.pubsub_v1"


def publisher(settings: Settings) -> Publish:
    """Return what publishes events; raise `ConfigurationError`."""
    topic = settings.events_topic
    return log_event if topic is None else Messages(topic, settings).publish


def shard_queue(settings: Settings) -> ShardQueue | None:
    """Return what hands shards on; None where one instance does all; raise `ConfigurationError`."""
    topic = settings.sweep_topic
    return None if topic is None else Messages(topic, settings)


class Messages:
    """One topic, for events or for shards."""

    def __init__(self, topic: str, settings: Settings) -> None:
        """Raise `ConfigurationError` where Pub/Sub could never be reached."""
        self._name = topic
        self._source = settings.public_origin
        self._emulator = settings.pubsub_emulator_host
        if not _is_installed():
            raise ConfigurationError("EVENTS_TOPIC and SWEEP_TOPIC need the extra `pubsub`")

    def publish(self, event: Event) -> None:
        """Tell of the event: a `Publish`."""
        self._events(event)

    def enqueue(self, shards: Sequence[int]) -> None:
        """Hand them on: as `ShardQueue`."""
        self._shards.enqueue(shards)

    @cached_property
    def _events(self) -> "PubSubEvents":
        from multi_user_oauth.events.pubsub import PubSubEvents

        return PubSubEvents(self._topic(), source=self._source)

    @cached_property
    def _shards(self) -> "PubSubShards":
        from multi_user_oauth.events.pubsub import PubSubShards

        return PubSubShards(self._topic())

    def _topic(self) -> "Topic":
        from multi_user_oauth.events.pubsub import RECONNECTING, Topic, connect

        if self._emulator is None:
            return Topic(self._name)
        import grpc

        channel = grpc.insecure_channel(self._emulator, options=RECONNECTING)
        return Topic(self._name, lambda: connect(channel))


def _is_installed() -> bool:
    # Else it would be found out by the person whose sign-in was the first event.
    try:
        return find_spec(_LIBRARY) is not None
    except ModuleNotFoundError:
        return False
