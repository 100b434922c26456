"""Lists of OneDrive's items: chosen properties, in order, page by page."""

import re
from collections.abc import Callable, Sequence
from typing import Any, Final
from urllib.parse import quote, urlencode

from flask import Response, abort, jsonify, request

from ..apis import graph_error
from ..company import Account
from ..state import State
from .drives import Item, Tree
from .files_pages import WrongTokenError, page_of
from .onedrive_items import V1, as_drive_item, selected

DEFAULT_PAGE: Final = 200
LARGEST_PAGE: Final = 1000
_ORDER: Final = re.compile(r"(name|size|lastModifiedDateTime)(?: (asc|desc))?")
_KEYS: Final[dict[str, Callable[[Item], Any]]] = {
    "name": lambda item: item.name.casefold(),
    "size": lambda item: item.size,
    "lastModifiedDateTime": lambda item: item.modified_at,
}


def known(*names: str) -> None:
    """Refuse a query parameter that is none of these: here a mistake is to be seen."""
    for name in request.args:
        if name not in names:
            abort(graph_error(400, "A query parameter is not known here.", "BadRequest"))


def listed(state: State, account: Account, tree: Tree, items: Sequence[Item]) -> Response:
    """Give the page of these items that this request asks for."""
    known("$top", "$select", "$orderby", "$skiptoken")
    wanted = selected()
    bound = f"{account.id} {request.path} {request.args.get('$orderby')}"
    try:
        page, more = page_of(_ordered(items), _top(), request.args.get("$skiptoken"), bound)
    except WrongTokenError:
        abort(graph_error(400, "The skip token is not one of this list."))
    answer: dict[str, Any] = {"@odata.context": f"{V1}/$metadata#Collection(driveItem)"}
    if more:
        following = urlencode(request.args.to_dict() | {"$skiptoken": more}, safe="$")
        path = quote(request.path.partition("/v1.0")[2], safe="/:()=")
        answer["@odata.nextLink"] = f"{V1}{path}?{following}"
    shown = [as_drive_item(state, account, tree, item, wanted) for item in page]
    return jsonify(answer | {"value": shown})


def _ordered(items: Sequence[Item]) -> Sequence[Item]:
    asked = _ORDER.fullmatch(request.args.get("$orderby", "name"))
    if asked is None:
        abort(graph_error(400, "The items are not sorted by this."))
    return sorted(items, key=_KEYS[asked[1]], reverse=asked[2] == "desc")


def _top() -> int:
    asked = request.args.get("$top", str(DEFAULT_PAGE))
    if not asked.isascii() or not asked.isdigit() or not 1 <= int(asked) <= LARGEST_PAGE:
        abort(graph_error(400, "$top is a number from 1 to 1000."))
    return int(asked)
