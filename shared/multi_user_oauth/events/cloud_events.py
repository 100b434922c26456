"""An event as a CloudEvent 1.0, in the binary mode of its Pub/Sub binding."""

import json
from datetime import UTC
from typing import Final

from multi_user_oauth.ports.events import Event

PREFIX: Final = "multi-user-oauth."
"""Before our types; no DNS name, for none is everybody's who runs this."""

CONTENT_TYPE: Final = "application/json"


def attributes(event: Event, *, source: str) -> dict[str, str]:
    """
    Return the message's attributes: "ce-" before each name, but for the content type.

    https://github.com/googleapis/google-cloudevents/blob/main/docs/spec/pubsub.md, 3.1.
    """
    return {
        "ce-specversion": "1.0",
        "ce-id": event.id,
        "ce-source": source,
        "ce-type": PREFIX + event.type,
        "ce-subject": event.subject,
        "ce-time": event.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "content-type": CONTENT_TYPE,
    }


def payload(event: Event) -> bytes:
    """Return the event's data as JSON."""
    return json.dumps(dict(event.data), ensure_ascii=False).encode()


def named(event: Event) -> tuple[str, str]:
    """Return the connector type that it is about and the connection, or nothing if it is about all."""
    connector_type, slash, _ = event.subject.partition("/")
    return connector_type, event.subject if slash else ""
