"""Gmail: against the sandbox as Google publishes itself, and against hostile answers."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from requests import ConnectionError as Disconnected

from multi_user_oauth.connectors.gmail import Gmail
from multi_user_oauth.errors import (
    InsufficientScopeError,
    MultiUserOAuthError,
    ProviderUnavailableError,
)
from multi_user_oauth.errors.connector import (
    ItemNotFoundError,
    NotSupportedError,
    OutcomeUnknownError,
    ProviderAnswerRefusedError,
    ProviderRejectedError,
)
from multi_user_oauth.model.mail import (
    Attachment,
    AttachmentInfo,
    MailQuery,
    Message,
    OutgoingMail,
)
from multi_user_oauth.ports.connectors import Found, Outcome
from tests.unit.connectors.acting import (
    Said,
    Scripted,
    Stand,
    described,
    google,
    google_stand,
    sandboxed,
)
from tests.unit.sandbox.conftest import World

SCOPE = "https://www.googleapis.com/auth/gmail."
SEND, READ = f"{SCOPE}send", f"{SCOPE}readonly"
MARK = "0123456789abcdef0123456789abcdef"
UNKNOWN = Found(outcome=Outcome.UNKNOWN)
MESSAGES = "https://gmail.googleapis.com/gmail/v1/users/me/messages"


@pytest.fixture(scope="module")
def world() -> World:
    """A sandbox in which everybody has the mails that one begins with."""
    return sandboxed()


@pytest.fixture(scope="module")
def sarah(world: World) -> Stand:
    """Sarah, who granted sending and reading."""
    return google_stand(world, "sarah", (SEND, READ))


@pytest.fixture
def gmail(world: World) -> Iterator[Gmail]:
    """The service; every call is checked against Google's own discovery document."""
    adapter = described(world)
    yield Gmail(google(adapter))
    assert adapter.checked


def mail(**changes: Any) -> OutgoingMail:  # noqa: ANN401  # reason: any field
    """Return a mail to Maria."""
    return OutgoingMail(
        **{"to": ("maria@company.com",), "subject": "Report", "text": "x"} | changes
    )


def item(**changes: object) -> dict[str, object]:
    """Return a mail as Gmail gives it."""
    return {"id": "abc", "internalDate": "1772434800000", "snippet": "A &amp; B"} | changes


def part(text: str, kind: str = "text/plain", **changes: object) -> dict[str, object]:
    """Return a part with this text."""
    data = base64.urlsafe_b64encode(text.encode()).decode()
    return {"mimeType": kind, "body": {"size": len(data), "data": data}} | changes


def read(payload: object) -> tuple[str | None, str | None, tuple[AttachmentInfo, ...]]:
    """Return what is in a mail that has this payload."""
    adapter = Scripted(Said(body=item(payload=payload)))
    found = Gmail(google(adapter)).message(Stand(READ), "abc")
    return found.text, found.html, found.attachments


def test_a_mail_is_sent_with_all_that_is_in_it(world: World, gmail: Gmail, sarah: Stand) -> None:
    """Also to those who are not named; Gmail's id for it is returned, and it is found again."""
    whole = mail(
        to=("a@b.de", "c@d.de"), cc=("e@f.de",), bcc=("g@h.de",), reply_to=("i@j.de",),
        subject="Grüße: =?utf-8?q?x?=", text="a", html="<b>a</b>",
        attachments=(Attachment(name='ü"<>.pdf', content_type="a/b", content=b"%PDF"),),
    )  # fmt: skip
    mark = MARK[::-1]
    sending = gmail.sending(sarah, whole, mark)
    assert sending.look_up("") == UNKNOWN
    sent_id = sending.send(sending.prepare())
    sent = world.sandbox.mailbox()[-1]
    assert (sent.id, sent.sender) == (sent_id, "sarah@company.com")
    assert (sent.recipients, sent.cc, sent.bcc) == (whole.to, whole.cc, whole.bcc)
    assert (sent.reply_to, sent.body, sent.html) == (("i@j.de",), "a", "<b>a</b>")
    assert sent.message_id == f"<{mark}@multi-user-oauth>"
    assert [(each.name, each.size) for each in sent.attachments] == [('ü"<>.pdf', 4)]
    assert sending.look_up("") == Found(outcome=Outcome.SENT, provider_id=sent_id)


