"""Sending from Outlook: against the sandbox as Graph publishes itself, and against hostile answers."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from requests import ConnectionError as Disconnected

from multi_user_oauth.connectors.outlook import Outlook
from multi_user_oauth.errors import MultiUserOAuthError, ProviderUnavailableError
from multi_user_oauth.errors.connector import (
    ItemNotFoundError,
    NotSupportedError,
    OutcomeUnknownError,
    ProviderAnswerRefusedError,
    ProviderRejectedError,
)
from multi_user_oauth.model.mail import Attachment, OutgoingMail
from multi_user_oauth.ports.connectors import Found, Outcome
from multi_user_oauth.sandbox.records import Mail
from tests.unit.connectors.acting import (
    Said,
    Scripted,
    Stand,
    described,
    graph,
    microsoft_stand,
    sandboxed,
)
from tests.unit.sandbox.conftest import World

MARK = "0123456789abcdef0123456789abcdef"
SEND, BOTH = ("Mail.Send",), ("Mail.Send", "Mail.ReadWrite")
NOT_SENT, UNKNOWN = Found(outcome=Outcome.NOT_SENT), Found(outcome=Outcome.UNKNOWN)
UPLOAD = "https://outlook.office.com/api/v2.0/x"


@pytest.fixture(scope="module")
def world() -> World:
    """A sandbox in which each test sends mails of its own."""
    return sandboxed()


@pytest.fixture(scope="module")
def sarah(world: World) -> Stand:
    """Sarah, who granted all."""
    return microsoft_stand(world, "sarah", BOTH)


@pytest.fixture(scope="module")
def john(world: World) -> Stand:
    """John, who granted sending alone."""
    return microsoft_stand(world, "john", SEND)


@pytest.fixture
def outlook(world: World) -> Iterator[Outlook]:
    """The service; every call is checked against Graph's own description."""
    adapter = described(world)
    yield Outlook(graph(adapter))
    assert adapter.checked


def mail(**changes: Any) -> OutgoingMail:  # noqa: ANN401  # reason: any field
    """Return a mail to Maria."""
    return OutgoingMail(
        **{"to": ("maria@company.com",), "subject": "Report", "text": "x"} | changes
    )


