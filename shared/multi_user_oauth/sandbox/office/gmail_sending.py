"""How a mail is handed in to Gmail: as base64url in JSON, or as an upload."""

import base64
import json
import re
from email.message import EmailMessage
from typing import Any, Final

from flask import request

from ..company import Account
from ..records import Mail
from ..state import State
from .mail_items import items
from .mail_letter import made_mail
from .mail_mime import parsed, read_letter
from .mail_refusals import RefusedError

_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]*={0,2}")


def handed_in() -> tuple[EmailMessage, str]:
    """Give the message of this request, and the thread it is to join (or none)."""
    if not request.path.split("/", 2)[2].startswith("upload/"):
        body = request.get_json(silent=True)
        return _raw(body), _thread(body)
    way = request.args.get("uploadType", "")
    if way == "media" and request.mimetype.startswith("message/"):
        return parsed(request.get_data()), ""
    if way == "multipart" and request.mimetype == "multipart/related":
        return _related(f"Content-Type: {request.content_type}\r\n\r\n".encode())
    raise RefusedError(400, "Media type or upload type is not supported.", "badContent")


def sent(state: State, account: Account, message: EmailMessage, thread: str) -> Mail:
    """Deliver a message. Raises RefusedError or LetterError for one that can not be."""
    letter = read_letter(message)
    if not (letter.to or letter.cc or letter.bcc):
        raise RefusedError(400, "Recipient address required", "invalidArgument")
    root = ""
    if thread:
        known = [it.mail for it in items(state, account, "google") if it.conversation == thread]
        if not known:
            raise RefusedError(404, "Requested entity was not found.")
        root = known[-1].thread or known[-1].id
    name = state.draw(8).hex()
    mail = made_mail(state, account, "google", letter, mail_id=name, thread=root)
    state.deliver(mail)
    return mail


def _raw(body: Any) -> EmailMessage:  # noqa: ANN401  # reason: a caller's JSON
    raw = body.get("raw") if isinstance(body, dict) else None
    if not isinstance(raw, str) or not raw:
        text = "'raw' RFC822 payload message string or uploading message via /upload/* URL required"
        raise RefusedError(400, text, "invalidArgument")
    # Base64 in groups of four, its last one padded or not.
    bare = raw.rstrip("=") if _BASE64URL.fullmatch(raw) else ""
    if not bare or len(bare) % 4 == 1:
        text = "Invalid value at 'message.raw' (TYPE_BYTES), Base64 decoding failed"
        raise RefusedError(400, text, "invalid")
    return parsed(base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4)))


def _thread(body: Any) -> str:  # noqa: ANN401  # reason: a caller's JSON
    thread = body.get("threadId", "") if isinstance(body, dict) else ""
    return thread if isinstance(thread, str) else ""


def _related(head: bytes) -> tuple[EmailMessage, str]:
    """Read metadata and message out of one multipart/related body (RFC 2387)."""
    parts = list(parsed(head + request.get_data()).iter_parts())
    kinds = [part.get_content_type() for part in parts]
    if kinds != ["application/json", "message/rfc822"]:
        raise RefusedError(400, "Malformed multipart body.", "badContent")
    try:
        thread = _thread(json.loads(parts[0].get_content()))
        return parts[1].get_content(), thread
    except (ValueError, LookupError) as wrong:
        raise RefusedError(400, "Malformed multipart body.", "badContent") from wrong
