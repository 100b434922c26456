"""What stands in Teams from the start: who talks with whom in the small company."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from ..company import COMPANY_TENANT, Account, stable_guid
from .teams_records import Channel, Chat, Message, Team

DAY: Final = 86_400.0
_CHATS: Final = (
    (None, ("sarah", "john")),
    (None, ("john", "maria")),
    (None, ("sarah", "pat")),
    (None, ("maria", "admin")),
    ("Spring fair", ("sarah", "john", "maria")),
    ("Lunch", ("sarah", "john", "maria", "pat", "admin")),
)
_TEAMS: Final = (
    (
        "Sales",
        "Everything about customers",
        ("sarah", "john", "maria"),
        (("General", "All that has no other place"), ("Quotes", "What we offered to whom")),
    ),
    ("IT", "Machines and accounts", ("admin", "pat"), (("General", "Ask here"),)),
)
_WORDS: Final = (
    "Good morning!",
    "Did you see the new price list?",
    "I am there at ten.",
    "Could you have a look at the draft?",
    "Thank you, that helps.",
    "Let us talk about it tomorrow.",
    "The supplier has called again.",
)


def seed_chats(people: Mapping[str, Account], now: float) -> Iterator[Chat]:
    """Give the chats of those who are there."""
    for topic, members in _CHATS:
        if people.keys() >= set(members):
            pair = "_".join(people[m].oid(COMPANY_TENANT) for m in members)
            thread = f"19:{_hex(f'chat/{topic}')}@thread.v2"
            yield Chat(
                id=thread if topic else f"19:{pair}@unq.gbl.spaces",
                kind="group" if topic else "oneOnOne",
                topic=topic,
                members=members,
                created_at=now - 20 * DAY,
            )


def seed_teams(people: Mapping[str, Account], now: float) -> Iterator[Team]:
    """Give the teams of those who are there."""
    for name, description, members, channels in _TEAMS:
        if people.keys() >= set(members):
            yield Team(
                id=stable_guid(f"team/{name}"),
                name=name,
                description=description,
                members=members,
                channels=tuple(
                    Channel(
                        id=f"19:{_hex(f'channel/{name}/{channel}')}@thread.tacv2",
                        name=channel,
                        description=about,
                        created_at=now - 40 * DAY,
                    )
                    for channel, about in channels
                ),
            )


def seed_messages(
    chats: Iterable[Chat], teams: Iterable[Team], people: Mapping[str, Account], now: float
) -> Iterator[Message]:
    """Give three messages for each chat and channel, by its members in turn."""
    places = [(chat.id, chat.members) for chat in chats]
    places += [(channel.id, team.members) for team in teams for channel in team.channels]
    for place, members in places:
        draw = hashlib.sha256(place.encode()).digest()
        for number in range(3):
            at = int((now - (3 - number) * DAY - draw[number] * 60) * 1000)
            sender = members[(draw[3] + number) % len(members)]
            said = _WORDS[(draw[4] + number * 2) % len(_WORDS)]
            yield Message(
                id=str(at),
                place=place,
                sender=sender,
                body=f"{said} {people[sender].name.partition(' ')[0]}",
                body_type="text",
                sent_at=at / 1000,
            )


def _hex(name: str) -> str:
    return stable_guid(name).replace("-", "")
