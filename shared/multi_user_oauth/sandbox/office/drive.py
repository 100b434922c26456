"""Files in Google Drive, as www.googleapis.com serves them."""

from dataclasses import replace
from typing import Any, Final

from flask import Blueprint, Response, abort, jsonify, make_response, request

from ..apis import google_error
from ..state import State
from .byte_ranges import answer
from .drive_callers import BYTES, CHANGE, SEE, WRITE, Caller, caller, invalid, known
from .drive_export import FORMATS, exported
from .drive_fields import ABOUT, FILE, FILE_DEFAULT, LIST, LIST_DEFAULT, chosen
from .drive_files import as_file, changed, drafted, metadata_of, native, user
from .drive_query import ordered, searched
from .drive_seeds import new_id
from .drive_uploads import PARAMETERS, UploadRoutes
from .drives import Item
from .files_pages import WrongTokenError, page_of
from .files_text import DOCUMENT, text_of

V3: Final = "/www.googleapis.com/drive/v3"
UPLOAD: Final = "/www.googleapis.com/upload/drive/v3/files"
LARGEST_BODY: Final = 64 * 1024 * 1024
QUOTA: Final = 16_106_127_360
_DRIVES: Final = ("supportsAllDrives", "includeItemsFromAllDrives", "corpora", "spaces")


class _Routes:
    """The views, over one state."""

    def __init__(self, state: State) -> None:
        self._state = state

    def list(self) -> Response:
        who = caller(self._state, SEE)
        known(*_DRIVES, "q", "orderBy", "pageSize", "pageToken")
        for name, only in (("spaces", "drive"), ("corpora", "user")):
            if request.args.get(name, only) != only:
                return invalid(f"Nothing but {only} is played here: {name}")
        q, order = request.args.get("q", ""), request.args.get("orderBy", "")
        conditions = searched(self._state, who.tree.root.id, q) if q else []
        found = [
            item for item in who.tree if _shown(who, item) and all(c(item) for c in conditions)
        ]
        bound = f"{who.account.id} {who.own_only} {q} {order}"
        token = request.args.get("pageToken")
        try:
            page, more = page_of(ordered(found, order, q), _page_size(), token, bound)
        except WrongTokenError:
            return invalid("Invalid Value", "invalid")
        files = [as_file(who.account, item) for item in page]
        told: dict[str, Any] = {"kind": "drive#fileList", "incompleteSearch": False}
        if more:
            told["nextPageToken"] = more
        return jsonify(chosen(told | {"files": files}, LIST, LIST_DEFAULT))

    def get(self, file_id: str) -> Response:
        media = request.args.get("alt", "json") == "media"
        who = caller(self._state, BYTES if media else SEE)
        known("supportsAllDrives", "acknowledgeAbuse")
        item = who.find(file_id)
        if not media:
            return self._file(who, item)
        if native(item):
            words = "Only files with binary content can be downloaded. Use Export with Docs Editors"
            return google_error(403, f"{words} files.", "fileNotDownloadable")
        unsatisfiable = google_error(416, "Request range not satisfiable")
        return answer(self._state.office.blobs, item, unsatisfiable)

    def export(self, file_id: str) -> Response:
        who = caller(self._state, BYTES)
        known("mimeType")
        item = who.find(file_id)
        wanted = request.args.get("mimeType", "")
        if item.mime_type != DOCUMENT:
            words = "Export only supports Docs Editors files."
            return google_error(403, words, "fileNotExportable")
        if wanted not in FORMATS:
            return google_error(400, "The requested conversion is not supported.")
        content = exported(text_of(self._state.office.blobs, item), wanted)
        return Response(content, content_type=wanted)

    def create(self) -> Response:
        who = caller(self._state, WRITE)
        known(*PARAMETERS[1:])
        told = metadata_of(request.get_data())
        return self._file(who, who.tree.put(drafted(self._state, who, told, "")))

    def update(self, file_id: str) -> Response:
        who = caller(self._state, CHANGE)
        known(*PARAMETERS[1:], "addParents", "removeParents")
        item = changed(self._state, who.find(file_id), metadata_of(request.get_data()))
        if target := request.args.get("addParents"):
            folder = who.find(target)
            if not folder.folder or item.id in {i.id for i in (*who.tree.above(folder), folder)}:
                return google_error(403, "The folder is inside this item.", "cyclicFolder")
            item = replace(item, parent=folder.id)
        return self._file(who, who.tree.put(item))

    def delete(self, file_id: str) -> Response:
        who = caller(self._state, WRITE)
        known("supportsAllDrives", "enforceSingleParent")
        item = who.find(file_id)
        if item.parent is None:
            words = "The user does not have sufficient permissions for this file."
            return google_error(403, words, "insufficientFilePermissions")
        who.tree.remove(item)
        return make_response(b"", 204)

    def generate_ids(self) -> Response:
        who = caller(self._state, WRITE)
        known("count", "space", "type")
        count = request.args.get("count", "10")
        if not count.isascii() or not count.isdigit() or not 1 <= int(count) <= 1000:  # noqa: PLR2004  # reason: Drive's limit
            return invalid("Invalid value for count", "invalidParameter")
        ids = [new_id(self._state, "google") for _ in range(int(count))]
        self._state.office.drives.generated.setdefault(who.account.id, set()).update(ids)
        self._state.save()  # a GET that changes something: nobody else does it
        return jsonify(kind="drive#generatedIds", space="drive", ids=ids)

    def about(self) -> Response:
        who = caller(self._state, SEE)
        known()
        if "fields" not in request.args:
            words = "The 'fields' parameter is required for this method."
            return invalid(words, "required")
        used = str(sum(item.size for item in who.tree))
        quota = {"limit": str(QUOTA), "usage": used, "usageInDrive": used, "usageInDriveTrash": "0"}
        told = {
            "kind": "drive#about",
            "user": user(who.account),
            "storageQuota": quota,
            "maxUploadSize": "5242880000000",
            "exportFormats": {DOCUMENT: list(FORMATS)},
        }
        return jsonify(chosen(told, ABOUT, "*"))

    def _file(self, who: Caller, item: Item) -> Response:
        return jsonify(chosen(as_file(who.account, item), FILE, FILE_DEFAULT))