def file(size: int, name: str = "data.bin") -> Attachment:
    """Return an attachment of so many bytes."""
    return Attachment(name=name, content_type="application/pdf", content=b"%PDF" * (size // 4))


def last(world: World) -> Mail:
    """Return what was sent last."""
    return world.sandbox.mailbox()[-1]


def test_a_draft_is_made_and_sent(world: World, outlook: Outlook, sarah: Stand) -> None:
    """With everything in it; its id is the mail's, and its Message-ID is ours."""
    before = len(world.sandbox.mailbox())
    whole = mail(
        to=("a@b.de", "c@d.de"), cc=("e@f.de",), bcc=("g@h.de",), reply_to=("i@j.de",),
        subject="Grüße: =?utf-8?q?x?=", text="a", html="<b>a</b>",
        attachments=(file(8), file(12, 'ü"<>.pdf')),
    )  # fmt: skip
    sending = outlook.sending(sarah, whole, MARK)
    handle = sending.prepare()
    assert len(world.sandbox.mailbox()) == before
    assert sending.look_up(handle) == NOT_SENT
    assert sending.send(handle) == handle
    assert sending.look_up(handle) == Found(outcome=Outcome.SENT, provider_id=handle)
    sent = last(world)
    assert (sent.id, sent.sender, sent.subject) == (handle, "sarah@company.com", whole.subject)
    assert (sent.recipients, sent.cc, sent.bcc) == (whole.to, whole.cc, whole.bcc)
    assert (sent.reply_to, sent.html) == (("i@j.de",), "<b>a</b>")
    assert sent.message_id == f"<{MARK}@multi-user-oauth>"
    assert [(each.name, each.content_type, each.size) for each in sent.attachments] == [
        ("data.bin", "application/pdf", 8), ('ü"<>.pdf', "application/pdf", 12),
    ]  # fmt: skip


def test_without_the_right_to_write_it_is_sent_at_once(
    world: World, outlook: Outlook, john: Stand
) -> None:
    """Nobody can look it up then, and it has no id."""
    sending = outlook.sending(john, mail(attachments=(file(2_900_000),)), MARK)
    handle = sending.prepare()
    assert handle
    assert sending.send(handle) == ""
    assert last(world).attachments[0].size == 2_900_000
    assert sending.look_up(handle) == UNKNOWN


def test_without_a_key_a_small_mail_takes_one_call(outlook: Outlook, sarah: Stand) -> None:
    """Nothing is prepared for it."""
    assert outlook.sending(sarah, mail(), MARK).send("") == ""


def test_what_was_not_prepared_was_not_sent() -> None:
    """Nobody is asked for it: the handle is written down before."""
    adapter = Scripted(Said())
    sending = Outlook(graph(adapter)).sending(Stand(*BOTH), mail(), MARK)
    assert (sending.look_up(""), adapter.seen) == (NOT_SENT, [])


def test_large_attachments_go_in_chunks(world: World, outlook: Outlook, sarah: Stand) -> None:
    """Each large one in a session of its own, small ones beside it; with a key, and without."""
    files = (file(7 * 1024 * 1024), file(3 * 1024 * 1024, "b.pdf"), file(400, "c.pdf"))
    for prepared in (True, False):
        sending = outlook.sending(sarah, mail(attachments=files), MARK)
        assert sending.send(sending.prepare() if prepared else "")
        names = [(each.name, each.size) for each in last(world).attachments]
        assert names == [(each.name, len(each.content)) for each in files]
    blobs = world.sandbox.app.extensions["sandbox"].office.blobs
    assert blobs.get(last(world).attachments[0].digest) == files[0].content


@pytest.mark.parametrize("prepare", [True, False])
def test_what_is_too_large_for_sending_alone_is_refused(prepare: bool) -> None:
    """The message says which scope would help; nothing is sent."""
    adapter = Scripted(Said())
    sending = Outlook(graph(adapter)).sending(
        Stand(*SEND), mail(attachments=(file(3_100_000),)), MARK
    )
    with pytest.raises(NotSupportedError, match=r"Mail\.ReadWrite") as refused:
        _ = sending.prepare() if prepare else sending.send("")
    assert (refused.value.field, adapter.seen) == ("attachments", [])


@pytest.mark.parametrize("field", ["text", "html"])
def test_a_text_that_outlook_does_not_take_is_refused(field: str) -> None:
    """Even a draft takes so much and no more."""
    adapter = Scripted(Said())
    sending = Outlook(graph(adapter)).sending(Stand(*BOTH), mail(**{field: "x" * 4_200_000}), MARK)
    with pytest.raises(NotSupportedError) as refused:
        sending.prepare()
    assert refused.value.field == {"text": "body", "html": "html"}[field]
    assert adapter.seen == []


def test_no_token_goes_along_with_the_chunks() -> None:
    """The address alone opens: it is pre-authenticated."""
    adapter = Scripted(
        Said(status=201, body={"id": "draft"}), Said(status=201, body={"uploadUrl": UPLOAD}),
        Said(body={}), Said(status=201),
    )  # fmt: skip
    content = file(3 * 1024 * 1024 + 320 * 1024)
    Outlook(graph(adapter)).sending(Stand(*BOTH), mail(attachments=(content,)), MARK).prepare()
    assert adapter.bearers == ["Bearer token-1", "Bearer token-1", "", ""]
    ranges = [each.headers["Content-Range"] for each in adapter.seen[2:]]
    assert ranges == ["bytes 0-3276799/3473408", "bytes 3276800-3473407/3473408"]


@pytest.mark.parametrize(
    "url", ["https://evil.example/x", "http://outlook.office.com/x", "", None, 7,
            "https://outlook.office.com.evil.example/", "https://u@outlook.office.com/"],
)  # fmt: skip
def test_a_foreign_upload_address_is_refused(url: object) -> None:
    """N73: not a byte goes there, and the draft is taken away."""
    adapter = Scripted(Said(body={"id": "draft"}), Said(body={"uploadUrl": url}), Said(status=204))
    sending = Outlook(graph(adapter)).sending(
        Stand(*BOTH), mail(attachments=(file(4_000_000),)), MARK
    )
    with pytest.raises(ProviderAnswerRefusedError):
        sending.prepare()
    assert [each.method for each in adapter.seen] == ["POST", "POST", "DELETE"]
    assert adapter.urls[2].endswith("/me/messages/draft")


@pytest.mark.parametrize("tidied", [True, False])
def test_a_draft_whose_attachments_fail_is_taken_away(tidied: bool) -> None:
    """If that fails too it stays among the drafts; either way nothing is sent."""
    adapter = Scripted(
        Said(body={"id": "draft"}), Said(status=413), Said(status=204 if tidied else 500)
    )
    files = tuple(file(2_000_000, f"{number}.pdf") for number in range(2))
    with pytest.raises(ProviderRejectedError):
        Outlook(graph(adapter)).sending(Stand(*BOTH), mail(attachments=files), MARK).prepare()
    assert [each.method for each in adapter.seen] == ["POST", "POST", "DELETE"]


def test_an_upload_that_does_not_end_is_not_sent() -> None:
    """The last answer has to say that the file is there."""
    adapter = Scripted(
        Said(body={"id": "draft"}), Said(body={"uploadUrl": UPLOAD}), Said(status=200),
        Said(status=200), Said(status=204),
    )  # fmt: skip
    sending = Outlook(graph(adapter)).sending(
        Stand(*BOTH), mail(attachments=(file(4_000_000),)), MARK
    )
    with pytest.raises(ProviderUnavailableError):
        sending.prepare()


@pytest.mark.parametrize("body", [{}, {"id": 7}, {"id": ""}, {"id": "a/../b"}, {"id": "x" * 600}])
def test_a_draft_without_a_sensible_id_is_none(body: object) -> None:
    """Nothing is sent yet: the caller may try again."""
    adapter = Scripted(Said(status=201, body=body))
    with pytest.raises(ProviderUnavailableError):
        Outlook(graph(adapter)).sending(Stand(*BOTH), mail(), MARK).prepare()


@pytest.mark.parametrize("handle", ["draft", "sendMail", ""])
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Disconnected(), OutcomeUnknownError),
        (Said(status=504), OutcomeUnknownError),
        (Said(status=500), OutcomeUnknownError),
        (Said(status=302, headers={"Location": "https://evil.example/"}), MultiUserOAuthError),
        (
            Said(status=400, body={"error": {"code": "ErrorInvalidRecipients"}}),
            ProviderRejectedError,
        ),
    ],
)
def test_a_lost_answer_is_asked_once(
    handle: str, answer: Said | Exception, error: type[MultiUserOAuthError]
) -> None:
    """N67, N70: whatever is sent is sent with one request, whatever becomes of it."""
    adapter = Scripted(answer)
    with pytest.raises(error):
        Outlook(graph(adapter)).sending(Stand(*BOTH), mail(), MARK).send(handle)
    assert len(adapter.seen) == 1


