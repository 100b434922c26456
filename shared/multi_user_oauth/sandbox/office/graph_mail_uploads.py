"""Large files on their way to a draft of Outlook's, piece by piece."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from flask import Blueprint, Response, make_response, request

from ..records import Attachment, digest
from ..state import State
from . import graph_mail_shapes as shapes
from .graph_mail_callers import WRITE, caller
from .graph_mail_files import AT_ONCE, attach, draft_of
from .graph_mail_letter import json_body
from .mail_letter import Enclosure, attached, header
from .mail_refusals import RefusedError
from .mailboxes import Upload

LARGEST_UPLOAD: Final = 150 * 1024 * 1024
LARGEST_PIECE: Final = 4 * 1024 * 1024
UPLOAD_LIFE: Final = 7200.0
HOST: Final = "outlook.office.com"

_RANGE: Final = re.compile(r"bytes (\d{1,12})-(\d{1,12})/(\d{1,12})")


class _Routes:
    """The views, over one state."""

    def __init__(self, state: State) -> None:
        self._state = state

    def begin(self, user: str, message: str) -> Response:
        who = caller(self._state, user, WRITE)
        draft = draft_of(who.item(message))
        name, kind, size = _announced()
        secret = self._state.new_secret("pre_authenticated_url", "upload-", 32)
        upload = Upload(
            id=f"AAkALgAA{self._state.random_text(24)}",
            token_digest=digest(secret),
            draft=draft.id,
            name=name,
            content_type=kind,
            size=size,
            expires_at=self._state.now() + UPLOAD_LIFE,
        )
        self._state.office.mail.uploads[upload.id] = upload
        place = f"{_place(f'{who.oid}@{who.tenant}', draft.id)}/AttachmentSessions('{upload.id}')"
        context = f"{shapes.CONTEXT}microsoft.graph.uploadSession"
        answer = {"@odata.context": context, "uploadUrl": f"{place}?authtoken={secret}"}
        return make_response(answer | _progress(upload), 201)

    def put(self, user: str, message: str, session: str) -> Response:
        upload = self._upload(message, session)
        content = request.get_data()
        first, total = _sent_range(len(content))
        if total != upload.size:
            raise RefusedError(400, "The size is not that of the session.", "ErrorInvalidRequest")
        if first != upload.received:
            text = "The range does not begin at the next expected byte."
            raise RefusedError(416, text, "InvalidContentRange")
        blobs = self._state.office.blobs
        pieces = (*upload.pieces, blobs.put(content))
        upload = replace(upload, pieces=pieces, received=first + len(content))
        self._state.office.mail.uploads[session] = upload
        if upload.received < upload.size:
            return make_response(_progress(upload), 200)
        part = self._finished(upload)
        response = make_response(b"", 201)
        response.headers["Location"] = f"{_place(user, message)}/Attachments('{part.id}')"
        return response

    def cancel(self, user: str, message: str, session: str) -> Response:
        del self._state.office.mail.uploads[self._upload(message, session).id]
        return make_response(b"", 204)

    def _upload(self, message: str, session: str) -> Upload:
        if "Authorization" in request.headers:
            text = "The address is pre-authenticated: send no Authorization with it."
            raise RefusedError(400, text, "ErrorInvalidRequest")
        upload = self._state.office.mail.uploads.get(session)
        known = upload and upload.token_digest == digest(request.args.get("authtoken", ""))
        if upload is None or not known or upload.draft != message:
            raise RefusedError(404, "The upload session was not found.", "ErrorItemNotFound")
        if self._state.now() >= upload.expires_at:
            raise RefusedError(404, "The upload session has expired.", "ErrorItemNotFound")
        return upload

    def _finished(self, upload: Upload) -> Attachment:
        blobs = self._state.office.blobs
        whole = b"".join(blobs.get(piece) for piece in upload.pieces)
        file = Enclosure(name=upload.name, content_type=upload.content_type, content=whole)
        (part,) = attached(self._state, [file])
        attach(self._state, upload.draft, part)
        del self._state.office.mail.uploads[upload.id]
        return part


def _place(user: str, message: str) -> str:
    return f"https://{HOST}/api/v2.0/Users('{user}')/Messages('{message}')"


def _announced() -> tuple[str, str, int]:
    """Give name, content type and size of the file that this request announces."""
    asked = json_body().get("AttachmentItem")
    fields = asked if isinstance(asked, dict) else {}
    name, size = fields.get("name"), fields.get("size")
    kind = fields.get("contentType") or "application/octet-stream"
    file = fields.get("attachmentType") == "file" and isinstance(kind, str)
    if not file or not isinstance(name, str) or not name or type(size) is not int:
        raise RefusedError(400, "The AttachmentItem is not valid.", "RequestBodyRead")
    if size < AT_ONCE:
        text = "Attachment size must be greater than the minimum size."
        raise RefusedError(400, text, "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize")
    if size > LARGEST_UPLOAD:
        text = "The attachment is larger than 150 MB."
        raise RefusedError(413, text, "ErrorMessageSizeExceeded")
    return header(name), header(kind), size


def _sent_range(length: int) -> tuple[int, int]:
    """Give first byte and total of this request's Content-Range, if it fits its body."""
    found = _RANGE.fullmatch(request.headers.get("Content-Range", ""))
    if found is None:
        raise RefusedError(400, "The Content-Range is missing or malformed.", "ErrorInvalidRequest")
    first, last, total = (int(number) for number in found.groups())
    if length > LARGEST_PIECE:
        raise RefusedError(413, "The range is larger than 4 MB.", "RequestEntityTooLarge")
    if not 0 < length == last - first + 1 or last >= total:
        raise RefusedError(400, "The Content-Range does not fit the body.", "ErrorInvalidRequest")
    return first, total


def _progress(upload: Upload) -> dict[str, object]:
    # At the beginning "0-", later the bare number: as the documentation shows them.
    following = [str(upload.received) if upload.received else "0-"]
    return {"expirationDateTime": shapes.iso(upload.expires_at), "nextExpectedRanges": following}


def add_uploads(blueprint: Blueprint, state: State, base: str, given: Mapping[str, str]) -> None:
    """Add the route on which one person begins an upload."""
    rule = f"{base}/messages/<message>/attachments/createUploadSession"
    view = _Routes(state).begin
    blueprint.add_url_rule(rule, f"begin {len(base)}", view, methods=["POST"], defaults=dict(given))


def add_upload_host(blueprint: Blueprint, state: State) -> None:
    """Add the pre-authenticated address to which pieces of a file are sent."""
    routes = _Routes(state)
    rule = f"/{HOST}/api/v2.0/Users('<user>')/Messages('<message>')/AttachmentSessions('<session>')"
    blueprint.add_url_rule(rule, "put_piece", routes.put, methods=["PUT"])
    blueprint.add_url_rule(rule, "cancel_upload", routes.cancel, methods=["DELETE"])
