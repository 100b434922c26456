"""A letter as somebody hands it in: checked, and made a mail of."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape, unescape
from typing import Final, Literal

from ..company import Account
from ..records import Attachment, Mail, ProviderName
from ..state import State

Fault = Literal["recipient", "header", "content"]

_ATOM: Final = r"[!#$%&'*+./0-9=?A-Z^_`a-z{|}~-]+"
_ADDRESS: Final = re.compile(rf"{_ATOM}@[0-9A-Za-z.-]+")
_MESSAGE_ID: Final = re.compile(r"<[^\s<>@]+@[^\s<>@]+>")
_NO_HEADER: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
_LONGEST_ADDRESS: Final = 254
_NEW_LINES: Final = re.compile(r"(?i)<br\s*/?>|</(?:p|div|tr|li|h[1-6])>")
_UNSEEN: Final = re.compile(r"(?is)<(script|style|head)\b.*?</\1>|<[^>]*>")


class LetterError(ValueError):
    """The letter is none that a provider would take; the text says what is wrong with it."""

    def __init__(self, fault: Fault, text: str) -> None:
        super().__init__(text)
        self.fault = fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """One file in a letter."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What somebody wants to send."""

    subject: str = ""
    body: str = ""
    html: str = ""
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    reply_to: tuple[str, ...] = ()
    sender: str = ""
    """Who it says it is from; empty where it does not say."""
    message_id: str = ""
    enclosures: tuple[Enclosure, ...] = ()


def address(text: str) -> str:
    """Give an address as it is compared. Raises LetterError for what is none."""
    if len(text) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(text):
        raise LetterError("recipient", "not an address")
    return text.casefold()


def header(text: str) -> str:
    """Give the text of a header. Raises LetterError where it would begin another one."""
    if _NO_HEADER.search(text):
        raise LetterError("header", "a header holds a character that no header may hold")
    return text


def message_id(text: str) -> str:
    """Give a Message-ID, or an empty one. Raises LetterError for what is none (RFC 5322, 3.6.4)."""
    if text and not _MESSAGE_ID.fullmatch(text):
        raise LetterError("header", "not a Message-ID")
    return text


def words(text: str) -> str:
    """Give a text. Raises LetterError for one that has no bytes: half a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError as half:
        raise LetterError("content", "not Unicode") from half
    return text


def as_text(html: str) -> str:
    """Give the words of a text in HTML."""
    lines = unescape(_UNSEEN.sub("", _NEW_LINES.sub("\n", html))).splitlines()
    return "\n".join(" ".join(line.split()) for line in lines).strip()


def as_html(text: str) -> str:
    """Give a plain text in HTML."""
    words = escape(text, quote=False).replace("\r\n", "\n").replace("\n", "<br>\n")
    return f"<html><head></head><body>{words}</body></html>"


def made_mail(
    state: State,
    account: Account,
    provider: ProviderName,
    letter: Letter,
    *,
    mail_id: str,
    thread: str = "",
    kept: bool = True,
) -> Mail:
    """Give the mail that a letter becomes, with its enclosures kept in the blobs."""
    host = "mail.gmail.com" if provider == "google" else "outlook.example"
    return Mail(
        id=mail_id,
        provider=provider,
        sender=account.email,
        recipients=letter.to,
        subject=letter.subject,
        body=words(letter.body or as_text(letter.html)),
        sent_at=state.now(),
        message_id=letter.message_id or f"<{state.random_text(18)}@{host}>",
        cc=letter.cc,
        bcc=letter.bcc,
        reply_to=letter.reply_to,
        html=words(letter.html),
        attachments=attached(state, letter.enclosures),
        thread=thread,
        kept=kept,
    )


def attached(state: State, enclosures: Iterable[Enclosure]) -> tuple[Attachment, ...]:
    """Keep the bytes of enclosures; give where they are."""
    return tuple(
        Attachment(
            id=state.random_text(24),
            name=enclosure.name,
            content_type=enclosure.content_type,
            size=len(enclosure.content),
            digest=state.office.blobs.put(enclosure.content),
        )
        for enclosure in enclosures
    )
