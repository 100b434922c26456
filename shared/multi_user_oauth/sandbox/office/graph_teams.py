"""Chats, teams and channels, as graph.microsoft.com serves them."""

from typing import Any, Final
from urllib.parse import quote

import msgspec
from flask import Blueprint, Response, jsonify, make_response, request

from ..state import State
from .calendar_graph import (
    METADATA,
    Caller,
    GraphRefusedError,
    bad_request,
    graph_body,
    graph_caller,
    graph_page,
    graph_part,
    only_options,
)
from .teams import Teams
from .teams_graph_shape import as_channel, as_chat, as_member, as_message, as_team
from .teams_records import Chat, Message, Team

READ_CHATS: Final = ("Chat.ReadBasic", "Chat.Read", "Chat.ReadWrite")
READ_MESSAGES: Final = ("Chat.Read", "Chat.ReadWrite")
SEND_CHAT: Final = ("ChatMessage.Send", "Chat.ReadWrite", "Group.ReadWrite.All")
_EVERYTHING: Final = ("Directory.Read.All", "Directory.ReadWrite.All")
READ_TEAMS: Final = (
    "Team.ReadBasic.All",
    "TeamSettings.Read.All",
    "TeamSettings.ReadWrite.All",
    "User.Read.All",
    "User.ReadWrite.All",
    *_EVERYTHING,
)
READ_CHANNELS: Final = (
    "Channel.ReadBasic.All",
    "ChannelSettings.Read.All",
    "ChannelSettings.ReadWrite.All",
    "Group.Read.All",
    "Group.ReadWrite.All",
    *_EVERYTHING,
)
SEND_CHANNEL: Final = ("ChannelMessage.Send", "Group.ReadWrite.All")
USUAL: Final = 20
MOST: Final = 50
LARGEST: Final = 28 * 1024
"""Bytes that Teams takes in one message, approximately."""


class Text(msgspec.Struct, rename="camel", frozen=True):
    """What is written: itemBody."""

    content: str
    content_type: str = "text"


class MessageDraft(msgspec.Struct, rename="camel", frozen=True):
    """What a new message is made of; what else Graph would take is not played."""

    body: Text


