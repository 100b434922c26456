"""Which agents may use the person's connections, and the person's word on each of them."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Final

import msgspec
from flask import Request, Response

from multi_user_oauth.delegating import AgentReach, Delegate
from multi_user_oauth.errors import RequestError, UnknownConnectorTypeError
from multi_user_oauth.http.account_callers import SessionHolders
from multi_user_oauth.http.endpoint import Route
from multi_user_oauth.http.paths import ACCOUNT, key_of
from multi_user_oauth.http.reading import answer, json_body, learned, query
from multi_user_oauth.model import (
    USES,
    Action,
    Connection,
    ConnectionKey,
    ConnectorTypes,
    Delegation,
)
from multi_user_oauth.ports import Clock

LONGEST_AGENT: Final = 254
_NAME: Final = re.compile(r"[a-z_.]{1,64}")


@learned
class GiveDelegation(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One agent, or `*`, and what it may do; nothing cuts it."""

    connector_type: str
    user_email: str
    agent: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_AGENT)]
    actions: Annotated[list[str], msgspec.Meta(max_length=100)]
    expires_at: Annotated[datetime, msgspec.Meta(tz=True)] | msgspec.UnsetType = msgspec.UNSET


class DelegationRoutes:
    """For the connection's own person; to admins too, another's is not there."""

    def __init__(
        self,
        *,
        holders: SessionHolders,
        delegate: Delegate,
        connector_types: ConnectorTypes,
        now: Clock,
    ) -> None:
        self._holders = holders
        self._delegate = delegate
        self._connector_types = connector_types
        self._now = now

    def routes(self) -> tuple[Route, ...]:
        """Return the route."""
        return (
            Route(
                methods=("GET", "PUT", "DELETE"),
                paths=(f"{ACCOUNT}/delegations", "/delegations"),
                handler=self.delegations,
            ),
        )

    def delegations(self, request: Request) -> Response:
        """Answer what stands, or change it."""
        handlers: dict[str, Callable[[Request], Response]] = {
            "GET": self._list,
            "PUT": self._give,
            "DELETE": self._cut,
        }
        return handlers[request.method](request)

    def _list(self, request: Request) -> Response:
        person = self._holders.person(request)
        wanted = query(request, {"connector_type"}).get("connector_type")
        if wanted is not None and wanted not in self._connector_types:
            raise UnknownConnectorTypeError("not configured", field="connector_type")
        connections = [
            connection
            for connection in self._delegate.own(person)
            if wanted in (None, connection.key.connector_type)
        ]
        return answer(
            {
                "delegations": [
                    self._told(connection.key, delegation)
                    for connection in connections
                    for delegation in connection.delegations
                ],
                "agents": [
                    _agent(connection, reach)
                    for connection in connections
                    for reach in self._delegate.reach(connection)
                ],
            }
        )

    def _give(self, request: Request) -> Response:
        person = self._holders.person_to_change(request)
        query(request, ())
        asked = json_body(request, GiveDelegation)
        key = key_of(asked.connector_type, asked.user_email)
        said = self._delegate.say(
            person, key, asked.agent, _actions(asked.actions), _utc(asked.expires_at)
        )
        return answer(self._told(key, said))

    def _cut(self, request: Request) -> Response:
        person = self._holders.person_to_change(request)
        asked = query(request, {"connector_type", "user_email", "agent"})
        key = required_key(asked)
        agent = asked.get("agent")
        if agent is None:
            self._delegate.cut_all(person, key)
        elif not 0 < len(agent) <= LONGEST_AGENT:
            raise RequestError(f"agent has at most {LONGEST_AGENT} characters", field="agent")
        else:
            self._delegate.say(person, key, agent, ())
        return Response(status=204)

    def _told(self, key: ConnectionKey, delegation: Delegation) -> dict[str, object]:
        told: dict[str, object] = {
            "connector_type": key.connector_type,
            "user_email": key.user_email,
            "agent": delegation.agent,
            "actions": delegation.actions,
            "given_at": delegation.given_at,
            "over": delegation.is_over(self._now()),
        }
        if delegation.expires_at is not None:
            told["expires_at"] = delegation.expires_at
        return told


def required_key(asked: dict[str, str]) -> ConnectionKey:
    """Return the connection that a query names; raise `RequestError` naming what is missing."""
    for name in ("connector_type", "user_email"):
        if name not in asked:
            raise RequestError("a required parameter is missing", field=name)
    return key_of(asked["connector_type"], asked["user_email"])


def _agent(connection: Connection, reach: AgentReach) -> dict[str, object]:
    return {
        "connector_type": connection.key.connector_type,
        "user_email": connection.key.user_email,
        "agent": reach.agent,
        "actions": reach.actions,
        "policy_actions": reach.at_most,
        "delegated": reach.word is not None,
    }


def _actions(names: list[str]) -> tuple[Action, ...]:
    for name in names:
        if name not in USES:
            # A name is echoed only as far as it can be one.
            shown = name if _NAME.fullmatch(name) else "what was sent"
            raise RequestError(f"{shown} is no action that an agent can be left", field="actions")
    return tuple(Action(name) for name in names)


def _utc(moment: datetime | msgspec.UnsetType) -> datetime | None:
    try:
        return moment.astimezone(UTC) if isinstance(moment, datetime) else None
    except OverflowError:
        raise RequestError("not a date that can be kept", field="expires_at") from None
