"""The parameters `q` and `orderBy` of files.list: what is looked for, and in which order."""

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from flask import abort

from ..apis import google_error
from ..state import State
from .drive_callers import invalid
from .drives import Item
from .files_text import text_of, words_begin

Matches = Callable[[Item], bool]

_TEXT: Final = r"'((?:[^'\\]|\\['\\])*)'"
_CLAUSE: Final = re.compile(
    rf"\s*(?:(name|fullText|mimeType)\s*(contains|!=|=)\s*{_TEXT}"
    rf"|{_TEXT}\s+in\s+parents"
    r"|trashed\s*=\s*(true|false))\s*(and\b|$)",
    re.DOTALL,
)
_ORDER: Final = re.compile(
    r"(folder|name|name_natural|modifiedTime|modifiedByMeTime|createdTime|recency|quotaBytesUsed)( desc)?"
)
_KEYS: Final[dict[str, Callable[[Item], Any]]] = {
    "folder": lambda item: not item.folder,
    "name": lambda item: item.name.casefold(),
    "name_natural": lambda item: [
        (len(piece), piece) if piece.isdigit() else (0, piece)
        for piece in re.split(r"(\d+)", item.name.casefold())
    ],
    "modifiedTime": lambda item: item.modified_at,
    "modifiedByMeTime": lambda item: item.modified_at,
    "createdTime": lambda item: item.created_at,
    "recency": lambda item: item.modified_at,
    "quotaBytesUsed": lambda item: item.size,
}


def searched(state: State, root: str, q: str) -> list[Matches]:
    """Give the conditions that `q` sets, joined by `and`; anything else is refused."""
    conditions: list[Matches] = []
    rest = q
    while rest.strip() or not conditions:
        found = _CLAUSE.match(rest)
        if found is None or (found[6] == "and" and not rest[found.end() :].strip()):
            abort(invalid("Invalid Value", "invalid"))
        conditions.append(_condition(state, root, found))
        rest = rest[found.end() :]
    return conditions


def _condition(state: State, root: str, found: re.Match[str]) -> Matches:
    field, operator, value, parent, trashed, _ = found.groups()
    if trashed:
        return lambda item: item.trashed is (trashed == "true")
    if parent is not None:
        wanted = root if parent == "root" else _plain(parent)
        return lambda item: item.parent == wanted
    text = _plain(value)
    asked: dict[tuple[str, str], Matches] = {
        ("name", "contains"): lambda item: words_begin(item.name, text),
        ("name", "="): lambda item: item.name == text,
        ("mimeType", "="): lambda item: item.mime_type == text,
        ("mimeType", "!="): lambda item: item.mime_type != text,
        ("fullText", "contains"): lambda item: any(
            words_begin(place, text)
            for place in (item.name, item.description, text_of(state.office.blobs, item))
        ),
    }
    if (field, operator) not in asked:
        abort(invalid("Invalid Value", "invalid"))
    return asked[field, operator]


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def ordered(items: Sequence[Item], order: str, q: str) -> Sequence[Item]:
    """Give the items in the order asked for, the newest first if none is; a wrong one is refused."""
    if not order:
        return sorted(items, key=lambda item: (-item.modified_at, item.id))
    if "fullText" in re.sub(_TEXT, "", q):
        words = "Sorting is not supported for queries with fullText terms."
        abort(google_error(403, f"{words} Results are always in descending relevance order."))
    keys = [_ORDER.fullmatch(key.strip()) for key in order.split(",")]
    # Each sort keeps the order of the one before, so the last key comes first.
    for key in reversed(keys):
        if key is None:
            abort(invalid("Invalid Value", "invalid"))
        items = sorted(items, key=_KEYS[key[1]], reverse=bool(key[2]))
    return items
