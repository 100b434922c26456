"""Everybody's events, as both the providers' APIs and the sandbox's pages see them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..company import Account
from ..records import ProviderName
from .calendar_events import Event, Occurrence
from .calendar_seeds import seeds


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedEvents:
    """What outlives a restart."""

    events: tuple[Event, ...] = ()
    seeded: tuple[str, ...] = ()
    """Whose calendars have got what everybody starts with: `{provider} {account}`."""


class Calendars:
    """The one memory of it; whoever changes it holds the state's lock."""

    def __init__(self, saved: SavedEvents) -> None:
        self._events = list(saved.events)
        self._seeded = set(saved.seeded)

    def saved(self) -> SavedEvents:
        """Give what is to outlive a restart."""
        return SavedEvents(events=tuple(self._events), seeded=tuple(sorted(self._seeded)))

    def of(self, provider: ProviderName, account: Account, now: float) -> list[Event]:
        """Give a person's events at a provider, the cancelled ones too, oldest first."""
        if (who := f"{provider} {account.id}") not in self._seeded:
            self._seeded.add(who)
            self._events += seeds(provider, account, now)
        return [e for e in self._events if (e.provider, e.owner) == (provider, account.id)]

    def add(self, event: Event, copies: Mapping[str, str]) -> None:
        """Keep a new event, and a copy for each guest: account id to the copy's identifier."""
        self._events.append(event)
        for owner, name in copies.items():
            copy = replace(event, owner=owner, id=name, transaction_id=None)
            self._events.append(copy)

    def remove(self, found: Occurrence, account: Account) -> None:
        """Take it out of a person's calendar; out of everybody's if that person had invited."""
        mine = found.event
        everybody = mine.organizer.address == account.email
        for number, event in enumerate(self._events):
            copy = (event.provider, event.uid) == (mine.provider, mine.uid)
            if not copy or not (everybody or event.owner == account.id):
                continue
            if found.of_series:
                gone = replace(event, skipped=(*event.skipped, found.stamp))
            else:
                gone = replace(event, cancelled=True)
            self._events[number] = gone
