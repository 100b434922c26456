"""What stands in everybody's calendar from the start: the same for a person, another for each."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from ..company import PARTNER_DOMAIN, Account
from ..records import ProviderName
from .calendar_events import Event, Guest, blank

_WEEKLY: Final = ("Team meeting", "Weekly review", "Stand-up", "Office hours", "Planning")
_MEETINGS: Final = ("Interview", "Supplier call", "Budget talk", "Design review", "Workshop")
_TOPICS: Final = ("warehouse", "spring fair", "new website", "payroll", "training", "car park")
_ROOMS: Final = ("Room Ada", "Room Grace", "Room Edsger", "Canteen", "Phone")
_DAYS: Final = ("Day off", "Trade fair", "Working from home", "First-aid course")
_HALF_HOUR: Final = timedelta(minutes=30)


def seeds(provider: ProviderName, account: Account, now: float) -> Iterator[Event]:
    """Give the first events of a person: a weekly one, three single ones, a whole day."""
    draw = hashlib.sha256(f"{provider}/{account.id}".encode()).digest()
    first = account.name.partition(" ")[0]
    today = datetime.fromtimestamp(now, UTC).replace(
        hour=0, minute=0, second=0, microsecond=0, tzinfo=None
    )
    guest = Guest(address=f"orders@{PARTNER_DOMAIN}", name="Orders")

    def event(number: int, subject: str, day: int, *, whole: bool = False) -> Event:
        start = today + timedelta(days=day)
        if not whole:
            start += timedelta(hours=9) + draw[number] % 12 * _HALF_HOUR
        name = hashlib.sha256(f"{provider}/{account.id}/{number}".encode()).hexdigest()[:40]
        made = now - 30 * 86_400
        return replace(
            blank(provider, account, name=name, uid=f"{name}@{provider}", now=made),
            subject=subject,
            start=start,
            end=start + (timedelta(days=1) if whole else _HALF_HOUR * (1 + draw[number + 8] % 3)),
            body=f"{subject}. Notes of {account.name}.",
            location="" if whole else _pick(_ROOMS, draw[number + 16]),
            all_day=whole,
            weekly=number == 0,
            guests=(guest,) if number == 1 else (),
        )

    topic = _pick(_TOPICS, draw[1])
    yield event(0, f"{_pick(_WEEKLY, draw[0])} with {first}", draw[2] % 5 - 21)
    yield event(1, f"{_pick(_MEETINGS, draw[3])}: {topic}", 1)
    yield event(2, f"{first}'s notes on the {topic}", -1)
    yield event(3, f"{_pick(_MEETINGS, draw[4])} ({first})", 3)
    yield event(4, f"{_pick(_DAYS, draw[5])} ({first})", 5, whole=True)


def _pick(words: tuple[str, ...], number: int) -> str:
    return words[number % len(words)]
