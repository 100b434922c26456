"""The Google calendar, by the Calendar API."""

from typing import Final

from multi_user_oauth.connectors.api import Api
from multi_user_oauth.connectors.calendar_google_event import FIELDS, document_of, event_of
from multi_user_oauth.connectors.call import Call, json_call
from multi_user_oauth.connectors.item_ids import in_path
from multi_user_oauth.connectors.lists import items_of, text_of
from multi_user_oauth.errors.connector import ItemNotFoundError, ProviderRejectedError
from multi_user_oauth.model.calendar import Event, EventQuery, NewEvent
from multi_user_oauth.model.paging import Paged
from multi_user_oauth.ports.connectors import ActingAs, Found, Outcome

_SCOPE: Final = "https://www.googleapis.com/auth/calendar"
WRITE: Final = (f"{_SCOPE}.events.owned", f"{_SCOPE}.events", _SCOPE)
READ: Final = (
    f"{_SCOPE}.events.owned.readonly",
    f"{_SCOPE}.events.readonly",
    f"{_SCOPE}.readonly",
    *WRITE,
)
EVENTS: Final = "https://www.googleapis.com/calendar/v3/calendars/primary/events"
USED_BEFORE: Final = "duplicate"


class GoogleCalendar:
    """One for the process: whose it is comes with each call."""

    write_scopes: tuple[str, ...] = WRITE

    def __init__(self, api: Api) -> None:
        self._api = api

    def events(self, person: ActingAs, query: EventQuery) -> Paged[Event]:
        """Return a page (`events.list`): Google expands series, and sorts as it is told."""
        asked = [
            ("timeMin", query.begins.isoformat()),
            ("timeMax", query.ends.isoformat()),
            ("timeZone", query.time_zone),
            ("singleEvents", "true"),
            ("orderBy", "startTime"),
            ("maxResults", str(query.limit)),
            ("fields", f"nextPageToken,items({FIELDS})"),
        ]
        if query.cursor is not None:
            asked.append(("pageToken", query.cursor))
        call = Call(method="GET", url=EVENTS, needs=READ, query=tuple(asked))
        document = self._api.json(person, call)
        # Of an empty list, a partial answer has nothing to say.
        items = items_of({"items": [], **document}, "items")
        found = (event_of(item, query.time_zone) for item in items)
        return Paged(
            items=tuple(event for event in found if event),
            cursor=text_of(document, "nextPageToken") or None,
        )

    def event(self, person: ActingAs, event_id: str, time_zone: str) -> Event:
        """Return one event (`events.get`); raise `ItemNotFoundError`."""
        url = f"{EVENTS}/{in_path(event_id)}"
        query = (("timeZone", time_zone), ("fields", FIELDS))
        call = Call(method="GET", url=url, needs=READ, query=query)
        event = event_of(self._api.json(person, call), time_zone)
        if event is None:
            raise ItemNotFoundError("no such event, or one that was called off")
        return event

    def making(self, person: ActingAs, new: NewEvent, mark: str) -> "Making":
        """Return how this event is made (`events.insert`)."""
        return Making(self._api, person, new, mark)


class Making:
    """One event, whose id at Google is our mark."""

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
        document, query = document_of(self._new, self._mark), (("sendUpdates", "all"),)
        call = json_call("POST", EVENTS, document, needs=WRITE, sends=True, query=query)
        try:
            self._api.whole(self._person, call)
        except ProviderRejectedError as refused:
            if refused.reason != USED_BEFORE:
                raise
        return self._mark

    def look_up(self, handle: str) -> Found:
        """Ask for the id: it was made, even if somebody called it off since."""
        query = (("fields", "id"),)
        call = Call(method="GET", url=f"{EVENTS}/{self._mark}", needs=READ, query=query)
        try:
            self._api.whole(self._person, call)
        except ItemNotFoundError:
            return Found(outcome=Outcome.NOT_SENT)
        return Found(outcome=Outcome.SENT, provider_id=self._mark)
