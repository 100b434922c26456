"""Bytes on their way into Google Drive: in one request, or in an upload session."""

from dataclasses import replace
from typing import Final
from urllib.parse import urlencode

from flask import Response, abort, jsonify, make_response, request

from ..apis import google_error
from ..records import DAY, digest
from ..state import State
from .byte_ranges import content_range, received
from .drive_callers import WRITE, Caller, caller, invalid, known
from .drive_fields import FILE, FILE_DEFAULT, cut
from .drive_files import as_file, changed, drafted, metadata_of
from .drive_multipart import two_parts
from .drive_seeds import open_drive
from .drives import Item, Part, Upload

STEP: Final = 256 * 1024
LARGEST_SIMPLE: Final = 5 * 1024 * 1024
SESSION_LIFE: Final = 7 * DAY
PARAMETERS: Final = (
    "uploadType",
    "supportsAllDrives",
    "keepRevisionForever",
    "useContentAsIndexableText",
    "ocrLanguage",
    "ignoreDefaultVisibility",
    "enforceSingleParent",
)


class UploadRoutes:
    """The views below /upload/drive/v3, over one state."""

    def __init__(self, state: State) -> None:
        self._state = state

    def begin(self, file_id: str | None = None) -> Response:
        """Take a whole file, or give the address of a session."""
        who = caller(self._state, WRITE)
        known(*PARAMETERS)
        old = who.find(file_id) if file_id else None
        kind = request.args.get("uploadType")
        if kind == "resumable":
            return self._session(who, old)
        if kind not in ("media", "multipart"):
            return invalid("uploadType is one of media, multipart and resumable.")
        _require_small()
        if kind == "multipart":
            return self._multipart(who, old)
        draft = self._draft(who, old, b"", request.mimetype)
        return self._stored(who, draft, received(self._state.office.blobs))

    def go_on(self, file_id: str | None = None) -> Response:
        """Take the bytes that follow in a session; its address is all the proof it needs."""
        known("uploadType", "upload_id")
        upload = self._state.office.drives.uploads.get(digest(request.args.get("upload_id", "")))
        if upload is None or upload.provider != "google" or self._state.now() >= upload.expires_at:
            return google_error(404, "The upload session is not there.")
        if file_id not in (None, upload.draft.id):
            return google_error(404, "The upload session is not there.")
        if upload.done:
            return self._result(upload)
        span, total = _sent(upload)
        if span is not None:
            parts = upload.parts + received(self._state.office.blobs)
            upload = replace(upload, parts=parts)
        upload = replace(upload, total=total, done=upload.received == total)
        self._state.office.drives.uploads[upload.digest] = upload
        return self._finished(upload) if upload.done else _more(upload)

    def _draft(self, who: Caller, old: Item | None, metadata: bytes, content_type: str) -> Item:
        told = metadata_of(metadata)
        if old:
            return changed(self._state, old, told, content_type)
        return drafted(self._state, who, told, content_type)

    def _multipart(self, who: Caller, old: Item | None) -> Response:
        metadata, content_type, content = two_parts()
        draft = self._draft(who, old, metadata, content_type)
        part = Part(blob=self._state.office.blobs.put(content), size=len(content))
        return self._stored(who, draft, (part,))

    def _stored(self, who: Caller, draft: Item, parts: tuple[Part, ...]) -> Response:
        item = who.tree.put(replace(draft, parts=parts))
        fields = request.args.get("fields", FILE_DEFAULT)
        return jsonify(cut(as_file(who.account, item), fields, FILE))

    def _session(self, who: Caller, old: Item | None) -> Response:
        kind = request.headers.get("X-Upload-Content-Type", "")
        length = request.headers.get("X-Upload-Content-Length", "")
        if length and not (length.isascii() and length.isdigit()):
            return invalid("X-Upload-Content-Length is no number.")
        draft = self._draft(who, old, request.get_data(), kind)
        fields = request.args.get("fields", FILE_DEFAULT)
        cut({}, fields, FILE)
        secret = self._state.new_secret("pre_authenticated_url", "AHmUCY")
        upload = Upload(
            digest=digest(secret),
            provider="google",
            account=who.account.id,
            draft=draft,
            fields=fields,
            total=int(length) if length else None,
            expires_at=self._state.now() + SESSION_LIFE,
        )
        self._state.office.drives.uploads[upload.digest] = upload
        response = make_response(b"", 200)
        query = urlencode({"uploadType": "resumable", "upload_id": secret})
        response.headers["Location"] = f"https:/{request.path}?{query}"
        response.headers["X-GUploader-UploadID"] = secret
        return response

    def _finished(self, upload: Upload) -> Response:
        account = self._state.account(upload.account)
        if account is None:
            return google_error(404, "The upload session is not there.")
        tree = open_drive(self._state, "google", account)
        draft = replace(upload.draft, parts=upload.parts, modified_at=self._state.now())
        if draft.parent is None or tree.get(draft.parent) is None:
            return google_error(404, f"File not found: {draft.parent}.")
        if draft.version == 1 and tree.get(draft.id):
            return google_error(409, "A file already exists with the provided ID.", "fileIdInUse")
        tree.put(draft)
        return self._result(upload)

    def _result(self, upload: Upload) -> Response:
        account = self._state.account(upload.account)
        item = open_drive(self._state, "google", account).get(upload.draft.id) if account else None
        if account is None or item is None:
            return google_error(404, f"File not found: {upload.draft.id}.")
        return jsonify(cut(as_file(account, item), upload.fields, FILE))


def _require_small() -> None:
    if request.content_length is None:
        abort(google_error(411, "The length is missing.", "badRequest"))
    if request.content_length > LARGEST_SIMPLE:
        abort(google_error(413, "Request entity too large; use a resumable upload."))


def _sent(upload: Upload) -> tuple[tuple[int, int] | None, int | None]:
    """Give first and last byte of what comes (None for a question) and the file's size if known."""
    length = request.content_length or 0
    if "Content-Range" not in request.headers:
        if upload.received or upload.total not in (None, length):
            abort(invalid("The file is not as long as was said.", "badRequest"))
        return (0, length - 1), length
    sent = content_range()
    if sent is None or (sent.total is not None and upload.total not in (None, sent.total)):
        abort(invalid("Failed to parse Content-Range header.", "badRequest"))
    total = upload.total if sent.total is None else sent.total
    if sent.span is None:
        if length:
            abort(invalid("A question about the session has no body.", "badRequest"))
        return None, total
    first, last = sent.span
    if first != upload.received or last - first + 1 != length:
        abort(invalid("These bytes are not the ones expected next.", "badRequest"))
    if length % STEP and last + 1 != total:
        abort(invalid("Every chunk but the last is a multiple of 256 KiB.", "badRequest"))
    return sent.span, total


def _more(upload: Upload) -> Response:
    response = make_response(b"", 308)
    if upload.received:
        response.headers["Range"] = f"bytes=0-{upload.received - 1}"
    return response
