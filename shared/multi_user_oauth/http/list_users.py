"""The routes of `list_users`: who is connected, and how a sign-in ended."""

import base64
import binascii

from flask import Request, Response

from multi_user_oauth.directory import ListConnections
from multi_user_oauth.errors import RequestError, UnknownConnectorTypeError
from multi_user_oauth.http.callers import Anyone
from multi_user_oauth.http.endpoint import Route
from multi_user_oauth.http.paths import API, reauthorize_url
from multi_user_oauth.http.reading import answer, query
from multi_user_oauth.model import (
    Agent,
    Caller,
    Connection,
    ConnectionStatus,
    ConnectorTypes,
    Person,
)
from multi_user_oauth.model.forecast import forecast
from multi_user_oauth.sign_in.status import AskFlow


class ListRoutes:
    """Reads only."""

    def __init__(
        self,
        *,
        listing: ListConnections,
        flows: AskFlow,
        callers: Anyone,
        connector_types: ConnectorTypes,
        origin: str,
    ) -> None:
        self._listing = listing
        self._flows = flows
        self._callers = callers
        self._connector_types = connector_types
        self._origin = origin

    def routes(self) -> tuple[Route, ...]:
        """Return both routes."""
        flow = "/flow/{handle}"
        return (
            Route(methods=("GET",), paths=(f"{API}/users", "/"), handler=self.users),
            Route(methods=("GET",), paths=(API + flow, flow), handler=self.flow, cors=True),
        )

    def users(self, request: Request) -> Response:
        """Answer one page of the connections that the caller may know of."""
        caller = self._callers.require(request)
        asked = query(request, {"connector_type", "status", "page_token"})
        connector_type = asked.get("connector_type")
        if connector_type is not None and connector_type not in self._connector_types:
            raise UnknownConnectorTypeError("not configured", field="connector_type")
        page = self._listing.page(
            caller,
            connector_type=connector_type,
            status=_status(asked.get("status")),
            after=_after(asked.get("page_token")),
        )
        body: dict[str, object] = {
            "users": [self._user(connection) for connection in page.connections],
            "as": _role(caller),
        }
        if page.next_after is not None:
            token = base64.urlsafe_b64encode(page.next_after.encode())
            body["next_page_token"] = token.decode().rstrip("=")
        return answer(body)

    def _user(self, connection: Connection) -> dict[str, object]:
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
        if connection.refreshed_at:
            user["last_refreshed_at"] = connection.refreshed_at
        ending = forecast(connection, self._connector_types.get(connection.key.connector_type))
        if ending is not None:
            user["lives_until"] = {"at": ending.until, "reason": ending.reason.value}
        if connection.status is not ConnectionStatus.ACTIVE:
            user["reauthorize_url"] = reauthorize_url(self._origin, connection.key)
        return user

    def flow(self, request: Request, handle: str) -> Response:
        """Answer how a flow ended; the handle, 128 bits of chance, is the leave to ask."""
        query(request, ())
        status = self._flows.status(handle)
        body = {"status": status.status}
        if status.code:
            body["code"] = status.code
        return answer(body)


def _status(text: str | None) -> ConnectionStatus | None:
    try:
        return ConnectionStatus(text) if text is not None else None
    except ValueError:
        expected = ", ".join(ConnectionStatus)
        raise RequestError(f"status is one of {expected}", field="status") from None


def _after(token: str | None) -> str | None:
    if token is None:
        return None
    try:
        return base64.b64decode(
            token + "=" * (-len(token) % 4), altchars=b"-_", validate=True
        ).decode()
    except (binascii.Error, UnicodeError, ValueError):
        raise RequestError("not a page token of ours", field="page_token") from None


def _role(caller: Caller) -> dict[str, str]:
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
