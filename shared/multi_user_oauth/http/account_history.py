"""What happened to a connection, and which agents used it."""

import re
from typing import Final

from flask import Request, Response

from multi_user_oauth.auditing.connection import VerifyConnection
from multi_user_oauth.errors import RequestError
from multi_user_oauth.history import History
from multi_user_oauth.http.account_callers import SessionHolders
from multi_user_oauth.http.account_delegations import required_key
from multi_user_oauth.http.endpoint import Route
from multi_user_oauth.http.paths import ACCOUNT
from multi_user_oauth.http.reading import answer, query
from multi_user_oauth.model import AuditRecord
from multi_user_oauth.ports import Clock

_PLACE: Final = re.compile(r"([0-9]{1,12})-([0-9a-f]{64})", re.ASCII)


class HistoryRoutes:
    """Reads only: a person's own, an admin or auditor all."""

    def __init__(
        self,
        *,
        holders: SessionHolders,
        history: History,
        verification: VerifyConnection,
        now: Clock,
    ) -> None:
        self._holders = holders
        self._history = history
        self._verification = verification
        self._now = now

    def routes(self) -> tuple[Route, ...]:
        """Return all routes."""
        handlers = {
            "/audit": self.audit,
            "/audit/verification": self.verification,
            "/usage": self.usage,
        }
        return tuple(
            Route(methods=("GET",), paths=(ACCOUNT + path, path), handler=handler)
            for path, handler in handlers.items()
        )

    def audit(self, request: Request) -> Response:
        """Answer one page of the audit, the newest record first."""
        person = self._holders.person(request)
        asked = query(request, {"connector_type", "user_email", "page_token"})
        place = _place(asked.get("page_token"))
        page = self._history.audit(person, required_key(asked), place)
        body: dict[str, object] = {"records": [_record(record) for record in page.records]}
        if page.next_after is not None:
            body["next_page_token"] = f"{page.next_after.sequence}-{page.next_after.hash}"
        return answer(body)

    def verification(self, request: Request) -> Response:
        """Answer whether the audit of a connection is what was written, as far as it was looked at."""
        person = self._holders.person(request)
        asked = query(request, {"connector_type", "user_email"})
        found = self._verification.verify(person, required_key(asked))
        body: dict[str, object] = {
            "verified": found.trouble is None,
            "records": found.records,
            "verified_from": found.begins,
            "verified_at": self._now(),
        }
        if found.trouble is not None:
            body["at_sequence"], body["problem"] = found.trouble
        return answer(body)

    def usage(self, request: Request) -> Response:
        """Answer which agent used the connection, what for and when last."""
        person = self._holders.person(request)
        asked = query(request, {"connector_type", "user_email"})
        uses = self._history.usage(person, required_key(asked))
        return answer(
            {
                "usage": [
                    {
                        "agent": use.agent,
                        "action": use.action,
                        "purpose": use.purpose,
                        "last_used_at": use.at,
                    }
                    for use in uses
                ]
            }
        )


def _record(record: AuditRecord) -> dict[str, object]:
    told: dict[str, object] = {
        "sequence": record.sequence,
        "at": record.at,
        "actor": record.actor,
        "event": record.action,
        "outcome": record.outcome,
        "hash": record.hash,
        "previous_hash": record.previous,
    }
    if record.reason:
        told["reason"] = record.reason
    return told


def _place(token: str | None) -> tuple[int, str] | None:
    if token is None:
        return None
    match = _PLACE.fullmatch(token)
    if match is None:
        raise RequestError("not a page token of ours", field="page_token")
    return int(match[1]), match[2]
