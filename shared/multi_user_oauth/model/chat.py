"""Chats, teams and channels."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """A chat and who is in it, by name or e-mail; `topic` is empty where it has none."""

    id: str
    topic: str = ""
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A team that the person joined."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A channel of a team."""

    id: str
    name: str
