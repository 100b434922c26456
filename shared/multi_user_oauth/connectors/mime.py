"""Mail as RFC 5322 and MIME write it: made for a provider that takes it so, and its headers read."""

import re
from email.encoders import encode_base64
from email.errors import HeaderParseError
from email.header import Header, decode_header, make_header
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import getaddresses
from typing import Final
from urllib.parse import quote

from multi_user_oauth.model.mail import Attachment, OutgoingMail

MESSAGE_IDS: Final = "multi-user-oauth"
"""What stands behind the `@` of a Message-ID of ours (RFC 5322, 3.6.4)."""
_ANY_BYTES: Final = ("application", "octet-stream")
_NOT_BYTES: Final = frozenset({"message", "multipart"})
"""Types whose content must not be in base64 (RFC 2045, 6.4): such a file goes as bytes of any kind."""
_PLAIN_SUBJECT: Final = re.compile(r"(?!.*=\?)[!-~](?:[ -~]{0,58}[!-~])?")
_PLAIN_NAME: Final = re.compile(r"[\w.-](?:[\w. -]{0,58}[\w.-])?", re.ASCII)
_PIECE: Final = re.compile(r"(?:%[0-9A-F]{2}|[^%]){1,16}")
_ON_THE_WIRE: Final = compat32.clone(linesep="\r\n", mangle_from_=False)


def message_id(mark: str) -> str:
    """Return the Message-ID that this mark makes."""
    return f"<{mark}@{MESSAGE_IDS}>"


def written(mail: OutgoingMail, mark: str) -> bytes:
    """
    Return the mail as it is handed in; the provider adds who it is from, and when.

    Raise `ValueError` for a line break in a header: whoever calls has looked for them before.
    """
    # The head is written here: `EmailMessage` reads what it is given, and an encoded word (RFC 2047) in
    # a subject, an address or a file's name would come out of it decoded, with line breaks and all.
    fields = {"To": mail.to, "Cc": mail.cc, "Bcc": mail.bcc, "Reply-To": mail.reply_to}
    head = [f"{name}: {_listed(addresses)}" for name, addresses in fields.items() if addresses]
    head += [f"Subject: {_subject(mail.subject)}", f"Message-ID: {message_id(mark)}"]
    return "\r\n".join((*head, "")).encode() + _content(mail).as_bytes(policy=_ON_THE_WIRE)


def plain(header: str) -> str:
    """Return a header's text without encoded words (RFC 2047); as it stands where they are broken."""
    try:
        return str(make_header(decode_header(header))) or header
    except (HeaderParseError, LookupError, ValueError):
        return header


def addresses_in(header: str) -> tuple[str, ...]:
    """Return the addresses of a header, without names; whatever can not be read is left out."""
    return tuple(address for _, address in getaddresses([header]) if address)


def _listed(addresses: tuple[str, ...]) -> str:
    """Return the addresses, each on a line; in other letters than ASCII's as they are (RFC 6532)."""
    return ",\r\n ".join(_one_line(each) for each in addresses)


def _subject(text: str) -> str:
    if _PLAIN_SUBJECT.fullmatch(_one_line(text)):
        return text
    return Header(text, "utf-8", header_name="Subject").encode(linesep="\r\n")


def _one_line(text: str) -> str:
    if len(text.splitlines()) > 1 or "\r" in text or "\n" in text:
        raise ValueError("a header is one line")
    return text


def _content(mail: OutgoingMail) -> MIMEBase:
    bodies = [
        MIMEText("\r\n".join(text.splitlines()), kind, "utf-8")
        for kind, text in (("plain", mail.text), ("html", mail.html))
        if text is not None
    ] or [MIMEText("", "plain", "utf-8")]
    body = MIMEMultipart("alternative", _subparts=bodies) if len(bodies) > 1 else bodies[0]
    if not mail.attachments:
        return body
    return MIMEMultipart("mixed", _subparts=[body, *map(_file, mail.attachments)])


def _file(attachment: Attachment) -> MIMEBase:
    kind, _, detail = attachment.content_type.partition("/")
    part = MIMEBase(*(_ANY_BYTES if kind.lower() in _NOT_BYTES else (kind, detail)))
    part.set_payload(attachment.content)
    encode_base64(part)
    part["Content-Disposition"] = f"attachment;\r\n {_file_name(_one_line(attachment.name))}"
    return part


def _file_name(name: str) -> str:
    """Return the parameter, in pieces where there is more in it than letters (RFC 2231, 3 and 4)."""
    if _PLAIN_NAME.fullmatch(name):
        return f'filename="{name}"'
    pieces = enumerate(_PIECE.findall("utf-8''" + quote(name, safe="")))
    return ";\r\n ".join(f"filename*{number}*={piece}" for number, piece in pieces)