@pytest.mark.parametrize("handle", ["draft", "sendMail", ""])
def test_accepted_for_later_is_sent(handle: str) -> None:
    """N68: 202 with a time to wait is no refusal."""
    adapter = Scripted(Said(status=202, headers={"Retry-After": "5"}, body=b""))
    Outlook(graph(adapter)).sending(Stand(*BOTH), mail(), MARK).send(handle)
    assert len(adapter.seen) == 1


def test_a_draft_that_is_gone_may_have_been_sent() -> None:
    """By a call that was taken for lost."""
    adapter = Scripted(Said(status=404))
    with pytest.raises(OutcomeUnknownError):
        Outlook(graph(adapter)).sending(Stand(*BOTH), mail(), MARK).send("draft")


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ([Said(body={"isDraft": True})], NOT_SENT),
        ([Said(body={"isDraft": False})], Found(outcome=Outcome.SENT, provider_id="draft")),
        ([Said(body={})], UNKNOWN),
        ([Said(body={"isDraft": "false"})], UNKNOWN),
        ([Said(status=404), Said(body={"value": [{"id": "new"}]})],
         Found(outcome=Outcome.SENT, provider_id="new")),
        ([Said(status=404), Said(body={"value": []})], UNKNOWN),
        ([Said(status=404), Said(body={"value": [{"id": 7}, 7]})], UNKNOWN),
        ([Said(status=404), Said(body={})], UNKNOWN),
    ],
)  # fmt: skip
def test_what_a_look_tells(answers: list[Said], found: Found) -> None:
    """The draft itself, else the sent items, by the Message-ID."""
    adapter = Scripted(*answers)
    assert Outlook(graph(adapter)).sending(Stand(*BOTH), mail(), MARK).look_up("draft") == found
    assert "IdType=" in adapter.seen[0].headers["Prefer"]


def test_sent_items_are_searched_by_our_message_id(outlook: Outlook, sarah: Stand) -> None:
    """As the sandbox, and Graph's description, have it."""
    sending = outlook.sending(sarah, mail(), "another" + MARK)
    sent = sending.send(sending.prepare())
    look = sending.look_up("AAkALgAAgone")
    assert look == Found(outcome=Outcome.SENT, provider_id=sent)
    assert outlook.sending(sarah, mail(), "none" + MARK).look_up("AAkALgAAgone") == UNKNOWN


def test_what_outlook_refuses_to_send_stays_a_draft(outlook: Outlook, sarah: Stand) -> None:
    """The person can see it there, and look_up says that it was not sent."""
    many = mail(to=tuple(f"p{number}@company.com" for number in range(501)))
    sending = outlook.sending(sarah, many, MARK)
    handle = sending.prepare()
    with pytest.raises(ProviderRejectedError):
        sending.send(handle)
    assert sending.look_up(handle) == NOT_SENT


def test_an_id_that_is_a_path_leads_nowhere() -> None:
    """N40: not even in the record of an attempt."""
    adapter = Scripted(Said())
    for handle in ("../users/victim", "a/b", "a%2Fb", "."):
        with pytest.raises((OutcomeUnknownError, ItemNotFoundError)):
            Outlook(graph(adapter)).sending(Stand(*BOTH), mail(), MARK).send(handle)
    assert adapter.seen == []


def test_only_what_is_asked_for_is_written() -> None:
    """No sender, no field of Graph's that the caller could name."""
    adapter = Scripted(Said(status=202))
    Outlook(graph(adapter)).sending(Stand(*SEND), mail(), MARK).send("sendMail")
    sent = msgspec.json.decode(adapter.seen[0].body or b"")
    assert set(sent) == {"message"}
    assert set(sent["message"]) == {
        "subject", "body", "toRecipients", "ccRecipients", "bccRecipients", "replyTo",
    }  # fmt: skip
