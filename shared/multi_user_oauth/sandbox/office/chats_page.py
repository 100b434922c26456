"""The page /chats, where a person at the sandbox sees what the providers hold."""

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, render_template, request

from ..company import Account
from ..state import State


def chats_page_blueprint(state: State) -> Blueprint:
    """Give the page."""
    blueprint = Blueprint("chats_page", __name__)

    def chats() -> str:
        people = state.config.accounts
        shown = state.account(request.args.get("who")) or people[0]
        places = [(name, _said(state, place)) for name, place in _places(state, shown)]
        return render_template("chats.html", people=people, shown=shown, places=places)

    blueprint.add_url_rule("/chats", view_func=chats)
    return blueprint


def _places(state: State, account: Account) -> list[tuple[str, str]]:
    """Give name and id of each chat and channel of a person."""
    teams = state.office.teams
    teams.begin(state.config.accounts, state.now())
    chats = [
        (chat.topic or ", ".join(_name(state, m) for m in chat.members if m != account.id), chat.id)
        for chat in teams.chats_of(account)
    ]
    channels = [
        (f"{team.name}: {channel.name}", channel.id)
        for team in teams.teams_of(account)
        for channel in team.channels
    ]
    return chats + channels


def _said(state: State, place: str) -> list[dict[str, Any]]:
    return [
        {
            "who": _name(state, message.sender),
            "text": message.body,
            "at": datetime.fromtimestamp(message.sent_at, UTC),
        }
        for message in reversed(state.office.teams.messages(place))
    ]


def _name(state: State, account_id: str) -> str:
    account = state.account(account_id)
    return account.name if account else "Somebody who left"
