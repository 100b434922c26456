"""The numbers of all connections, for administrators and auditors."""

from collections.abc import Callable

from flask import Request, Response

from multi_user_oauth.http.callers import Anyone
from multi_user_oauth.http.endpoint import Route
from multi_user_oauth.http.list_answers import told_role
from multi_user_oauth.http.paths import API
from multi_user_oauth.http.reading import answer, query
from multi_user_oauth.summary import Summarise, TypeSummary


class SummaryRoutes:
    """
    Reads only.

    `approval_url` tells where an administrator approves a type's application for everybody, or None.
    """

    def __init__(
        self,
        *,
        summarise: Summarise,
        callers: Anyone,
        approval_url: Callable[[str], str | None],
    ) -> None:
        self._summarise = summarise
        self._callers = callers
        self._approval_url = approval_url

    def routes(self) -> tuple[Route, ...]:
        """Return the route."""
        paths = (f"{API}/summary", "/summary")
        return (Route(methods=("GET",), paths=paths, handler=self.summary),)

    def summary(self, request: Request) -> Response:
        """Answer each type, and how its connections stand."""
        caller = self._callers.require(request)
        query(request, ())
        types = [self._told(each) for each in self._summarise.types(caller)]
        return answer({"connector_types": types, "as": told_role(caller)})

    def _told(self, summary: TypeSummary) -> dict[str, object]:
        told: dict[str, object] = {
            "connector_type": summary.name,
            "counts": {status.value: number for status, number in summary.counts.items()},
            "ends_soon": summary.ends_soon,
        }
        configured = summary.connector_type
        if configured is None:
            return told
        told |= {
            "title": configured.title,
            "provider": configured.provider.value,
            "retired": configured.retired,
        }
        if configured.client_secret_expires is not None:
            told["client_secret_expires"] = configured.client_secret_expires
        approval_url = None if configured.retired else self._approval_url(configured.name)
        if approval_url is not None:
            told["admin_consent_url"] = approval_url
        return told
