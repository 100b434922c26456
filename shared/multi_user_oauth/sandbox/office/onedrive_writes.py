"""How files come into OneDrive: whole, in sessions, as folders, and what happens to equal names."""

import mimetypes
from dataclasses import replace
from itertools import count
from typing import Any, Final

from flask import Response, abort, request

from ..apis import graph_error
from ..state import State
from .drive_seeds import FOLDER, new_id
from .drives import Item, Part, Tree
from .onedrive_paths import allowed

CONFLICT: Final = "@microsoft.graph.conflictBehavior"
_BEHAVIORS: Final = frozenset({"fail", "replace", "rename"})
_SESSION_ITEM: Final = frozenset(
    {CONFLICT, "@odata.type", "name", "description", "fileSize", "fileSystemInfo"}
)


def drafted(state: State, folder: Item, name: str, *, is_folder: bool = False) -> Item:
    """Give a file or folder of this name that is not there yet; a wrong name is refused."""
    if not allowed(name):
        abort(graph_error(400, "The provided name cannot contain or be what it is."))
    now = state.now()
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Item(
        id=new_id(state, "microsoft"),
        parent=folder.id,
        name=name,
        mime_type=FOLDER if is_folder else kind,
        folder=is_folder,
        created_at=now,
        modified_at=now,
    )


def clash(tree: Tree, draft: Item, conflict: str) -> Response | None:
    """Give the refusal of a name that is taken, if that is what `conflict` means."""
    taken = tree.child(draft.parent, draft.name)
    if taken is None or conflict == "rename":
        return None
    if conflict == "replace" and not taken.folder and not draft.folder:
        return None
    return graph_error(409, "An item with the same name already exists under the parent.")


def settled(
    state: State, tree: Tree, draft: Item, parts: tuple[Part, ...], conflict: str
) -> tuple[Item, int]:
    """Put an item where it belongs; give it, and 201 for a new one or 200 for a replaced one."""
    if draft.parent is None or tree.get(draft.parent) is None:
        abort(graph_error(404, "The resource could not be found."))
    if refusal := clash(tree, draft, conflict):
        abort(refusal)
    now = state.now()
    taken = tree.child(draft.parent, draft.name)
    if taken is None or conflict == "rename":
        name = draft.name if taken is None else _free_name(tree, draft)
        fresh = replace(draft, name=name, parts=parts, created_at=now, modified_at=now)
        return tree.put(fresh), 201
    renewed = replace(taken, parts=parts, modified_at=now, version=taken.version + 1)
    return tree.put(renewed), 200


def _free_name(tree: Tree, draft: Item) -> str:
    stem, dot, ending = draft.name.rpartition(".")
    if not stem:
        stem, dot, ending = draft.name, "", ""
    tried = (f"{stem} {number}{dot}{ending}" for number in count(1))
    return next(name for name in tried if tree.child(draft.parent, name) is None)


def behavior(asked: object, usual: str) -> str:
    """Read what shall happen if the name is taken; another word is refused."""
    if asked is None:
        return usual
    if not isinstance(asked, str) or asked not in _BEHAVIORS:
        abort(graph_error(400, "The conflict behavior is none of fail, replace and rename."))
    return asked


def session_conflict(name: str) -> str:
    """Read the body of createUploadSession; a property that it does not know is refused."""
    body = _json()
    item = body.get("item", {})
    if body.keys() - {"item"} or not isinstance(item, dict) or item.keys() - _SESSION_ITEM:
        abort(graph_error(400, "The body holds what createUploadSession does not know."))
    if item.get("name", name) != name:
        abort(graph_error(400, "The name in the body is not the name in the URL."))
    return behavior(item.get(CONFLICT), "replace")


def new_folder(state: State, tree: Tree, parent: Item) -> Item:
    """Make the folder that this request's body names."""
    body = _json()
    wrong = body.keys() - {"name", "folder", CONFLICT} or body.get("folder") != {}
    if wrong or not isinstance(body.get("name"), str):
        abort(graph_error(400, "A new folder takes a name and an empty `folder`."))
    conflict = behavior(body.get(CONFLICT), "fail")
    draft = drafted(state, parent, body["name"], is_folder=True)
    return settled(state, tree, draft, (), conflict)[0]


def _json() -> dict[str, Any]:
    if not request.content_length:
        return {}
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        abort(graph_error(400, "The body is no JSON object."))
    return body
