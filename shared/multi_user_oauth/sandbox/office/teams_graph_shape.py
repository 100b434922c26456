"""Chats, teams, channels and messages as Microsoft Graph writes them."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from ..company import Account
from .teams_records import Channel, Chat, Message, Team

_NULL: Final = (
    "replyToId",
    "lastEditedDateTime",
    "deletedDateTime",
    "subject",
    "summary",
    "chatId",
    "webUrl",
    "channelIdentity",
    "policyViolation",
    "eventDetail",
)


def as_chat(chat: Chat, tenant: str) -> dict[str, Any]:
    """Give a chat as Graph lists it."""
    return {
        "id": chat.id,
        "topic": chat.topic,
        "createdDateTime": _written(chat.created_at),
        "lastUpdatedDateTime": _written(chat.created_at),
        "chatType": chat.kind,
        "webUrl": f"https://teams.microsoft.com/l/chat/{quote(chat.id, safe='')}/0",
        "tenantId": tenant,
        "onlineMeetingInfo": None,
    }


def as_member(account: Account, chat: Chat, tenant: str) -> dict[str, Any]:
    """Give a member as `$expand=members` adds it to a chat."""
    oid = account.oid(tenant)
    name = base64.b64encode(f"{tenant}##{chat.id}##{oid}".encode()).decode()
    return {
        "@odata.type": "#microsoft.graph.aadUserConversationMember",
        "id": name,
        "roles": ["owner"],
        "displayName": account.name,
        "visibleHistoryStartDateTime": "0001-01-01T00:00:00Z",
        "userId": oid,
        "email": account.email,
        "tenantId": tenant,
    }


def as_team(team: Team) -> dict[str, Any]:
    """Give a team as joinedTeams lists it: with no more than these three properties."""
    return {"id": team.id, "displayName": team.name, "description": team.description}


def as_channel(channel: Channel, team: Team, tenant: str) -> dict[str, Any]:
    """Give a channel as Graph lists it."""
    place = f"https://teams.microsoft.com/l/channel/{quote(channel.id, safe='')}"
    return {
        "id": channel.id,
        "createdDateTime": _written(channel.created_at),
        "displayName": channel.name,
        "description": channel.description,
        "isFavoriteByDefault": None,
        "email": "",
        "tenantId": tenant,
        "webUrl": f"{place}/{quote(channel.name)}?groupId={team.id}&tenantId={tenant}",
        "membershipType": "standard",
        "isArchived": False,
    }


def as_message(
    message: Message, sender: Account | None, tenant: str, place: Mapping[str, Any]
) -> dict[str, Any]:
    """Give a chatMessage; `place` says chatId or channelIdentity, the sender may have left."""
    at = _written(message.sent_at)
    nothing = dict.fromkeys(_NULL)
    return {
        **nothing,
        "id": message.id,
        "etag": message.id,
        "messageType": "message",
        "createdDateTime": at,
        "lastModifiedDateTime": at,
        "importance": "normal",
        "locale": "en-us",
        "from": _sender(sender, tenant) if sender else None,
        "body": {"contentType": message.body_type, "content": message.body},
        "attachments": [],
        "mentions": [],
        "reactions": [],
        **place,
    }


def _sender(sender: Account, tenant: str) -> dict[str, Any]:
    who = {"id": sender.oid(tenant), "displayName": sender.name, "userIdentityType": "aadUser"}
    return {"application": None, "device": None, "user": who}


def _written(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
