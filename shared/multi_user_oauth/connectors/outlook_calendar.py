"""The Outlook calendar, by Microsoft Graph."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from multi_user_oauth.connectors.api import Api
from multi_user_oauth.connectors.calendar_graph_event import FIELDS, document_of, event_of
from multi_user_oauth.connectors.call import Call, json_call
from multi_user_oauth.connectors.item_ids import in_path
from multi_user_oauth.connectors.lists import GRAPH, items_of, next_page, text_of
from multi_user_oauth.errors.connector import (
    ItemNotFoundError,
    OutcomeUnknownError,
    ProviderRejectedError,
)
from multi_user_oauth.model.calendar import Event, EventQuery, NewEvent
from multi_user_oauth.model.paging import Paged
from multi_user_oauth.ports.connectors import ActingAs, Found, Outcome

READ: Final = ("Calendars.ReadBasic", "Calendars.Read", "Calendars.ReadWrite")
WRITE: Final = ("Calendars.ReadWrite",)
VIEW: Final = "/me/calendarView"
EVENTS: Final = "/me/events"
IN_UTC: Final = {"Prefer": 'outlook.timezone="UTC"'}
"""Told without offsets: in any other zone, an hour of each autumn could be either of two."""
MOST_LOOKED_AT: Final = 1000
USED_BEFORE: Final = "ErrorDuplicateTransactionId"


class OutlookCalendar:
    """One for the process: whose it is comes with each call."""

    write_scopes: tuple[str, ...] = WRITE

    def __init__(self, api: Api) -> None:
        self._api = api

    def events(self, person: ActingAs, query: EventQuery) -> Paged[Event]:
        """Return a page ("List calendarView"): Graph expands series, and sorts as it is told."""
        if query.cursor is None:
            call = _view(query.begins, query.ends, FIELDS, query.limit)
        else:
            url = next_page(query.cursor, VIEW)
            call = Call(method="GET", url=url, needs=READ, headers=IN_UTC)
        document = self._api.json(person, call)
        found = (event_of(item, query.time_zone) for item in items_of(document, "value"))
        return Paged(
            items=tuple(event for event in found if event),
            cursor=text_of(document, "@odata.nextLink") or None,
        )

    def event(self, person: ActingAs, event_id: str, time_zone: str) -> Event:
        """Return one event ("Get event"); raise `ItemNotFoundError`."""
        url = f"{GRAPH}{EVENTS}/{in_path(event_id)}"
        query = (("$select", FIELDS),)
        call = Call(method="GET", url=url, needs=READ, headers=IN_UTC, query=query)
        event = event_of(self._api.json(person, call), time_zone)
        if event is None:
            raise ItemNotFoundError("no such event, or one that was called off")
        return event

    def making(self, person: ActingAs, new: NewEvent, mark: str) -> "Making":
        """Return how this event is made ("Create event")."""
        return Making(self._api, person, new, mark)


class Making:
    """One event, which Graph knows by its `transactionId`."""

    def __init__(self, api: Api, person: ActingAs, new: NewEvent, mark: str) -> None:
        self._api = api
        self._person = person
        self._new = new
        self._mark = mark

    def prepare(self) -> str:
        """Do nothing: there are no drafts of events."""
        return ""

    def send(self, handle: str) -> str:
        """Make it and return its id; raise `OutcomeUnknownError` if it may have been made."""
        document = document_of(self._new, self._mark)
        call = json_call(
            "POST", f"{GRAPH}{EVENTS}", document, needs=WRITE, sends=True, headers=IN_UTC
        )
        try:
            made = text_of(self._api.json(self._person, call), "id")
        except ProviderRejectedError as refused:
            if refused.reason == USED_BEFORE:
                raise OutcomeUnknownError("it was made before, and changed since") from None
            raise
        if not made:
            raise OutcomeUnknownError("the answer to a new event does not name it")
        return made

    def look_up(self, handle: str) -> Found:
        """Look through what happens when it begins, for an event with our `transactionId`."""
        begins = self._new.begins
        until = begins + timedelta(minutes=1)
        call = _view(begins, until, "id,transactionId", MOST_LOOKED_AT)
        document = self._api.json(self._person, call)
        made = self._ours(items_of(document, "value"))
        if made:
            return Found(outcome=Outcome.SENT, provider_id=made)
        more = "@odata.nextLink" in document
        return Found(outcome=Outcome.UNKNOWN if more else Outcome.NOT_SENT)

    def _ours(self, items: Iterable[object]) -> str:
        ours = (
            text_of(each, "id") for each in items if text_of(each, "transactionId") == self._mark
        )
        return next(ours, "")


def _view(begins: datetime, ends: datetime, fields: str, limit: int) -> Call:
    query = (
        ("startDateTime", begins.astimezone(UTC).isoformat()),
        ("endDateTime", ends.astimezone(UTC).isoformat()),
        ("$select", fields),
        ("$orderby", "start/dateTime"),
        ("$top", str(limit)),
    )
    return Call(method="GET", url=f"{GRAPH}{VIEW}", needs=READ, headers=IN_UTC, query=query)
