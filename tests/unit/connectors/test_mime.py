"""Mail as MIME: read back by a parser, with nothing in it that was not put there."""

from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest

from multi_user_oauth.connectors.mime import addresses_in, message_id, plain, written
from multi_user_oauth.model.mail import Attachment, OutgoingMail

MARK = "0123456789abcdef"
ENCODED = "=?utf-8?q?a=0D=0ABcc:_eve@evil.example?="


def mail(**changes: Any) -> OutgoingMail:  # noqa: ANN401  # reason: any field
    """Return a mail to John."""
    return OutgoingMail(**{"to": ("john@company.com",), "subject": "Report"} | changes)


def read(letter: OutgoingMail) -> EmailMessage:
    """Return what a provider reads."""
    return message_from_bytes(written(letter, MARK), EmailMessage, policy=SMTP)


def bodies(message: EmailMessage) -> dict[str, str]:
    """Return the texts, by type."""
    return {
        part.get_content_type(): part.get_content()
        for part in message.walk()
        if part.get_content_maintype() == "text" and not part.is_attachment()
    }


def test_every_field_is_where_it_belongs() -> None:
    """Who it is from is the provider's to say."""
    letter = mail(cc=("a@b.de", "c@d.de"), bcc=("e@f.de",), reply_to=("g@h.de",), text="Hello")
    message = read(letter)
    assert {name: str(value) for name, value in message.items() if name != "MIME-Version"} == {
        "To": "john@company.com", "Cc": "a@b.de, c@d.de", "Bcc": "e@f.de", "Reply-To": "g@h.de",
        "Subject": "Report", "Message-ID": f"<{MARK}@multi-user-oauth>",
        "Content-Type": 'text/plain; charset="utf-8"', "Content-Transfer-Encoding": "base64",
    }  # fmt: skip
    assert str(message["Message-ID"]) == message_id(MARK)


@pytest.mark.parametrize(
    ("text", "html", "found"),
    [
        (None, None, {"text/plain": ""}),
        ("a\nb", None, {"text/plain": "a\r\nb"}),
        (None, "<b>a</b>", {"text/html": "<b>a</b>"}),
        ("a", "<b>a</b>", {"text/plain": "a", "text/html": "<b>a</b>"}),
        ("Grüße 👋", None, {"text/plain": "Grüße 👋"}),
    ],
)
def test_bodies(text: str | None, html: str | None, found: dict[str, str]) -> None:
    """One or both, whatever they are written in; without any it is empty."""
    assert bodies(read(mail(text=text, html=html))) == found


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        ("text/csv", "text/csv"),
        ("application/pdf", "application/pdf"),
        ("message/rfc822", "application/octet-stream"),
        ("multipart/mixed", "application/octet-stream"),
    ],
)
def test_attachments_keep_their_bytes(kind: str, sent: str) -> None:
    """And a name in any letters; what would be read as parts goes as bytes."""
    content, name = bytes(range(256)) * 9, f"{'ü' * 200} - Übersicht.csv"
    attachment = Attachment(name=name, content_type=kind, content=content)
    (part,) = read(mail(text="x", attachments=(attachment,))).iter_attachments()
    assert (part.get_filename(), part.get_content_type()) == (name, sent)
    assert part.get_payload(decode=True) == content


@pytest.mark.parametrize(
    "subject", ["Grüße", "x" * 998, "日本語 " * 200, " both ends ", "a: b, <c>", "", ENCODED]
)
def test_a_subject_arrives_as_it_was_written(subject: str) -> None:
    """Folded and encoded as it must be."""
    raw = written(mail(subject=subject), MARK)
    assert max(len(line) for line in raw.split(b"\r\n")) <= 78
    parsed = message_from_bytes(raw)["Subject"]
    assert str(make_header(decode_header(parsed))) == subject


@pytest.mark.parametrize(
    "name",
    [
        "a.txt", 'a"b;c=d.txt', "*'en'x.txt", "100%25.txt", "a " * 120 + ".txt", "üü.txt",
        "日本語" * 80, ENCODED,
    ],
)  # fmt: skip
def test_a_file_keeps_its_name(name: str) -> None:
    """Whatever stands in it."""
    attachment = Attachment(name=name, content_type="a/b", content=b"x")
    raw = written(mail(attachments=(attachment,)), MARK)
    assert max(len(line) for line in raw.split(b"\r\n")) <= 78
    *_, part = message_from_bytes(raw).walk()
    assert part.get_filename() == name


def test_an_encoded_word_is_not_decoded_on_the_way() -> None:
    """N73b: in it a line break would be hidden, and behind that another header."""
    attachment = Attachment(name=ENCODED, content_type="a/b", content=b"x")
    address = "=?utf-8?q?a=0D=0ABcc:_eve@evil.example?=@company.com"
    raw = written(mail(to=(address,), subject=ENCODED, attachments=(attachment,)), MARK)
    message = message_from_bytes(raw)
    names = {name for part in message.walk() for name in part.keys()}  # noqa: SIM118  # reason: no mapping
    assert names == {
        "To", "Subject", "Message-ID", "MIME-Version", "Content-Type", "Content-Disposition",
        "Content-Transfer-Encoding",
    }  # fmt: skip
    assert message["To"] == address


def test_an_address_in_other_letters_is_written_as_it_is() -> None:
    """RFC 6532: never as an encoded word, which no address may be."""
    raw = written(mail(to=("änna@company.com",), subject="Grüße"), MARK)
    assert "To: änna@company.com\r\n".encode() in raw


def test_many_recipients_all_arrive() -> None:
    """Folded over many lines."""
    many = tuple(f"someone.number.{n}@department.company.com" for n in range(500))
    message = read(mail(to=many))
    assert tuple(each.addr_spec for each in message["To"].addresses) == many


@pytest.mark.parametrize("field", ["subject", "to", "reply_to"])
def test_no_line_break_gets_into_a_header(field: str) -> None:
    """N73b: whoever forgets to look is stopped here."""
    bad = "x@y.de\r\nBcc: eve@evil.example"
    with pytest.raises(ValueError, match=r"."):
        written(mail(**{field: bad if field == "subject" else (bad,)}), MARK)


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("Hello", "Hello"),
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?utf-8?b?8J+Riw==?= there", "👋 there"),
        ("=?nonsense?q?x?=", "=?nonsense?q?x?="),
        ("=?utf-8?b?!!!?=", "=?utf-8?b?!!!?="),
        ("=?utf-8?q?=FF?=", "=?utf-8?q?=FF?="),
        ("", ""),
    ],
)
def test_headers_are_decoded(header: str, text: str) -> None:
    """RFC 2047; what is broken stands as it came."""
    assert plain(header) == text


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("Ann <a@b.de>, c@d.de", ("a@b.de", "c@d.de")),
        ('"Doe, John" <j@d.de>', ("j@d.de",)),
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe?= <a@b.de>", ("a@b.de",)),
        ("undisclosed-recipients:;", ()),
        ("", ()),
        ("<<<>>>", ()),
    ],
)
def test_addresses_are_read_without_names(header: str, found: tuple[str, ...]) -> None:
    """And what is none is left out."""
    assert addresses_in(header) == found
