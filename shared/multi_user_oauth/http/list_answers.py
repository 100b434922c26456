"""How a list of connections is told, and which page of it a request asks for."""

import base64
import binascii
import re
from datetime import UTC, datetime
from typing import Final

from multi_user_oauth.errors import RequestError
from multi_user_oauth.http.paths import reauthorize_url
from multi_user_oauth.model import (
    Agent,
    Caller,
    Connection,
    ConnectionStatus,
    ConnectorType,
    FailureKind,
    Person,
)
from multi_user_oauth.model.forecast import forecast
from multi_user_oauth.ports import EndingPlace

_ENDING: Final = re.compile(r"(\d{4}-[-\d]{5}T[\d:]{8}\.\d{6})Z ([a-z][a-z0-9_]*:\S+)", re.ASCII)
_TROUBLES: Final = {
    FailureKind.TRANSIENT: "provider_unavailable",
    FailureKind.OURS: "operator_must_act",
    FailureKind.REFUSED: "refusals_not_believed",
}


def told_user(
    connection: Connection, connector_type: ConnectorType | None, origin: str
) -> dict[str, object]:
    """Return a connection as a list shows it; `connector_type` is None where it is not configured."""
    user: dict[str, object] = {
        "user_email": connection.key.user_email,
        "connector_type": connection.key.connector_type,
        "status": connection.status.value,
        "scopes": connection.scopes,
        "missing_scopes": connection.missing_scopes,
        "connected_at": connection.connected_at,
        "access_token_expires_at": (
            connection.access_token_expires_at if connection.sealed_access else None
        ),
    }
    if connection.reason:
        user["reason"] = connection.reason
    if connection.quarantined_at:
        user["quarantined_at"] = connection.quarantined_at
    if connection.refreshed_at:
        user["last_refreshed_at"] = connection.refreshed_at
    if connection.failure is not None:
        user["failed_attempts"] = connection.failure.count
        user["last_failed_at"] = connection.failure.at
        user["failing_because"] = _TROUBLES[connection.failure.kind]
    ending = forecast(connection, connector_type)
    if ending is not None:
        user["lives_until"] = {"at": ending.until, "reason": ending.reason.value}
    if connection.status is not ConnectionStatus.ACTIVE:
        user["reauthorize_url"] = reauthorize_url(origin, connection.key)
    return user


def told_role(caller: Caller) -> dict[str, str]:
    """Return in which role an answer is made, and for whom."""
    match caller:
        case Person(is_admin=True):
            return {"kind": "admin", "name": caller.email}
        case Person(is_auditor=True):
            return {"kind": "auditor", "name": caller.email}
        case Person():
            return {"kind": "person", "name": caller.email}
        case Agent():
            return {"kind": "agent", "name": caller.name}
        case _:
            return {"kind": "admin", "name": caller.name}


def page_token(place: str | EndingPlace) -> str:
    """Return the page token that names this place."""
    if not isinstance(place, str):
        ends = place[0].astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
        place = f"{ends}Z {place[1]}"
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def place_by_id(token: str | None) -> str | None:
    """Return the place in a list by ids; raise `RequestError`."""
    if token is None:
        return None
    try:
        padded = token + "=" * (-len(token) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError, ValueError):
        raise _no_token() from None


def place_by_ending(token: str | None) -> EndingPlace | None:
    """Return the place in a list by the ends of grants; raise `RequestError`."""
    if token is None:
        return None
    match = _ENDING.fullmatch(place_by_id(token) or "")
    if match is None:
        raise _no_token()
    try:
        return datetime.fromisoformat(match[1]).replace(tzinfo=UTC), match[2]
    except ValueError:
        raise _no_token() from None


def _no_token() -> RequestError:
    return RequestError("not a page token of ours", field="page_token")