class _Routes:
    """The views, over one state."""

    def __init__(self, state: State) -> None:
        self._state = state

    def chats(self) -> Response:
        only_options("$top", "$expand", "$skiptoken")
        caller = graph_caller(self._state, READ_CHATS)
        expand = request.args.get("$expand", "")
        if expand not in ("", "members"):
            raise bad_request("$expand is supported for members only.")
        teams = self._teams()
        found, more = graph_page(teams.chats_of(caller.person.account), usual=USUAL, most=MOST)
        value = [self._chat(chat, caller, with_members=bool(expand)) for chat in found]
        return _listed("chats(members())" if expand else "chats", value, more)

    def messages(self, chat_id: str) -> Response:
        only_options("$top", "$orderby", "$skiptoken")
        caller = graph_caller(self._state, READ_MESSAGES)
        chat = self._own_chat(caller, chat_id)
        if request.args.get("$orderby", "createdDateTime desc") not in (
            "createdDateTime desc",
            "lastModifiedDateTime desc",
        ):
            raise bad_request("Messages come newest first only.")
        found, more = graph_page(self._teams().messages(chat.id), usual=USUAL, most=MOST)
        value = [self._message(m, caller, {"chatId": chat.id}) for m in found]
        return _listed(f"chats('{quote(chat.id, safe='')}')/messages", value, more)

    def send_to_chat(self, chat_id: str) -> Response:
        caller = graph_caller(self._state, SEND_CHAT)
        chat = self._own_chat(caller, chat_id)
        place = {"chatId": chat.id}
        return self._sent(caller, chat.id, place, f"chats('{quote(chat.id, safe='')}')")

    def joined_teams(self) -> Response:
        only_options()
        caller = graph_caller(self._state, READ_TEAMS)
        value = [as_team(team) for team in self._teams().teams_of(caller.person.account)]
        return _listed("teams", value, {})

    def channels(self, team_id: str) -> Response:
        only_options()
        caller = graph_caller(self._state, READ_CHANNELS)
        team = self._own_team(caller, team_id)
        value = [as_channel(c, team, caller.person.tenant) for c in team.channels]
        return _listed(f"teams('{team.id}')/channels", value, {})

    def post_to_channel(self, team_id: str, channel_id: str) -> Response:
        caller = graph_caller(self._state, SEND_CHANNEL)
        team = self._own_team(caller, team_id)
        if channel_id not in {channel.id for channel in team.channels}:
            raise GraphRefusedError(404, "Channel does not exist in the team.", "NotFound")
        url = f"https://teams.microsoft.com/l/message/{quote(channel_id, safe='')}"
        where = {"teamId": team.id, "channelId": channel_id}
        place = {"channelIdentity": where, "webUrl": f"{url}?groupId={team.id}"}
        context = f"teams('{team.id}')/channels('{quote(channel_id, safe='')}')"
        return self._sent(caller, channel_id, place, context)

    def _teams(self) -> Teams:
        teams = self._state.office.teams
        teams.begin(self._state.config.accounts, self._state.now())
        return teams

    def _own_chat(self, caller: Caller, chat_id: str) -> Chat:
        chat = self._teams().chat(chat_id)
        if chat is None:
            raise GraphRefusedError(404, "Conversation not found.", "NotFound")
        if caller.person.account.id not in chat.members:
            raise GraphRefusedError(403, "The user is not part of the conversation.", "Forbidden")
        return chat

    def _own_team(self, caller: Caller, team_id: str) -> Team:
        team = self._teams().team(team_id)
        if team is None:
            raise GraphRefusedError(404, "No team found with this group id.", "NotFound")
        if caller.person.account.id not in team.members:
            raise GraphRefusedError(403, "The user is not a member of the team.", "Forbidden")
        return team

    def _sent(self, caller: Caller, where: str, place: dict[str, Any], context: str) -> Response:
        text = graph_body(MessageDraft).body
        if not text.content.strip():
            raise bad_request("Missing body content.")
        if len(text.content.encode()) > LARGEST:
            raise GraphRefusedError(413, "The message is too large.", "RequestEntityTooLarge")
        account, now = caller.person.account, self._state.now()
        body_type = text.content_type.casefold()
        message = self._teams().write(where, account, text.content, body_type, now)
        answer = self._message(message, caller, place)
        entity = {"@odata.context": f"{METADATA}#{context}/messages/$entity"}
        return make_response(jsonify(entity | answer), 201)

    def _chat(self, chat: Chat, caller: Caller, *, with_members: bool) -> dict[str, Any]:
        tenant = caller.person.tenant
        answer = as_chat(chat, tenant)
        if not with_members:
            return answer
        members = (self._state.account(name) for name in chat.members)
        return answer | {"members": [as_member(a, chat, tenant) for a in members if a]}

    def _message(self, message: Message, caller: Caller, place: dict[str, Any]) -> dict[str, Any]:
        sender = self._state.account(message.sender)
        return as_message(message, sender, caller.person.tenant, place)


def _listed(name: str, value: list[dict[str, Any]], more: dict[str, Any]) -> Response:
    context = {"@odata.context": f"{METADATA}#{name}", "@odata.count": len(value)}
    return jsonify(context | more | {"value": value})


def graph_teams_blueprint(state: State) -> Blueprint:
    """Give the routes."""
    routes = _Routes(state)
    blueprint = graph_part("graph_teams")
    add = blueprint.add_url_rule
    add("/me/chats", view_func=routes.chats)
    add("/chats/<chat_id>/messages", view_func=routes.messages)
    add("/chats/<chat_id>/messages", "send", routes.send_to_chat, methods=["POST"])
    add("/me/joinedTeams", view_func=routes.joined_teams)
    add("/teams/<team_id>/channels", view_func=routes.channels)
    channel = "/teams/<team_id>/channels/<channel_id>/messages"
    add(channel, "post", routes.post_to_channel, methods=["POST"])
    return blueprint
