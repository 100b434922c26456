"""The page /files, where a person at the sandbox sees what the providers hold."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from flask import Blueprint, render_template

from ..company import Account
from ..state import State
from .drive_seeds import open_drive
from .drives import ProviderName, Tree
from .files_text import DOCUMENT

_HOUSES: Final[tuple[tuple[ProviderName, str], ...]] = (
    ("microsoft", "OneDrive"),
    ("google", "Google Drive"),
)
_UNITS: Final = ("B", "KiB", "MiB", "GiB")
_STEP: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    folder: str
    name: str
    size: str
    changed: datetime


def files_page_blueprint(state: State) -> Blueprint:
    """Give the page."""
    blueprint = Blueprint("files_page", __name__)

    def files() -> str:
        people = [(account, list(_held(state, account))) for account in state.config.accounts]
        return render_template("files.html", people=people, house="sandbox", title="Sandbox files")

    blueprint.add_url_rule("/files", view_func=files)
    return blueprint


def _held(state: State, account: Account) -> Iterator[tuple[str, str, list[_Row]]]:
    """Give for each provider its name in an id, its name in words, and the files there."""
    for provider, title in _HOUSES:
        yield (
            provider,
            title,
            sorted(
                _rows(open_drive(state, provider, account)), key=lambda row: (row.folder, row.name)
            ),
        )


def _rows(tree: Tree) -> Iterator[_Row]:
    for item in tree:
        if not item.folder:
            folders = [folder.name for folder in tree.above(item)[1:]]
            yield _Row(
                folder="".join(f"{name} / " for name in folders),
                name=item.name,
                size="document" if item.mime_type == DOCUMENT else _in_words(item.size),
                changed=datetime.fromtimestamp(item.modified_at, UTC),
            )


def _in_words(size: int) -> str:
    """Give a size as people read it."""
    amount = float(size)
    for unit in _UNITS:
        if amount < _STEP or unit == _UNITS[-1]:
            return f"{amount:.{0 if unit == 'B' else 1}f} {unit}"
        amount /= _STEP
    raise AssertionError
