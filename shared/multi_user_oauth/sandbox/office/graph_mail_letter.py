"""A message as Microsoft Graph takes it, in JSON or MIME, read into a letter."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

from flask import request

from ..company import Account
from .mail_letter import Enclosure, Letter, address, header, message_id
from .mail_mime import parsed, read_letter
from .mail_refusals import RefusedError

LARGEST_REQUEST: Final = 4 * 1024 * 1024
FILE: Final = "#microsoft.graph.fileAttachment"
MESSAGE_KEYS: Final = frozenset(
    {
        *("@odata.type", "subject", "body", "toRecipients", "ccRecipients", "bccRecipients"),
        *("replyTo", "from", "attachments", "internetMessageId", "importance"),
    }
)
FILE_KEYS: Final = frozenset({"@odata.type", "name", "contentType", "contentBytes", "isInline"})
Fields = Mapping[str, Any]


def json_body() -> Fields:
    """Give the JSON object of this request. Raises RefusedError without one, or for a large one."""
    small_enough()
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise RefusedError(400, "Empty Payload. JSON content expected.", "BadRequest")
    return body


def small_enough() -> None:
    """Raise RefusedError for a request beyond 4 MiB."""
    if (request.content_length or 0) > LARGEST_REQUEST or len(request.get_data()) > LARGEST_REQUEST:
        raise RefusedError(413, "The request is too large.", "RequestEntityTooLarge")


def mime_letter() -> Letter:
    """Read the body of this request: a MIME message in base64."""
    small_enough()
    try:
        content = base64.b64decode(b"".join(request.get_data().split()), validate=True)
    except binascii.Error:
        content = b""
    if not content:
        text = "Invalid base64 string for MIME content."
        raise RefusedError(400, text, "ErrorMimeContentInvalidBase64String")
    return read_letter(parsed(content))


def json_letter(message: object, account: Account) -> Letter:
    """Read a message. Raises RefusedError, or LetterError for what no header may hold."""
    fields = _object(message, MESSAGE_KEYS)
    body = _object(fields.get("body") or {}, frozenset({"@odata.type", "contentType", "content"}))
    words = _text(body, "content")
    kind = (_text(body, "contentType") or "text").casefold()
    if kind not in ("text", "html"):
        raise _unreadable("contentType")
    if fields.get("from") and _one(fields["from"]) not in (account.email, account.upn):
        text = "The user account which was used to submit this request does not have the right."
        raise RefusedError(403, text, "ErrorSendAsDenied")
    files = fields.get("attachments") or []
    if not isinstance(files, list):
        raise _unreadable("attachments")
    return Letter(
        subject=header(_text(fields, "subject")),
        body=words if kind == "text" else "",
        html=words if kind == "html" else "",
        to=_addresses(fields, "toRecipients"),
        cc=_addresses(fields, "ccRecipients"),
        bcc=_addresses(fields, "bccRecipients"),
        reply_to=_addresses(fields, "replyTo"),
        message_id=message_id(_text(fields, "internetMessageId")),
        enclosures=tuple(enclosure(file) for file in files),
    )


def enclosure(file: object) -> Enclosure:
    """Read one file attachment. Raises RefusedError for anything else."""
    fields = _object(file, FILE_KEYS)
    if fields.get("@odata.type") != FILE or not _text(fields, "name"):
        raise _unreadable("attachments")
    try:
        content = base64.b64decode(_text(fields, "contentBytes").encode(), validate=True)
    except binascii.Error as wrong:
        raise _unreadable("contentBytes") from wrong
    kind = header(_text(fields, "contentType")) or "application/octet-stream"
    return Enclosure(name=header(_text(fields, "name")), content_type=kind, content=content)


def _addresses(fields: Fields, name: str) -> tuple[str, ...]:
    listed = fields.get(name) or []
    if not isinstance(listed, list):
        raise _unreadable(name)
    return tuple(_one(recipient) for recipient in listed)


def _one(recipient: object) -> str:
    fields = _object(recipient, frozenset({"@odata.type", "emailAddress"}))
    known = frozenset({"@odata.type", "address", "name"})
    found = _object(fields.get("emailAddress"), known)
    header(_text(found, "name"))
    return address(_text(found, "address"))


def _object(found: object, known: frozenset[str]) -> Fields:
    if not isinstance(found, dict):
        raise _unreadable("an object")
    for name in found.keys() - known:
        raise _unreadable(str(name))
    return found


def _text(fields: Fields, name: str) -> str:
    found = fields.get(name) or ""
    if not isinstance(found, str):
        raise _unreadable(name)
    return found


def _unreadable(name: str) -> RefusedError:
    text = f"The property '{name}' does not exist on this type, or its value is of another one."
    return RefusedError(400, text, "RequestBodyRead")
