"""Events where nobody listens: one line of the log each."""

import logging

from multi_user_oauth.events.cloud_events import named
from multi_user_oauth.ports.events import Event

logger = logging.getLogger(__name__)


def log_event(event: Event) -> None:
    """Write the event's line: a `Publish`."""
    connector_type, connection = named(event)
    extra = {
        "action": event.type.value,
        "connector_type": connector_type,
        "connection": connection,
        "reason": event.data.get("reason", ""),
    }
    logger.info("event", extra=extra)
