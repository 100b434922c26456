"""Files in OneDrive, as graph.microsoft.com serves them."""

from typing import Final

from flask import Blueprint, Response, abort, jsonify, make_response, request

from ..apis import bearer, graph_error
from ..company import Account
from ..state import State
from .byte_ranges import received
from .drive_seeds import open_drive
from .drives import Item, Tree
from .files_text import text_of, words_begin
from .onedrive_addresses import begin_upload, download_url
from .onedrive_items import V1, as_drive, as_drive_item, at, drive_id, selected
from .onedrive_lists import known, listed
from .onedrive_paths import Address, address_of
from .onedrive_writes import (
    CONFLICT,
    behavior,
    clash,
    drafted,
    new_folder,
    session_conflict,
    settled,
)

READ: Final = ("Files.Read", "Files.ReadWrite", "Files.Read.All", "Files.ReadWrite.All")
WRITE: Final = ("Files.ReadWrite", "Files.ReadWrite.All")


class _Routes:
    """The views, over one state. Below /drives/{id} `drive` is that id, below /me/drive None."""

    def __init__(self, state: State) -> None:
        self._state = state

    def described(self, drive: str | None = None) -> Response:
        account, tree = self._caller(READ, drive)
        return jsonify(as_drive(account, tree))

    def read(self, address: str, drive: str | None = None) -> Response:
        account, tree = self._caller(READ, drive)
        place = _address(address)
        item = _found(place, tree)
        match place.action:
            case "":
                return self._item(account, tree, item)
            case "content":
                return self._content(account, item)
            case "children":
                return listed(self._state, account, tree, tree.children(item))
            case "search":
                found = [inner for inner in tree.below(item) if self._matches(inner, place.q)]
                return listed(self._state, account, tree, found)
        return abort(405)

    def write(self, address: str, drive: str | None = None) -> Response:
        account, tree = self._caller(WRITE, drive)
        known(CONFLICT)
        place = _address(address)
        if place.action != "content":
            abort(405)
        draft = self._draft(place, tree)
        conflict = behavior(request.args.get(CONFLICT), "replace")
        if refusal := clash(tree, draft, conflict):
            return refusal
        parts = received(self._state.office.blobs)
        stored, status = settled(self._state, tree, draft, parts, conflict)
        return self._item(account, tree, stored, status)

    def post(self, address: str, drive: str | None = None) -> Response:
        account, tree = self._caller(WRITE, drive)
        known()
        place = _address(address)
        if place.action == "createUploadSession":
            return self._begin(account, tree, place)
        if place.action != "children":
            abort(405)
        folder = _found(place, tree)
        return self._item(account, tree, new_folder(self._state, tree, folder), 201)

    def delete(self, address: str, drive: str | None = None) -> Response:
        _, tree = self._caller(WRITE, drive)
        place = _address(address)
        item = _found(place, tree)
        if place.action or item.parent is None:
            abort(graph_error(403, "The root cannot be deleted.", "accessDenied"))
        tree.remove(item)
        return make_response(b"", 204)

    def _begin(self, account: Account, tree: Tree, place: Address) -> Response:
        draft = self._draft(place, tree)
        conflict = session_conflict(draft.name)
        if refusal := clash(tree, draft, conflict):
            return refusal
        url, upload = begin_upload(self._state, account, draft, conflict)
        return jsonify(
            {
                "@odata.context": f"{V1}/$metadata#microsoft.graph.uploadSession",
                "uploadUrl": url,
                "expirationDateTime": at(upload.expires_at),
                "nextExpectedRanges": ["0-"],
            }
        )

    def _item(self, account: Account, tree: Tree, item: Item, status: int = 200) -> Response:
        wanted = None
        if request.method == "GET":
            known("$select")
            wanted = selected()
        shown = as_drive_item(self._state, account, tree, item, wanted)
        context = {"@odata.context": f"{V1}/$metadata#users('me')/drive/items/$entity"}
        return make_response(jsonify(context | shown), status)

    def _content(self, account: Account, item: Item) -> Response:
        known()
        if item.folder:
            return graph_error(400, "A folder has no content.")
        response = make_response(b"", 302)
        response.headers["Location"] = download_url(self._state, account, item)
        return response

    def _matches(self, item: Item, q: str) -> bool:
        return words_begin(item.name, q) or words_begin(text_of(self._state.office.blobs, item), q)

    def _draft(self, place: Address, tree: Tree) -> Item:
        spot = place.place(tree)
        if spot is None:
            abort(graph_error(404, "The resource could not be found."))
        return drafted(self._state, *spot)

    def _caller(self, scopes: tuple[str, ...], drive: str | None) -> tuple[Account, Tree]:
        token = bearer(self._state, "microsoft")
        account = self._state.account(token.account) if token else None
        if token is None or account is None:
            abort(graph_error(401, "Access token has expired or is not yet valid."))
        if not set(scopes) & set(token.scope.split()):
            abort(graph_error(403, "Access denied.", "accessDenied"))
        if drive not in (None, drive_id(account)):
            abort(graph_error(404, "The resource could not be found."))
        return account, open_drive(self._state, "microsoft", account)


def _address(text: str) -> Address:
    address = address_of(text)
    if address is None:
        abort(graph_error(400, "The path is not one that OneDrive knows."))
    return address


def _found(address: Address, tree: Tree) -> Item:
    item = address.find(tree)
    if item is None:
        abort(graph_error(404, "The resource could not be found."))
    return item


def graph_files_blueprint(state: State) -> Blueprint:
    """Give the routes."""
    routes = _Routes(state)
    blueprint = Blueprint("graph_files", __name__, url_prefix="/graph.microsoft.com/v1.0")
    for drive in ("/me/drive", "/drives/<drive>"):
        blueprint.add_url_rule(drive, view_func=routes.described)
        for method, view in (
            ("GET", routes.read),
            ("PUT", routes.write),
            ("POST", routes.post),
            ("DELETE", routes.delete),
        ):
            # An empty name between two slashes is refused, not mended.
            blueprint.add_url_rule(
                f"{drive}/<path:address>", method, view, methods=[method], merge_slashes=False
            )
    return blueprint
