"""Everybody's chats, teams and channels, as both Graph and the sandbox's pages see them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..company import Account
from .teams_records import Chat, Message, Team
from .teams_seeds import seed_chats, seed_messages, seed_teams


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedChats:
    """What outlives a restart."""

    chats: tuple[Chat, ...] = ()
    teams: tuple[Team, ...] = ()
    messages: tuple[Message, ...] = ()
    seeded: bool = False
    """Whether there is what everybody starts with."""


class Teams:
    """The one memory of it; whoever changes it holds the state's lock."""

    def __init__(self, saved: SavedChats) -> None:
        self._chats = list(saved.chats)
        self._teams = list(saved.teams)
        self._messages = list(saved.messages)
        self._seeded = saved.seeded

    def saved(self) -> SavedChats:
        """Give what is to outlive a restart."""
        return SavedChats(
            chats=tuple(self._chats),
            teams=tuple(self._teams),
            messages=tuple(self._messages),
            seeded=self._seeded,
        )

    def begin(self, accounts: Iterable[Account], now: float) -> None:
        """Let the company have talked a little before the first look; later it does nothing."""
        if self._seeded:
            return
        people = {account.id: account for account in accounts}
        self._chats += seed_chats(people, now)
        self._teams += seed_teams(people, now)
        self._messages += seed_messages(self._chats, self._teams, people, now)
        self._seeded = True

    def chat(self, name: str) -> Chat | None:
        """Find a chat by its id."""
        return next((chat for chat in self._chats if chat.id == name), None)

    def team(self, name: str) -> Team | None:
        """Find a team by its id."""
        return next((team for team in self._teams if team.id == name), None)

    def chats_of(self, account: Account) -> list[Chat]:
        """Give the chats that a person is a member of, the liveliest first."""
        mine = [chat for chat in self._chats if account.id in chat.members]
        return sorted(mine, key=self.last_change, reverse=True)

    def teams_of(self, account: Account) -> list[Team]:
        """Give the teams that a person is a member of."""
        return [team for team in self._teams if account.id in team.members]

    def last_change(self, chat: Chat) -> float:
        """Give when somebody last wrote in a chat, or when it began."""
        return max([chat.created_at, *(m.sent_at for m in self.messages(chat.id))])

    def messages(self, place: str) -> Sequence[Message]:
        """Give what was written in a chat or a channel, newest first."""
        return [message for message in reversed(self._messages) if message.place == place]

    def write(self, place: str, sender: Account, body: str, body_type: str, now: float) -> Message:
        """Add a message; its id is the millisecond, as at the real one, moved on if taken."""
        taken = {message.id for message in self._messages if message.place == place}
        number = int(now * 1000)
        while str(number) in taken:
            number += 1
        message = Message(
            id=str(number),
            place=place,
            sender=sender.id,
            body=body,
            body_type=body_type,
            sent_at=number / 1000,
        )
        self._messages.append(message)
        return message
