"""Scopes: the names that each provider answers with, and what they mean in plain words."""

from collections.abc import Sequence
from typing import Final

GRAPH: Final = "https://graph.microsoft.com/"
GOOGLE: Final = "https://www.googleapis.com/auth/"
EMAIL: Final = f"{GOOGLE}userinfo.email"
PROFILE: Final = f"{GOOGLE}userinfo.profile"
GOOGLE_ALIASES: Final = {"email": EMAIL, "profile": PROFILE}
GOOGLE_IDENTITY: Final = frozenset({"openid", EMAIL, PROFILE})
"""Granted by signing in; Google shows no check box for them."""
MICROSOFT_OPENID: Final = frozenset({"openid", "profile", "email", "offline_access"})

WORDS: Final = {
    "openid": "Sign you in",
    "profile": "See your name and picture",
    "email": "See your e-mail address",
    "offline_access": "Keep access to what you have given it access to",
    "User.Read": "Read your profile",
    "Mail.Read": "Read your mail",
    "Mail.ReadBasic": "Read who wrote to you and about what",
    "Mail.ReadWrite": "Read and change your mail",
    "Mail.Send": "Send mail as you",
    "Files.Read": "Read your files",
    "Files.Read.All": "Read all files that you can open",
    "Files.ReadWrite": "Read and change your files",
    "Files.ReadWrite.All": "Read and change all files that you can open",
    "Calendars.ReadBasic": "See when your events are, and their titles",
    "Calendars.Read": "Read your calendars",
    "Calendars.ReadWrite": "Read and change your calendars",
    "Chat.ReadBasic": "See the names and members of your Teams chats",
    "Chat.Read": "Read your Teams chats",
    "Chat.ReadWrite": "Read and write your Teams chats",
    "ChatMessage.Send": "Write in Teams chats as you",
    "Team.ReadBasic.All": "See the names of the teams you are in",
    "Channel.ReadBasic.All": "See the names of your teams' channels",
    "ChannelMessage.Send": "Post in Teams channels as you",
    EMAIL: "See your primary Google Account e-mail address",
    PROFILE: "See your name and picture",
    "https://mail.google.com/": "Read, compose, send and permanently delete all your mail",
    f"{GOOGLE}gmail.send": "Send mail as you",
    f"{GOOGLE}gmail.compose": "Manage drafts and send mail",
    f"{GOOGLE}gmail.readonly": "Read your mail and settings",
    f"{GOOGLE}gmail.modify": "Read, compose and send mail",
    f"{GOOGLE}gmail.metadata": "See who wrote to you and about what",
    f"{GOOGLE}drive": "See, change, create and delete all your Drive files",
    f"{GOOGLE}drive.readonly": "See and download all your Drive files",
    f"{GOOGLE}drive.metadata": "See and change what your Drive files are called and where they lie",
    f"{GOOGLE}drive.metadata.readonly": "See what your Drive files are called and where they lie",
    f"{GOOGLE}drive.file": "See and change the Drive files you use with this app",
    f"{GOOGLE}calendar": "See, change and share all your calendars",
    f"{GOOGLE}calendar.readonly": "See all your calendars",
    f"{GOOGLE}calendar.events": "See and change events on all your calendars",
    f"{GOOGLE}calendar.events.readonly": "See events on all your calendars",
    f"{GOOGLE}calendar.events.owned": "See and change events on calendars you own",
    f"{GOOGLE}calendar.events.owned.readonly": "See events on calendars you own",
    f"{GOOGLE}calendar.calendarlist": "See and change the list of your calendars",
    f"{GOOGLE}calendar.calendarlist.readonly": "See the list of your calendars",
    f"{GOOGLE}calendar.freebusy": "See when you are free or busy",
}


def unique(scopes: Sequence[str]) -> tuple[str, ...]:
    """Give each scope once, in the order of its first mention."""
    return tuple(dict.fromkeys(scopes))


def microsoft_scopes(asked: str) -> tuple[str, ...]:
    """Give Graph scopes by their short name: `User.Read`."""
    return unique([scope.removeprefix(GRAPH) for scope in asked.split()])


def google_scopes(asked: str) -> tuple[str, ...]:
    """Give Google scopes by the long names that Google answers with."""
    return unique([GOOGLE_ALIASES.get(scope, scope) for scope in asked.split()])


def in_words(scope: str) -> str:
    """Say what a scope allows; one that nobody described is its own name."""
    return WORDS.get(scope, scope)
