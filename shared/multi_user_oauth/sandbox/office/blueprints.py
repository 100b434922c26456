"""All routes of the office, to be registered by the application."""

from collections.abc import Iterator

from flask import Blueprint

from ..state import State
from .calendar_page import calendar_page_blueprint
from .chats_page import chats_page_blueprint
from .drive import drive_blueprint
from .files_page import files_page_blueprint
from .gmail_mail import gmail_mail_blueprint
from .google_calendar import google_calendar_blueprint
from .graph_calendar import graph_calendar_blueprint
from .graph_files import graph_files_blueprint
from .graph_mail import graph_mail_blueprint
from .graph_teams import graph_teams_blueprint
from .onedrive_bytes import onedrive_bytes_blueprint


def office_blueprints(state: State) -> Iterator[Blueprint]:
    """Give each API, and each page on which people look at what is behind it."""
    yield graph_mail_blueprint(state)
    yield gmail_mail_blueprint(state)
    yield graph_files_blueprint(state)
    yield onedrive_bytes_blueprint(state)
    yield drive_blueprint(state)
    yield graph_calendar_blueprint(state)
    yield google_calendar_blueprint(state)
    yield graph_teams_blueprint(state)
    yield files_page_blueprint(state)
    yield calendar_page_blueprint(state)
    yield chats_page_blueprint(state)