def test_a_large_mail_is_uploaded(world: World, gmail: Gmail, sarah: Stand) -> None:
    """Without base64 around it."""
    content = b"%PDF" * 1_500_000
    file = Attachment(name="a.pdf", content_type="application/pdf", content=content)
    assert gmail.sending(sarah, mail(attachments=(file,)), MARK).send("")
    sent = world.sandbox.mailbox()[-1]
    blobs = world.sandbox.app.extensions["sandbox"].office.blobs
    assert blobs.get(sent.attachments[0].digest) == content


def test_attachments_of_23_mib_fit() -> None:
    """In base64, in lines, and with another heading."""
    adapter = Scripted(Said(body={"id": "1"}))
    file = Attachment(name="a", content_type="a/b", content=bytes(23 * 1024 * 1024))
    assert Gmail(google(adapter)).sending(Stand(SEND), mail(attachments=(file,)), MARK).send("")
    assert len(adapter.seen[0].body or b"") < 36_700_160 - 1_000_000


def test_a_mail_that_is_too_large_is_refused() -> None:
    """Nothing is sent."""
    adapter = Scripted(Said())
    file = Attachment(name="a", content_type="a/b", content=bytes(28_000_000))
    with pytest.raises(NotSupportedError):
        Gmail(google(adapter)).sending(Stand(SEND), mail(attachments=(file,)), MARK).send("")
    assert adapter.seen == []


def test_who_may_send_and_no_more_can_not_look() -> None:
    """Nobody is asked."""
    adapter = Scripted(Said())
    assert Gmail(google(adapter)).sending(Stand(SEND), mail(), MARK).look_up("") == UNKNOWN
    assert adapter.seen == []


@pytest.mark.parametrize(
    "body", [{}, {"messages": []}, {"messages": 7}, {"messages": [7, {"id": 7}, {"id": ""}]}]
)
def test_what_is_not_found_is_unknown(body: object) -> None:
    """Gmail's index may lag, and it may have written another Message-ID."""
    adapter = Scripted(Said(body=body))
    assert Gmail(google(adapter)).sending(Stand(SEND, READ), mail(), MARK).look_up("") == UNKNOWN
    query = parse_qs(urlsplit(adapter.urls[0]).query)
    assert query["q"] == [f"in:sent rfc822msgid:{MARK}@multi-user-oauth"]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Disconnected(), OutcomeUnknownError),
        (Said(status=504), OutcomeUnknownError),
        (Said(status=500), OutcomeUnknownError),
        (Said(body=b"<html>"), OutcomeUnknownError),
        (Said(status=302, headers={"Location": "https://evil.example/"}), MultiUserOAuthError),
        (Said(status=400), ProviderRejectedError),
    ],
)
def test_a_lost_answer_is_asked_once(
    answer: Said | Exception, error: type[MultiUserOAuthError]
) -> None:
    """N67, N70: a mail is sent with one request, whatever becomes of it."""
    adapter = Scripted(answer)
    with pytest.raises(error):
        Gmail(google(adapter)).sending(Stand(SEND), mail(), MARK).send("")
    assert len(adapter.seen) == 1


def test_a_lost_answer_to_an_upload_is_asked_once() -> None:
    """N67: it is a mail like any other."""
    adapter = Scripted(Said(status=504))
    file = Attachment(name="a.pdf", content_type="application/pdf", content=bytes(4_000_000))
    with pytest.raises(OutcomeUnknownError):
        Gmail(google(adapter)).sending(Stand(SEND), mail(attachments=(file,)), MARK).send("")
    assert len(adapter.seen) == 1
    assert "/upload/" in adapter.urls[0]


@pytest.mark.parametrize("body", [{}, {"id": 7}, {"id": ""}, {"id": "a/b"}])
def test_what_was_sent_without_an_id_was_sent(body: object) -> None:
    """It has none for us."""
    adapter = Scripted(Said(body=body))
    assert Gmail(google(adapter)).sending(Stand(SEND), mail(), MARK).send("") == ""


def test_pages_bring_each_mail_once_the_newest_first(gmail: Gmail, sarah: Stand) -> None:
    """Each with its headers and its first words."""
    whole = gmail.messages(sarah, MailQuery(limit=100)).items
    found: list[Message] = []
    cursor = None
    while True:
        page = gmail.messages(sarah, MailQuery(limit=2, cursor=cursor))
        found += page.items
        cursor = page.cursor
        if cursor is None:
            break
        assert len(page.items) == 2
    assert tuple(found) == whole
    times = [each.received_at for each in found]
    assert times == sorted(times, reverse=True)
    assert all("sarah@company.com" in (*each.to, each.sender) for each in found)
    assert all(each.preview and each.subject for each in found)


