"""The routes of `refresh`: for our own functions, each route with its list of service accounts."""

from datetime import timedelta
from typing import Annotated

import msgspec
from flask import Request, Response

from multi_user_oauth.http.callers import ListedCallers
from multi_user_oauth.http.endpoint import Route
from multi_user_oauth.http.paths import key_of
from multi_user_oauth.http.reading import answer, json_body, learned, query
from multi_user_oauth.model import ConnectionStatus
from multi_user_oauth.ports import Finisher, Refresher


@learned
class RefreshOne(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which connection, and for how many seconds its token must still work."""

    connector_type: str
    user_email: str
    min_ttl: Annotated[int, msgspec.Meta(ge=0, le=3600)] = 60


@learned
class FinishOne(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which life of which connection is to end at its provider."""

    connector_type: str
    user_email: str
    epoch: Annotated[int, msgspec.Meta(ge=1)]


class RefreshRoutes:
    """No token travels here: the asker reads the record again."""

    def __init__(
        self,
        *,
        refresher: Refresher,
        finisher: Finisher,
        callers: ListedCallers,
    ) -> None:
        self._refresher = refresher
        self._finisher = finisher
        self._callers = callers

    def routes(self) -> tuple[Route, ...]:
        """Return the routes that exist so far."""
        return (
            Route(methods=("POST",), paths=("/refresh/one", "/one"), handler=self.one),
            Route(methods=("POST",), paths=("/refresh/finish", "/finish"), handler=self.finish),
        )

    def one(self, request: Request) -> Response:
        """Refresh one connection if it needs it."""
        self._callers.require(request, "one")
        query(request, ())
        asked = json_body(request, RefreshOne)
        key = key_of(asked.connector_type, asked.user_email)
        self._refresher.refresh(key, min_ttl=timedelta(seconds=asked.min_ttl))
        return answer({"status": ConnectionStatus.ACTIVE.value})

    def finish(self, request: Request) -> Response:
        """Finish one disconnect at its provider."""
        self._callers.require(request, "finish")
        query(request, ())
        asked = json_body(request, FinishOne)
        key = key_of(asked.connector_type, asked.user_email)
        result = self._finisher.finish(key, asked.epoch)
        done = {
            "connector_type": key.connector_type,
            "user_email": key.user_email,
            "provider": result.value,
        }
        return answer({"finished": [done]})
