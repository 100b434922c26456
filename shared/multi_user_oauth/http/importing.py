"""The operators' route of `refresh` by which an older system's tokens come in, one at a time."""

from typing import Annotated

import msgspec
from flask import Request, Response

from multi_user_oauth.http.callers import ListedCallers
from multi_user_oauth.http.endpoint import Route
from multi_user_oauth.http.paths import key_of
from multi_user_oauth.http.reading import answer, json_body, learned, query
from multi_user_oauth.model import ConnectionStatus, Secret
from multi_user_oauth.ports.importing import Importer


@learned
class ImportOne(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Whose the token is said to be, and the token (RFC 6749, appendix A.17)."""

    connector_type: str
    user_email: str
    refresh_token: Annotated[
        str, msgspec.Meta(min_length=1, max_length=8192, pattern=r"^[\x20-\x7e]+\Z")
    ]
    replace: bool = False


class ImportRoutes:
    """A token comes in; none ever goes out."""

    def __init__(self, *, importer: Importer, callers: ListedCallers) -> None:
        self._importer = importer
        self._callers = callers

    def routes(self) -> tuple[Route, ...]:
        """Return the one route."""
        return (
            Route(methods=("POST",), paths=("/refresh/import", "/import"), handler=self.take_in),
        )

    def take_in(self, request: Request) -> Response:
        """Take one token in."""
        caller = self._callers.require(request, "import")
        query(request, ())
        asked = json_body(request, ImportOne)
        key = key_of(asked.connector_type, asked.user_email)
        self._importer.take_in(
            key, Secret(asked.refresh_token), caller=caller, replace=asked.replace
        )
        told = {
            "connector_type": key.connector_type,
            "user_email": key.user_email,
            "status": ConnectionStatus.ACTIVE.value,
        }
        return answer(told, 201)
