"""The events of a connection's life. An id is made of what happened: told twice it is the same."""

from dataclasses import replace
from datetime import datetime

from multi_user_oauth.model import Connection
from multi_user_oauth.ports.events import Event, EventType


def connected(connection: Connection) -> Event:
    """Return the event of a connection that was made, or made anew."""
    granted = {
        "scopes": " ".join(connection.scopes),
        "missing_scopes": " ".join(connection.missing_scopes),
    }
    return _event(connection, EventType.CONNECTED, connection.connected_at, granted)


def revoked(ended: Connection, *, at: datetime, reason: str) -> Event:
    """Return the event of this connection's end, as it was before: the epoch is that of its life."""
    return _event(ended, EventType.REVOKED, at, {"reason": reason})


def needs_sign_in(connection: Connection, *, at: datetime) -> Event:
    """Return the event of a credential that the provider refuses; the next one may be refused too."""
    told = _event(
        connection,
        EventType.NEEDS_SIGN_IN,
        at,
        {"reason": connection.reason or "sign_in_required"},
    )
    return replace(told, id=f"{told.id}-{connection.generation}")


def _event(
    connection: Connection, event_type: EventType, at: datetime, data: dict[str, str]
) -> Event:
    key = connection.key
    return Event(
        id=f"{key.document_id}-{connection.epoch}-{event_type.rpartition('.')[2]}",
        type=event_type,
        subject=str(key),
        at=at,
        data={
            "connector_type": key.connector_type,
            "user_email": key.user_email,
            "epoch": str(connection.epoch),
            **data,
        },
    )
