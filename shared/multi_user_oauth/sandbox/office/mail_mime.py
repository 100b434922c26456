"""Mail as RFC 5322 and MIME write it: read from bytes, and written again."""

from collections.abc import Iterable
from datetime import UTC, datetime
from email import policy
from email.errors import MessageError
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser
from email.utils import format_datetime

from ..records import Mail
from .blobs import Blobs
from .mail_letter import Enclosure, Letter, LetterError, address, header, message_id

OTHER = "application/octet-stream"


def parsed(content: bytes) -> EmailMessage:
    """Give a message in the form that Python knows."""
    return BytesParser(EmailMessage, policy=policy.SMTP).parsebytes(content)


def read_letter(message: EmailMessage) -> Letter:
    """Give what a message says. Raises LetterError for one that no provider would take."""
    try:
        return _letter(message)
    except LetterError:
        raise
    except (MessageError, LookupError, ValueError, AttributeError, TypeError) as broken:
        # What Python's parser raises for headers and parts that are broken in its own ways.
        raise LetterError("content", "not a message") from broken


def _letter(message: EmailMessage) -> Letter:
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    return Letter(
        subject=header(str(message.get("Subject", ""))),
        body=_text(plain),
        html=_text(html),
        to=_addresses(message, "To"),
        cc=_addresses(message, "Cc"),
        bcc=_addresses(message, "Bcc"),
        reply_to=_addresses(message, "Reply-To"),
        sender=next(iter(_addresses(message, "From")), ""),
        message_id=message_id(str(message.get("Message-ID", "")).strip()),
        enclosures=tuple(_enclosures(message.iter_attachments())),
    )


def _addresses(message: EmailMessage, name: str) -> tuple[str, ...]:
    fields = message.get_all(name, [])
    return tuple(address(found.addr_spec) for field in fields for found in field.addresses)


def _text(part: MIMEPart | None) -> str:
    return "" if part is None else str(part.get_content()).replace("\r\n", "\n")


def _enclosures(parts: Iterable[MIMEPart]) -> Iterable[Enclosure]:
    for part in parts:
        content = part.get_payload(decode=True)
        yield Enclosure(
            name=header(part.get_filename() or "noname"),
            content_type=header(part.get_content_type()),
            # A message in the message: its own bytes.
            content=content if isinstance(content, bytes) else part.get_content().as_bytes(),
        )


def headers(mail: Mail, message_id_text: str, *, bcc: bool) -> list[tuple[str, str]]:
    """Give a mail's own headers; who got a blind copy stands only in the sender's."""
    when = datetime.fromtimestamp(mail.sent_at, UTC).replace(microsecond=0)
    known = [
        ("MIME-Version", "1.0"),
        ("Date", format_datetime(when)),
        ("Message-ID", message_id_text),
        ("Subject", mail.subject),
        ("From", mail.sender),
        ("To", ", ".join(mail.recipients)),
        ("Cc", ", ".join(mail.cc)),
        ("Bcc", ", ".join(mail.bcc) if bcc else ""),
        ("Reply-To", ", ".join(mail.reply_to)),
    ]
    return [(name, value) for name, value in known if value or name == "Subject"]


def write(mail: Mail, message_id_text: str, blobs: Blobs, *, bcc: bool) -> bytes:
    """Give a mail as it goes over the wire."""
    message = EmailMessage(policy=policy.SMTP)
    for name, value in headers(mail, message_id_text, bcc=bcc):
        if name != "MIME-Version":
            message[name] = value
    message.set_content(mail.body)
    if mail.html:
        message.add_alternative(mail.html, subtype="html")
    for attachment in mail.attachments:
        main, _, sub = attachment.content_type.partition("/")
        if main in ("message", "multipart"):  # these do not take bytes
            main, sub = OTHER.split("/")
        content = blobs.get(attachment.digest)
        message.add_attachment(content, maintype=main, subtype=sub, filename=attachment.name)
    return message.as_bytes()
