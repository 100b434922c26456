"""The tree of parts that Gmail makes of a mail, and what is in it (Gmail API, `MessagePart`)."""

import base64
import binascii
import html
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import msgspec

from multi_user_oauth.connectors.mime import addresses_in, plain
from multi_user_oauth.model.mail import AttachmentInfo, Message

DEEPEST: Final = 32
"""Levels of parts within parts; mails have four or five."""


class Header(msgspec.Struct):
    """One line of a part's head, as it came."""

    name: str
    value: str


class Body(msgspec.Struct):
    """A part's content, or how much of it lies elsewhere."""

    size: int = 0
    data: str = ""


class Part(msgspec.Struct, rename="camel"):
    """A part, maybe with parts in it."""

    mime_type: str = ""
    filename: str = ""
    headers: list[Header] = msgspec.field(default_factory=list)
    body: Body = msgspec.field(default_factory=Body)
    parts: list["Part"] = msgspec.field(default_factory=list)


class Mail(msgspec.Struct, rename="camel"):
    """A mail; `internal_date` is in milliseconds, as text."""

    id: str
    internal_date: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,14}$")]
    snippet: str = ""
    payload: Part = msgspec.field(default_factory=Part)


msgspec.json.Decoder(Mail)  # learned now: two threads must not be the first to learn a shape


def message(mail: Mail) -> Message:
    """Return what the mail says; bodies and attachments as far as it has parts."""
    heads = {each.name.lower(): each.value for each in mail.payload.headers}
    parts = list(_flat(mail.payload))
    files = [part for part in parts if part.filename]
    return Message(
        id=mail.id,
        sender=next(iter(addresses_in(heads.get("from", ""))), ""),
        to=addresses_in(heads.get("to", "")),
        cc=addresses_in(heads.get("cc", "")),
        subject=plain(heads.get("subject", "")),
        received_at=datetime(1970, 1, 1, tzinfo=UTC)
        + timedelta(milliseconds=int(mail.internal_date)),
        preview=html.unescape(mail.snippet),
        text=_words(parts, "text/plain"),
        html=_words(parts, "text/html"),
        attachments=tuple(
            AttachmentInfo(name=part.filename, size=max(part.body.size, 0)) for part in files
        ),
    )


def _flat(part: Part, depth: int = 0) -> Iterator[Part]:
    yield part
    if depth < DEEPEST:
        for each in part.parts:
            yield from _flat(each, depth + 1)


def _words(parts: list[Part], mime_type: str) -> str | None:
    """Return the first body of this type, None where there is none."""
    for part in parts:
        if part.mime_type.lower() == mime_type and part.body.data and not part.filename:
            return _decoded(part.body.data)
    return None


def _decoded(data: str) -> str:
    """Return the text; Gmail gives UTF-8 in base64url, whatever the mail was written in."""
    try:
        raw = base64.urlsafe_b64decode(data.rstrip("=") + "=" * (-len(data.rstrip("=")) % 4))
    except (binascii.Error, ValueError):
        return ""
    return raw.decode("utf-8", "replace")
