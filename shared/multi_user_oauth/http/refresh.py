"""The routes of `refresh`: for our own functions, each route with its list of service accounts."""

from datetime import timedelta
from typing import Annotated, Final

import msgspec
from flask import Request, Response

from multi_user_oauth.backlog import FinishedRun, FinishRevocations
from multi_user_oauth.errors import RequestError
from multi_user_oauth.http.callers import ListedCallers
from multi_user_oauth.http.claims_challenge import claims_challenge
from multi_user_oauth.http.endpoint import Route
from multi_user_oauth.http.paths import key_of
from multi_user_oauth.http.reading import answer, has_no_body, json_body, learned, query
from multi_user_oauth.model import ConnectionKey, ConnectionStatus, RevocationResult
from multi_user_oauth.ports import Anew, Clock, Finisher, Refresher, RewrapStep, RewrapSteps

FINISHING_FOR: Final = timedelta(seconds=35)
REWRAPPING_FOR: Final = timedelta(seconds=35)
"""A record that is begun then has its time: the platform stops the function after 60 s."""


@learned
class RefreshOne(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """
    Which connection, and for how many seconds its token must still work.

    `generation` is the token's that an API refused, `claims` what that API wants in another.
    """

    connector_type: str
    user_email: str
    min_ttl: Annotated[int, msgspec.Meta(ge=0, le=3600)] = 60
    generation: Annotated[int, msgspec.Meta(ge=1)] | msgspec.UnsetType = msgspec.UNSET
    claims: str | msgspec.UnsetType = msgspec.UNSET


@learned
class FinishOne(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which life of which connection is to end at its provider."""

    connector_type: str
    user_email: str
    epoch: Annotated[int, msgspec.Meta(ge=1)]


@learned
class RewrapSome(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Where an earlier answer said to go on, and whether records are only counted."""

    after: Annotated[str, msgspec.Meta(min_length=1, max_length=2048)] | msgspec.UnsetType = (
        msgspec.UNSET
    )
    count_only: bool = False


class RefreshRoutes:
    """No token travels here: the asker reads the record again."""

    def __init__(
        self,
        *,
        refresher: Refresher,
        finisher: Finisher,
        finishing: FinishRevocations,
        rewrapping: RewrapSteps,
        callers: ListedCallers,
        now: Clock,
    ) -> None:
        self._refresher = refresher
        self._finisher = finisher
        self._finishing = finishing
        self._rewrapping = rewrapping
        self._now = now
        self._callers = callers

    def routes(self) -> tuple[Route, ...]:
        """Return the routes that exist so far."""
        return (
            Route(methods=("POST",), paths=("/refresh/one", "/one"), handler=self.one),
            Route(methods=("POST",), paths=("/refresh/finish", "/finish"), handler=self.finish),
            Route(methods=("POST",), paths=("/refresh/rewrap", "/rewrap"), handler=self.rewrap),
        )

    def one(self, request: Request) -> Response:
        """Refresh one connection if it needs it."""
        self._callers.require(request, "one")
        query(request, ())
        asked = json_body(request, RefreshOne)
        key = key_of(asked.connector_type, asked.user_email)
        self._refresher.refresh(key, min_ttl=timedelta(seconds=asked.min_ttl), anew=_anew(asked))
        return answer({"status": ConnectionStatus.ACTIVE.value})

    def finish(self, request: Request) -> Response:
        """Finish one disconnect at its provider, or all that there is time for."""
        self._callers.require(request, "finish")
        query(request, ())
        if has_no_body(request):
            return answer(_told_of_run(self._finishing.run(self._now() + FINISHING_FOR)))
        asked = json_body(request, FinishOne)
        key = key_of(asked.connector_type, asked.user_email)
        result = self._finisher.finish(key, asked.epoch)
        return answer({"finished": [_told_of_one(key, result)]})

    def rewrap(self, request: Request) -> Response:
        """Re-wrap, or count, as much as there is time for."""
        self._callers.require(request, "rewrap")
        query(request, ())
        asked = json_body(request, RewrapSome)
        step = self._rewrapping.step(
            after=asked.after or None,
            until=self._now() + REWRAPPING_FOR,
            count_only=asked.count_only,
        )
        return answer(_told(step))


def _anew(asked: RefreshOne) -> Anew | None:
    claims = claims_challenge(asked.claims) if asked.claims is not msgspec.UNSET else None
    if asked.generation is not msgspec.UNSET:
        return Anew(generation=asked.generation, claims=claims)
    if claims is not None:
        raise RequestError("claims are for a token in the place of another", field="generation")
    return None


def _told_of_one(key: ConnectionKey, result: RevocationResult) -> dict[str, str]:
    return {
        "connector_type": key.connector_type,
        "user_email": key.user_email,
        "provider": result.value,
    }


def _told_of_run(run: FinishedRun) -> dict[str, object]:
    told: dict[bool, list[dict[str, str]]] = {True: [], False: []}
    for each in run.done:
        pending = each.result is RevocationResult.PENDING
        told[pending].append(_told_of_one(each.key, each.result))
    return {"finished": told[False], "pending": told[True], "more": run.more}


def _told(step: RewrapStep) -> dict[str, object]:
    told: dict[str, object] = {
        "versions": {kind.value: counts for kind, counts in step.versions.items()},
        "newest": {kind.value: version for kind, version in step.newest.items()},
        "rewrapped": step.rewrapped,
        "skipped": step.skipped,
        "tampered": step.tampered,
    }
    if step.next_after is not None:
        told["next"] = step.next_after
    if step.stopped is not None:
        told["stopped"] = step.stopped.code
    return told
