"""What Teams is made of: chats, teams with channels, and messages in both."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """A conversation of its members."""

    id: str
    kind: Literal["oneOnOne", "group"]
    topic: str | None
    members: tuple[str, ...]
    """Accounts' ids."""
    created_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A place of a team to write in."""

    id: str
    name: str
    description: str
    created_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A team, its members and channels."""

    id: str
    name: str
    description: str
    members: tuple[str, ...]
    channels: tuple[Channel, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What somebody wrote in a chat or a channel."""

    id: str
    place: str
    """The chat's or channel's id."""
    sender: str
    body: str
    body_type: str
    sent_at: float
