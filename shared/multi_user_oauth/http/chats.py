"""Chats, teams and channels; Microsoft alone has them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Final, TypeVar

import msgspec
from flask import Request, Response

from multi_user_oauth.errors import RequestError
from multi_user_oauth.http.acting import Acts, Asked, SaidInQuery
from multi_user_oauth.http.endpoint import Route
from multi_user_oauth.http.idempotency import fingerprint, idempotency_key, replayed
from multi_user_oauth.http.links import Links
from multi_user_oauth.http.paths import CONNECTORS
from multi_user_oauth.http.reading import answer, json_body, learned, query
from multi_user_oauth.model import Action
from multi_user_oauth.model.chat import Channel, Chat, Team
from multi_user_oauth.model.paging import Paged
from multi_user_oauth.ports.connectors import Place
from multi_user_oauth.sending import SendOnce

LONGEST_BODY: Final = 352 * 1024  # bytes: JSON may write one character in twelve
LONGEST_TEXT: Final = 28_000
T = TypeVar("T", Chat, Team, Channel)


@learned
class WriteMessage(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """A text, as it is to be read."""

    user_email: str
    body: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_TEXT)]
    purpose: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """A request that was read, and found to make sense."""

    user_email: str
    purpose: str
    text: str
    idempotency_key: str | None
    fingerprint: str


class ChatRoutes:
    """For persons and agents."""

    def __init__(self, *, acts: Acts, send_once: SendOnce, links: Links) -> None:
        self._acts = acts
        self._send_once = send_once
        self._links = links

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        channels = "/teams/{team_id}/channels"
        return (
            _route("GET", "/chats", self.chats),
            _route("GET", "/teams", self.teams),
            _route("GET", channels, self.channels),
            _route("POST", "/chats/{chat_id}/messages", self.write),
            _route("POST", f"{channels}/{{channel_id}}/messages", self.write),
        )

    def chats(self, request: Request, connector_type: str) -> Response:
        """Answer a page of the person's chats."""

        def work(asked: Asked, said: SaidInQuery) -> Response:
            cursor = self._cursor(asked, said, "chats")
            page = asked.chats.chats(asked.person, cursor)
            return self._listed(asked, "chats", "chats", page)

        return self._read(request, connector_type, work)

    def teams(self, request: Request, connector_type: str) -> Response:
        """Answer a page of the teams that the person joined."""

        def work(asked: Asked, said: SaidInQuery) -> Response:
            cursor = self._cursor(asked, said, "teams")
            page = asked.chats.teams(asked.person, cursor)
            return self._listed(asked, "teams", "teams", page)

        return self._read(request, connector_type, work)

    def channels(self, request: Request, connector_type: str, team_id: str) -> Response:
        """Answer a page of a team's channels."""
        route = f"channels {team_id}"

        def work(asked: Asked, said: SaidInQuery) -> Response:
            cursor = self._cursor(asked, said, route)
            page = asked.chats.channels(asked.person, team_id, cursor)
            return self._listed(asked, "channels", route, page)

        return self._read(request, connector_type, work)

    def write(self, request: Request, connector_type: str, **ids: str) -> Response:
        """Write into a chat, or into a channel of a team."""
        place = Place(**ids)

        def work(asked: Asked, wish: _Wish) -> Response:
            scopes = asked.chats.chat_scopes if place.chat_id else asked.chats.channel_scopes
            asked.person.token(*scopes)
            sending = asked.chats.sending(asked.person, place, wish.text)
            sent = self._send_once.send(
                asked.caller,
                asked.key,
                idempotency_key=wish.idempotency_key,
                fingerprint=wish.fingerprint,
                make=lambda _: sending,
            )
            named = {"message_id": sent.provider_id} if sent.provider_id else {}
            return replayed(answer({"status": "sent", **named}, 201), sent)

        return self._acts.change(
            request, connector_type, Action.CHAT_SEND, lambda said: _wish(said, place), work
        )

    def _read(
        self,
        request: Request,
        connector_type: str,
        work: Callable[[Asked, SaidInQuery], Response],
    ) -> Response:
        return self._acts.read(request, connector_type, Action.CHAT_READ, {"page_token"}, work)

    def _cursor(self, asked: Asked, said: SaidInQuery, route: str) -> str | None:
        token = said.fields.get("page_token")
        return self._links.cursor(asked.caller, asked.key, route, token)

    def _listed(self, asked: Asked, name: str, route: str, page: Paged[T]) -> Response:
        body: dict[str, object] = {name: page.items}
        following = self._links.page_token(asked.caller, asked.key, route, page.cursor)
        if following is not None:
            body["next_page_token"] = following
        return answer(body)


def _route(method: str, path: str, handler: Callable[..., Response]) -> Route:
    paths = (f"{CONNECTORS}{path}", f"/{{connector_type}}{path}")
    return Route(methods=(method,), paths=paths, handler=handler)


def _wish(request: Request, place: Place) -> _Wish:
    query(request, ())
    said = json_body(request, WriteMessage, longest=LONGEST_BODY)
    if not said.body.strip():
        raise RequestError("the message says nothing", field="body")
    where: Iterable[str] = (place.chat_id, place.team_id, place.channel_id)
    return _Wish(
        user_email=said.user_email,
        purpose=said.purpose,
        text=said.body,
        idempotency_key=idempotency_key(request),
        fingerprint=fingerprint(" ".join(("messages", *where)), said),
    )
