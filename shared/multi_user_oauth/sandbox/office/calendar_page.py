"""The page /calendar, where a person at the sandbox sees what the providers hold."""

from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Final

from flask import Blueprint, render_template, request

from ..company import Account
from ..state import State
from .calendar_events import Occurrence, occurrences

BACK: Final = timedelta(days=3)
AHEAD: Final = timedelta(days=18)


def calendar_page_blueprint(state: State) -> Blueprint:
    """Give the page."""
    blueprint = Blueprint("calendar_page", __name__)

    def calendar() -> str:
        people = state.config.accounts
        shown = state.account(request.args.get("who")) or people[0]
        days = groupby(_events(state, shown), key=lambda found: found.begin.date())
        return render_template(
            "calendar.html",
            people=people,
            shown=shown,
            today=datetime.fromtimestamp(state.now(), UTC).date(),
            days=[(day, list(found)) for day, found in days],
        )

    blueprint.add_url_rule("/calendar", view_func=calendar)
    return blueprint


def _events(state: State, account: Account) -> list[Occurrence]:
    """Give what a person does at both providers around now, in order."""
    now = datetime.fromtimestamp(state.now(), UTC)
    calendars = state.office.calendars
    found = [
        occurrence
        for provider in ("microsoft", "google")
        for event in calendars.of(provider, account, state.now())
        if not event.cancelled
        for occurrence in occurrences(event, now - BACK, now + AHEAD)
    ]
    return sorted(found, key=lambda occurrence: occurrence.begin)
