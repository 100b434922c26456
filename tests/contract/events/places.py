"""The places that the contract holds for: a new one is one class here and one more param of `place`."""

import json
import logging
from contextlib import ExitStack
from dataclasses import dataclass
from io import StringIO
from typing import Final, Protocol, Self

from multi_user_oauth.events.cloud_events import PREFIX
from multi_user_oauth.events.local import log_event
from multi_user_oauth.events.local import logger as local_logger
from multi_user_oauth.events.pubsub import PubSubEvents
from multi_user_oauth.log import JsonFormatter
from multi_user_oauth.ports.events import Event, Publish
from tests.support.processes import free_ports
from tests.support.pubsub import Subscribed, at

SOURCE: Final = "https://oauth.example.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What somebody who listens knows of an event."""

    type: str
    subject: str
    user_email: str


class Place(Protocol):
    """Somewhere to tell of events."""

    @property
    def publish(self) -> Publish:
        """Return what is under test."""

    def told(self, number: int) -> list[Told]:
        """Return what was told there, once it is so much."""

    def lost(self) -> Publish:
        """Return the same with the place out of reach."""


class TheLog:
    """Where nobody subscribes."""

    publish: Publish = staticmethod(log_event)

    def __init__(self) -> None:
        self._stream = StringIO()
        self._handler = logging.StreamHandler(self._stream)
        self._handler.setFormatter(JsonFormatter())

    def __enter__(self) -> Self:
        self._before = local_logger.level
        local_logger.setLevel(logging.INFO)
        local_logger.addHandler(self._handler)
        return self

    def __exit__(self, *_: object) -> None:
        local_logger.removeHandler(self._handler)
        local_logger.setLevel(self._before)

    def told(self, number: int) -> list[Told]:
        """As the lines say."""
        lines = [json.loads(line) for line in self._stream.getvalue().splitlines()]
        assert len(lines) >= number
        return [
            Told(
                type=line["action"],
                subject=line.get("connection") or line["connector_type"],
                user_email=line["connection"].rpartition("/")[2],
            )
            for line in lines
        ]

    def lost(self) -> Publish:
        """A log whose file is gone."""
        self._stream.close()
        return log_event


class PubSubPlace:
    """A topic of the emulator."""

    def __init__(self, topic: Subscribed) -> None:
        self._topic = topic
        self._undo = ExitStack()
        self.publish: Publish = PubSubEvents(topic.as_ours(), source=SOURCE)

    def told(self, number: int) -> list[Told]:
        """As the messages say."""
        return [
            Told(
                type=message.attributes["ce-type"].removeprefix(PREFIX),
                subject=message.attributes["ce-subject"],
                user_email=json.loads(message.data).get("user_email", ""),
            )
            for message in self._topic.heard(number)
        ]

    def lost(self) -> Publish:
        """A port that nobody listens at."""
        (port,) = free_ports(1)
        topic = self._undo.enter_context(at(f"127.0.0.1:{port}"))
        return PubSubEvents(topic, source=SOURCE)


def an_event(event: Event) -> Told:
    """Return what is to be known of an event."""
    return Told(type=event.type, subject=event.subject, user_email=event.data.get("user_email", ""))
