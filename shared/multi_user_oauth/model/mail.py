"""A mail as it is sent, and as it is read."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that goes with a mail; its bytes are not shown."""

    name: str
    content_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMail:
    """At least one recipient; `text` or `html` or both; every address is normalised."""

    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    reply_to: tuple[str, ...] = ()
    subject: str
    text: str | None = None
    html: str | None = None
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentInfo:
    """What is known of an attachment without its bytes; `size` in bytes."""

    name: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A mail in somebody's mailbox; bodies and attachments only where one mail was asked for."""

    id: str
    sender: str
    to: tuple[str, ...]
    cc: tuple[str, ...] = ()
    subject: str
    received_at: datetime
    preview: str = ""
    text: str | None = None
    html: str | None = None
    attachments: tuple[AttachmentInfo, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MailQuery:
    """Which mails: words in the provider's search, received at or after `since` (UTC)."""

    search: str | None = None
    since: datetime | None = None
    limit: int = 25
    cursor: str | None = None
