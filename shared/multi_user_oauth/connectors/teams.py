"""Chats, teams and channels of Microsoft Teams, by Microsoft Graph."""

from collections.abc import Iterable
from typing import Final

from multi_user_oauth.connectors.api import Api
from multi_user_oauth.connectors.call import Call, json_call
from multi_user_oauth.connectors.item_ids import in_path
from multi_user_oauth.connectors.lists import GRAPH, items_of, next_page, text_of
from multi_user_oauth.model.chat import Channel, Chat, Team
from multi_user_oauth.model.paging import Paged
from multi_user_oauth.net.http_answer import Json
from multi_user_oauth.ports.connectors import ActingAs, Found, Outcome, Place

READ_CHATS: Final = ("Chat.ReadBasic", "Chat.Read", "Chat.ReadWrite")
SEND_TO_CHAT: Final = ("ChatMessage.Send", "Chat.ReadWrite", "Group.ReadWrite.All")
READ_TEAMS: Final = ("Team.ReadBasic.All", "TeamSettings.Read.All", "TeamSettings.ReadWrite.All")
READ_CHANNELS: Final = (
    *("Channel.ReadBasic.All", "ChannelSettings.Read.All", "ChannelSettings.ReadWrite.All"),
    *("Group.Read.All", "Group.ReadWrite.All"),
)
SEND_TO_CHANNEL: Final = ("ChannelMessage.Send", "Group.ReadWrite.All")
CHATS, ALL_CHATS = "/me/chats", "/chats"
"""The same list under two paths ("List chats")."""
TEAMS: Final = "/me/joinedTeams"
MOST_CHATS: Final = "50"


class Teams:
    """One for the process: whose it is comes with each call."""

    chat_scopes: tuple[str, ...] = SEND_TO_CHAT
    channel_scopes: tuple[str, ...] = SEND_TO_CHANNEL

    def __init__(self, api: Api) -> None:
        self._api = api

    def chats(self, person: ActingAs, cursor: str | None) -> Paged[Chat]:
        """Return a page of chats, as many as Graph gives at once, with their members."""
        query = (("$expand", "members"), ("$top", MOST_CHATS))
        document = self._page(person, cursor, (CHATS, ALL_CHATS), READ_CHATS, query)
        return Paged(
            items=tuple(
                Chat(id=text_of(each, "id"), topic=text_of(each, "topic"), members=_members(each))
                for each in _named(document)
            ),
            cursor=text_of(document, "@odata.nextLink") or None,
        )

    def teams(self, person: ActingAs, cursor: str | None) -> Paged[Team]:
        """Return a page of the teams that the person joined."""
        document = self._page(person, cursor, (TEAMS,), READ_TEAMS)
        return Paged(
            items=tuple(
                Team(id=text_of(each, "id"), name=text_of(each, "displayName"))
                for each in _named(document)
            ),
            cursor=text_of(document, "@odata.nextLink") or None,
        )

    def channels(self, person: ActingAs, team_id: str, cursor: str | None) -> Paged[Channel]:
        """Return a page of a team's channels; raise `ItemNotFoundError`."""
        path = f"/teams/{in_path(team_id)}/channels"
        document = self._page(person, cursor, (path,), READ_CHANNELS)
        return Paged(
            items=tuple(
                Channel(id=text_of(each, "id"), name=text_of(each, "displayName"))
                for each in _named(document)
            ),
            cursor=text_of(document, "@odata.nextLink") or None,
        )

    def sending(self, person: ActingAs, place: Place, text: str) -> "Writing":
        """Return how this is written there; raise `ItemNotFoundError` for what is no id."""
        if place.chat_id:
            path = f"/chats/{in_path(place.chat_id)}/messages"
            return Writing(self._api, person, path, SEND_TO_CHAT, text)
        team, channel = in_path(place.team_id), in_path(place.channel_id)
        path = f"/teams/{team}/channels/{channel}/messages"
        return Writing(self._api, person, path, SEND_TO_CHANNEL, text)

    def _page(
        self,
        person: ActingAs,
        cursor: str | None,
        lists: tuple[str, ...],
        needs: tuple[str, ...],
        query: tuple[tuple[str, str], ...] = (),
    ) -> Json:
        if cursor is None:
            call = Call(method="GET", url=f"{GRAPH}{lists[0]}", needs=needs, query=query)
        else:
            call = Call(method="GET", url=next_page(cursor, *lists), needs=needs)
        return self._api.json(person, call)


class Writing:
    """One message; Graph keeps nothing by which it could be found again."""

    def __init__(
        self, api: Api, person: ActingAs, path: str, needs: tuple[str, ...], text: str
    ) -> None:
        self._api = api
        self._person = person
        self._path = path
        self._needs = needs
        self._text = text

    def prepare(self) -> str:
        """Do nothing: there are no drafts."""
        return ""

    def send(self, handle: str) -> str:
        """Write it, as text, and return its id; raise `OutcomeUnknownError` if it may stand there."""
        document = {"body": {"contentType": "text", "content": self._text}}
        url = f"{GRAPH}{self._path}"
        call = json_call("POST", url, document, needs=self._needs, sends=True)
        return text_of(self._api.json(self._person, call), "id")

    def look_up(self, handle: str) -> Found:
        """Say that nobody knows: the same words can stand there for another reason."""
        return Found(outcome=Outcome.UNKNOWN)


def _named(document: Json) -> list[object]:
    return [each for each in items_of(document, "value") if text_of(each, "id")]


def _members(chat: object) -> tuple[str, ...]:
    members = chat.get("members") if isinstance(chat, dict) else None
    return tuple(_people(members if isinstance(members, list) else ()))


def _people(members: Iterable[object]) -> Iterable[str]:
    for each in members:
        person = text_of(each, "email") or text_of(each, "displayName")
        if person:
            yield person