def test_search_and_since_together(gmail: Gmail, sarah: Stand) -> None:
    """In Gmail's own words."""
    found = gmail.messages(sarah, MailQuery(search="subject:Atlas")).items
    assert len(found) == 2
    newest = found[0].received_at
    query = MailQuery(search="subject:Atlas", since=newest)
    assert gmail.messages(sarah, query).items == found[:1]
    whole = gmail.messages(sarah, MailQuery(limit=100)).items
    since = gmail.messages(sarah, MailQuery(since=newest, limit=100)).items
    assert since == tuple(each for each in whole if each.received_at >= newest)
    assert gmail.messages(sarah, MailQuery(search="nosuchword")).items == ()


def test_one_mail_comes_whole(gmail: Gmail, sarah: Stand) -> None:
    """With what it has of bodies, and the names of its attachments."""
    (minutes,) = gmail.messages(sarah, MailQuery(search="minutes has:attachment")).items
    found = gmail.message(sarah, minutes.id)
    assert "minutes are attached" in (found.text or "")
    assert (found.html, len(found.attachments)) == (None, 1)
    (trip,) = gmail.messages(sarah, MailQuery(search="Copenhagen")).items
    found = gmail.message(sarah, trip.id)
    assert "<b>08:17</b>" in (found.html or "")
    assert "08:17" in (found.text or "")


def test_somebody_elses_mail_is_none(world: World, gmail: Gmail, sarah: Stand) -> None:
    """N40: an id opens what the token's person has."""
    john = google_stand(world, "john", (READ,))
    (johns, *_) = gmail.messages(john, MailQuery()).items
    with pytest.raises(ItemNotFoundError):
        gmail.message(sarah, johns.id)


def test_with_the_least_scope_there_is_a_list(world: World, gmail: Gmail) -> None:
    """Without first words, and without a search."""
    stand = google_stand(world, "sarah", (f"{SCOPE}metadata",))
    found = gmail.messages(stand, MailQuery(limit=2)).items
    assert [each.preview for each in found] == ["", ""]
    for refused in (
        lambda: gmail.messages(stand, MailQuery(search="x")),
        lambda: gmail.messages(stand, MailQuery(since=found[0].received_at)),
        lambda: gmail.message(stand, found[0].id),
    ):
        with pytest.raises(InsufficientScopeError) as error:
            refused()
        assert error.value.scopes[0] == READ


def test_a_mail_that_vanished_meanwhile_is_left_out() -> None:
    """So is one that can not be read."""
    ids = [{"id": name} for name in ("gone", "bad", "abc")]
    adapter = Scripted(
        Said(body={"messages": [*ids, 7, {"id": "../x"}], "nextPageToken": "more"}),
        Said(status=404), Said(body={"id": "bad"}), Said(body=item()),
    )  # fmt: skip
    page = Gmail(google(adapter)).messages(Stand(READ), MailQuery())
    assert ([each.id for each in page.items], page.cursor) == (["abc"], "more")
    assert len(adapter.seen) == 4


def test_a_lowered_quota_is_an_error_not_a_gap() -> None:
    """What could not be asked for is not shown as if it were not there."""
    adapter = Scripted(Said(body={"messages": [{"id": "abc"}]}), Said(status=500))
    with pytest.raises(ProviderUnavailableError):
        Gmail(google(adapter)).messages(Stand(READ), MailQuery())


def test_since_is_exact() -> None:
    """Gmail's own limit is a second early; what it finds before the time is left out."""
    adapter = Scripted(
        Said(body={"messages": [{"id": "abc"}, {"id": "old"}]}),
        Said(body=item()), Said(body=item(id="old", internalDate="1772434799999")),
    )  # fmt: skip
    since = datetime(2026, 3, 2, 7, tzinfo=UTC)
    page = Gmail(google(adapter)).messages(Stand(READ), MailQuery(search="x y", since=since))
    assert [each.id for each in page.items] == ["abc"]
    assert parse_qs(urlsplit(adapter.urls[0]).query)["q"] == ["x y after:1772434799"]


@pytest.mark.parametrize("token", ["https://evil.example/", "a&q=x", "../.."])
def test_a_page_token_stays_a_parameter(token: str) -> None:
    """N73: whatever Gmail called it."""
    adapter = Scripted(Said(body={}))
    assert Gmail(google(adapter)).messages(Stand(READ), MailQuery(cursor=token)).items == ()
    parts = urlsplit(adapter.urls[0])
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == MESSAGES
    assert parse_qs(parts.query)["pageToken"] == [token]


