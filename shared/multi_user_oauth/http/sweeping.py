"""The routes of `refresh` that nobody waits for: Cloud Scheduler's every minute, and Pub/Sub's."""

from datetime import datetime, timedelta
from typing import Annotated, Final

import msgspec
from flask import Request, Response

from multi_user_oauth.errors import RequestError
from multi_user_oauth.http.callers import ListedCallers
from multi_user_oauth.http.endpoint import Route
from multi_user_oauth.http.reading import answer, has_no_body, json_body, learned, query
from multi_user_oauth.model import SHARDS
from multi_user_oauth.ports import Clock
from multi_user_oauth.rounds import Rounds
from multi_user_oauth.sweep import Swept

SWEEPING_FOR: Final = timedelta(seconds=40)
"""What is begun then has its time: the platform stops the function after 60 s."""

_SHARDS: Final = frozenset(str(shard) for shard in range(SHARDS))


@learned
class PushedMessage(msgspec.Struct, kw_only=True):
    """A Pub/Sub message (`PubsubMessage`): which shard, and when it was published."""

    attributes: dict[str, Annotated[str, msgspec.Meta(max_length=1024)]]
    publish_time: datetime = msgspec.field(name="publishTime")


@learned
class Push(msgspec.Struct, kw_only=True):
    """What Pub/Sub posts for a push subscription; Google may add to it."""

    message: PushedMessage


@learned
class NoBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """An empty object."""


class SweepRoutes:
    """Both do what there is time for. What is left is found again by the next."""

    def __init__(self, *, rounds: Rounds, callers: ListedCallers, now: Clock) -> None:
        self._rounds = rounds
        self._callers = callers
        self._now = now

    def routes(self) -> tuple[Route, ...]:
        """Return the two routes."""
        return (
            Route(methods=("POST",), paths=("/refresh/sweep", "/sweep"), handler=self.sweep),
            Route(methods=("POST",), paths=("/refresh/shard", "/shard"), handler=self.shard),
        )

    def sweep(self, request: Request) -> Response:
        """Refresh what is due, or hand it on."""
        self._callers.require(request, "sweep")
        query(request, ())
        if not has_no_body(request):
            json_body(request, NoBody)
        return answer(_told(self._rounds.round(self._now() + SWEEPING_FOR)))

    def shard(self, request: Request) -> Response:
        """Refresh what is due in one shard; the message is acknowledged by any 2xx."""
        self._callers.require(request, "shard")
        query(request, ())
        message = json_body(request, Push).message
        named = message.attributes.get("shard", "")
        if named not in _SHARDS:
            raise RequestError("no such shard", field="shard")
        if message.publish_time.tzinfo is None:
            raise RequestError("a time without its zone", field="publishTime")
        until = self._now() + SWEEPING_FOR
        self._rounds.shard(int(named), message.publish_time, until)
        return Response(status=204)


def _told(swept: Swept) -> dict[str, object]:
    counts = {outcome.value: number for outcome, number in swept.counts.items()}
    return {"counts": counts, "more": swept.more}