def _shown(who: Caller, item: Item) -> bool:
    return item.parent is not None and who.sees(item)


def _page_size() -> int:
    asked = request.args.get("pageSize", "100")
    if not asked.isascii() or not asked.isdigit() or not 1 <= int(asked) <= 1000:  # noqa: PLR2004  # reason: Drive's limit
        abort(invalid("Invalid value for pageSize", "invalidParameter"))
    return int(asked)


def _larger_bodies(*_: object) -> None:
    """Let chunks be larger than a mail; runs before anything looks at the body."""
    request.max_content_length = LARGEST_BODY


def drive_blueprint(state: State) -> Blueprint:
    """Give the routes."""
    routes = _Routes(state)
    uploads = UploadRoutes(state)
    blueprint = Blueprint("drive", __name__)
    blueprint.url_value_preprocessor(_larger_bodies)
    one = f"{V3}/files/<file_id>"
    for rule, method, name, view in (
        (f"{V3}/about", "GET", "about", routes.about),
        (f"{V3}/files", "GET", "list", routes.list),
        (f"{V3}/files", "POST", "create", routes.create),
        (f"{V3}/files/generateIds", "GET", "generate_ids", routes.generate_ids),
        (one, "GET", "get", routes.get),
        (one, "PATCH", "update", routes.update),
        (one, "DELETE", "delete", routes.delete),
        (f"{one}/export", "GET", "export", routes.export),
        (UPLOAD, "POST", "upload", uploads.begin),
        (UPLOAD, "PUT", "upload_chunk", uploads.go_on),
        (f"{UPLOAD}/<file_id>", "PATCH", "upload_update", uploads.begin),
        (f"{UPLOAD}/<file_id>", "PUT", "upload_update_chunk", uploads.go_on),
    ):
        blueprint.add_url_rule(rule, name, view, methods=[method])
    return blueprint