@pytest.mark.parametrize(
    ("body", "error"),
    [({"messages": 7}, ProviderAnswerRefusedError), (b"[]", ProviderUnavailableError)],
)
def test_what_is_no_list_is_no_page(body: object, error: type[MultiUserOAuthError]) -> None:
    """Nor is it an empty one."""
    with pytest.raises(error):
        Gmail(google(Scripted(Said(body=body)))).messages(Stand(READ), MailQuery())


@pytest.mark.parametrize(
    "changes", [{"internalDate": "x"}, {"internalDate": 7}, {"internalDate": "9" * 20}, {"id": 1},
                {"payload": 7}, {"payload": {"parts": 7}}],
)  # fmt: skip
def test_what_is_no_mail_is_refused(changes: dict[str, object]) -> None:
    """It has an id and a time, and parts if any."""
    with pytest.raises(ProviderUnavailableError):
        Gmail(google(Scripted(Said(body=item(**changes))))).message(Stand(READ), "abc")


def test_headers_are_read() -> None:
    """Encoded or not, in any case; first words are no HTML."""
    names = {"FROM": "=?utf-8?q?J=C3=B6?= <j@c.de>", "to": "A <a@b.de>, c@d.de", "Cc": "e@f.de"}
    heads = [{"name": name, "value": value} for name, value in names.items()]
    heads.append({"name": "Subject", "value": "=?utf-8?q?Gr=C3=BC=C3=9Fe?="})
    adapter = Scripted(Said(body=item(payload={"headers": heads})))
    found = Gmail(google(adapter)).message(Stand(READ), "abc")
    assert (found.sender, found.to, found.cc) == ("j@c.de", ("a@b.de", "c@d.de"), ("e@f.de",))
    assert (found.subject, found.preview) == ("Grüße", "A & B")
    assert found.received_at == datetime(2026, 3, 2, 7, tzinfo=UTC)


def test_parts_are_found_wherever_they_are() -> None:
    """The first of each kind; a file is none of them."""
    file = part("file", filename="ü.txt")
    inner: dict[str, object] = {
        "parts": [{"parts": [part("a"), part("<b>", "text/HTML"), part("no")]}]
    }
    text, html, files = read({"parts": [file, inner]})
    assert (text, html) == ("a", "<b>")
    assert [each.name for each in files] == ["ü.txt"]


@pytest.mark.parametrize("data", ["A", "!!!", "\u00fc", "=", "a" * 5])
def test_a_body_that_is_no_base64_is_empty(data: str) -> None:
    """The mail is shown nevertheless."""
    text, _, _ = read({"mimeType": "text/plain", "body": {"data": data}})
    assert text in ("", "i\ufffd\ufffd", "i\ufffd\x1a")


def test_a_body_that_is_no_utf8_is_shown_as_far_as_it_goes() -> None:
    """With a sign where it is not."""
    data = base64.urlsafe_b64encode(b"a\xffb").decode()
    assert read({"mimeType": "text/plain", "body": {"data": data}})[0] == "a\ufffdb"


def test_parts_within_parts_end_somewhere() -> None:
    """Thousands of levels are an attack: what lies so deep is not shown."""
    deep = msgspec.json.encode(part("deep"))
    for levels in (100, 100_000):
        tree = b'{"parts":[' * levels + deep + b"]}" * levels
        head = msgspec.json.encode(item())[:-1]
        adapter = Scripted(Said(body=head + b',"payload":' + tree + b"}"))
        try:
            assert Gmail(google(adapter)).message(Stand(READ), "abc").text is None
        except ProviderUnavailableError:
            assert levels == 100_000


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a%2Fb", "a?b", "x" * 513])
def test_what_is_no_id_is_nobodys_mail(name: str) -> None:
    """N40: and no other path either."""
    adapter = Scripted(Said(body=item()))
    with pytest.raises(ItemNotFoundError):
        Gmail(google(adapter)).message(Stand(READ), name)
    assert adapter.seen == []


def test_a_small_mail_goes_as_json() -> None:
    """The one field that there is."""
    adapter = Scripted(Said(body={"id": "1"}))
    Gmail(google(adapter)).sending(Stand(SEND), mail(), MARK).send("")
    sent = msgspec.json.decode(adapter.seen[0].body or b"")
    assert set(sent) == {"raw"}
    assert b"To: maria@company.com\r\n" in base64.urlsafe_b64decode(sent["raw"])
