"""The routes of `list_users`: who is connected, and how a sign-in ended."""

from datetime import UTC

from flask import Request, Response

from multi_user_oauth.directory import ListConnections
from multi_user_oauth.errors import RequestError, UnknownConnectorTypeError
from multi_user_oauth.http.callers import Anyone
from multi_user_oauth.http.endpoint import Route
from multi_user_oauth.http.list_answers import (
    page_token,
    place_by_ending,
    place_by_id,
    told_role,
    told_user,
)
from multi_user_oauth.http.paths import API
from multi_user_oauth.http.reading import answer, query
from multi_user_oauth.http.words import limit, moment
from multi_user_oauth.model import (
    Caller,
    ConnectionStatus,
    ConnectorTypes,
    Page,
    normalise_email_prefix,
)
from multi_user_oauth.ports import EndingPage
from multi_user_oauth.sign_in.status import AskFlow

FILTERS = frozenset(
    {"connector_type", "status", "user_email_prefix", "ends_by", "limit", "page_token"}
)


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
        asked = query(request, FILTERS)
        connector_type = asked.get("connector_type")
        if connector_type is not None and connector_type not in self._connector_types:
            raise UnknownConnectorTypeError("not configured", field="connector_type")
        page = self._ending(caller, asked) if "ends_by" in asked else self._page(caller, asked)
        body: dict[str, object] = {
            "users": [
                told_user(each, self._connector_types.get(each.key.connector_type), self._origin)
                for each in page.connections
            ],
            "as": told_role(caller),
        }
        if page.next_after is not None:
            body["next_page_token"] = page_token(page.next_after)
        return answer(body)

    def _page(self, caller: Caller, asked: dict[str, str]) -> Page:
        prefix, field = asked.get("user_email_prefix"), "user_email_prefix"
        return self._listing.page(
            caller,
            connector_type=asked.get("connector_type"),
            status=_status(asked.get("status")),
            email_begins=None if prefix is None else normalise_email_prefix(prefix, field=field),
            after=place_by_id(asked.get("page_token")),
            limit=limit(asked.get("limit")),
        )

    def _ending(self, caller: Caller, asked: dict[str, str]) -> EndingPage:
        if "user_email_prefix" in asked:
            message = "user_email_prefix and ends_by can not both be asked for"
            raise RequestError(message, field="user_email_prefix")
        if _status(asked.get("status")) not in (None, ConnectionStatus.ACTIVE):
            message = "ends_by lists active connections, and no others"
            raise RequestError(message, field="status")
        return self._listing.ending(
            caller,
            by=moment(asked["ends_by"], "ends_by").astimezone(UTC),
            connector_type=asked.get("connector_type"),
            after=place_by_ending(asked.get("page_token")),
            limit=limit(asked.get("limit")),
        )

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
