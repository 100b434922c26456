"""The pre-authenticated addresses of OneDrive's bytes, at a host of SharePoint's."""

from dataclasses import replace
from typing import Final
from urllib.parse import quote

from flask import Blueprint, Response, abort, jsonify, make_response, request

from ..apis import graph_error
from ..company import Account, stable_guid
from ..state import State
from .byte_ranges import answer, content_range, received
from .drive_seeds import open_drive
from .drives import Upload
from .onedrive_addresses import HOST, SESSION_LIFE, home, ticket_for, upload_for
from .onedrive_items import as_drive_item, at
from .onedrive_writes import settled

STEP: Final = 320 * 1024
LARGEST_CHUNK: Final = 60 * 1024 * 1024


class _Routes:
    """The views, over one state."""

    def __init__(self, state: State) -> None:
        self._state = state

    def download(self, person: str) -> Response:
        ticket = ticket_for(self._state, request.args.get("tempauth", ""))
        account = self._state.account(ticket.account) if ticket else None
        if ticket is None or account is None or home(account) != person:
            return graph_error(401, "The address has expired.", "unauthenticated")
        item = open_drive(self._state, "microsoft", account).get(ticket.item)
        if item is None or request.args.get("UniqueId") != stable_guid(item.id):
            return graph_error(404, "The resource could not be found.")
        unsatisfiable = graph_error(416, "The file has no such bytes.", "invalidRange")
        response = answer(self._state.office.blobs, item, unsatisfiable)
        response.headers["ETag"] = f'"{{{stable_guid(item.id).upper()}}},{item.version}"'
        response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(item.name)}"
        return response

    def status(self, person: str, folder: str) -> Response:
        _, upload = self._session(person, folder)
        return _expected(upload, 200)

    def cancel(self, person: str, folder: str) -> Response:
        _, upload = self._session(person, folder)
        del self._state.office.drives.uploads[upload.digest]
        return make_response(b"", 204)

    def chunk(self, person: str, folder: str) -> Response:
        account, upload = self._session(person, folder)
        sent = content_range()
        if sent is None or sent.span is None or sent.total is None:
            return graph_error(400, "Content-Range is missing or says nothing.")
        if refusal := _refused(upload, sent.span, sent.total):
            return refusal
        parts = upload.parts + received(self._state.office.blobs)
        expires_at = self._state.now() + SESSION_LIFE
        grown = replace(upload, parts=parts, total=sent.total, expires_at=expires_at)
        if grown.received < sent.total:
            self._state.office.drives.uploads[upload.digest] = grown
            return _expected(grown, 202)
        return self._finished(account, grown)

    def _finished(self, account: Account, upload: Upload) -> Response:
        del self._state.office.drives.uploads[upload.digest]
        tree = open_drive(self._state, "microsoft", account)
        item, status = settled(self._state, tree, upload.draft, upload.parts, upload.conflict)
        return make_response(jsonify(as_drive_item(self._state, account, tree, item)), status)

    def _session(self, person: str, folder: str) -> tuple[Account, Upload]:
        upload = upload_for(self._state, request.args.get("tempauth", ""))
        account = self._state.account(upload.account) if upload else None
        if upload is None or account is None:
            abort(graph_error(404, "The upload session was not found."))
        if home(account) != person or upload.draft.parent != folder:
            abort(graph_error(404, "The upload session was not found."))
        return account, upload


def _refused(upload: Upload, span: tuple[int, int], total: int) -> Response | None:
    size = span[1] - span[0] + 1
    if size != request.content_length:
        return graph_error(400, "Content-Range and Content-Length differ.")
    if size >= LARGEST_CHUNK:
        return graph_error(413, "A chunk has less than 60 MiB.", "requestTooLarge")
    if upload.total not in (None, total):
        return graph_error(400, "The file was of another size before.")
    if span[0] != upload.received:
        return graph_error(416, "These bytes are not the ones expected next.", "invalidRange")
    if size % STEP and span[1] + 1 < total:
        return graph_error(400, "Every chunk but the last is a multiple of 320 KiB.")
    return None


def _expected(upload: Upload, status: int) -> Response:
    ranges = [f"{upload.received}-"]
    body = {"expirationDateTime": at(upload.expires_at), "nextExpectedRanges": ranges}
    return make_response(jsonify(body), status)


def _no_bearer() -> None:
    """Refuse a token: whoever sends one here gives it to another host than it was made for."""
    if "Authorization" in request.headers:
        abort(graph_error(400, "A pre-authenticated address takes no Authorization header."))


def _larger_bodies(*_: object) -> None:
    """Let chunks be larger than a mail; runs before anything looks at the body."""
    request.max_content_length = LARGEST_CHUNK + STEP


def onedrive_bytes_blueprint(state: State) -> Blueprint:
    """Give the routes."""
    routes = _Routes(state)
    blueprint = Blueprint("onedrive_bytes", __name__, url_prefix=f"/{HOST}/personal/<person>")
    blueprint.url_value_preprocessor(_larger_bodies)
    blueprint.before_request(_no_bearer)
    blueprint.add_url_rule("/_layouts/15/download.aspx", view_func=routes.download)
    session = "/_api/v2.0/drive/items/<folder>/uploadSession"
    blueprint.add_url_rule(session, view_func=routes.status)
    blueprint.add_url_rule(session, view_func=routes.chunk, methods=["PUT"])
    blueprint.add_url_rule(session, view_func=routes.cancel, methods=["DELETE"])
    return blueprint
