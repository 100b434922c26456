"""Reading mail in Outlook: against the sandbox as Graph publishes itself, and against hostile answers."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from multi_user_oauth.connectors.outlook import Outlook
from multi_user_oauth.errors import InsufficientScopeError, ProviderUnavailableError
from multi_user_oauth.errors.connector import ItemNotFoundError, ProviderAnswerRefusedError
from multi_user_oauth.model.mail import AttachmentInfo, MailQuery, Message, OutgoingMail
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

SCOPES = ("Mail.Send", "Mail.Read")
LIST = "https://graph.microsoft.com/v1.0/me/messages"
AT = datetime(2026, 3, 2, 7, tzinfo=UTC)


@pytest.fixture(scope="module")
def world() -> World:
    """A sandbox in which everybody has the mails that one begins with."""
    return sandboxed()


@pytest.fixture(scope="module")
def sarah(world: World) -> Stand:
    """Sarah, who granted reading."""
    return microsoft_stand(world, "sarah", SCOPES)


@pytest.fixture
def outlook(world: World) -> Iterator[Outlook]:
    """The service; every call is checked against Graph's own description."""
    adapter = described(world)
    yield Outlook(graph(adapter))
    assert adapter.checked


def item(**changes: object) -> dict[str, object]:
    """Return a mail as Graph lists it."""
    return {
        "id": "abc",
        "subject": "Report",
        "receivedDateTime": "2026-03-02T07:00:00Z",
        "from": {"emailAddress": {"name": "John", "address": "john@company.com"}},
        "toRecipients": [{"emailAddress": {"address": "sarah@company.com"}}],
        "ccRecipients": [],
        "bodyPreview": "Hello",
    } | changes


def listed(*items: object, link: object = None) -> Said:
    """Return a page with these items."""
    more = {} if link is None else {"@odata.nextLink": link}
    return Said(body={"value": list(items)} | more)


def asked(adapter: Scripted) -> dict[str, str]:
    """Return the query of the first request."""
    found = parse_qs(urlsplit(adapter.urls[0]).query)
    return {name: values[0] for name, values in found.items()}


def test_pages_bring_each_mail_once_the_newest_first(outlook: Outlook, sarah: Stand) -> None:
    """By addresses at Graph, which are given out as they are."""
    whole = outlook.messages(sarah, MailQuery(limit=100)).items
    found: list[Message] = []
    cursor = None
    while True:
        page = outlook.messages(sarah, MailQuery(limit=3, cursor=cursor))
        found += page.items
        cursor = page.cursor
        if cursor is None:
            break
        assert len(page.items) == 3
        assert cursor.startswith(LIST)
    assert tuple(found) == whole
    assert [each.received_at for each in found] == sorted(
        (each.received_at for each in found), reverse=True
    )
    assert all("sarah@company.com" in (*each.to, each.sender) for each in found)
    assert all(each.text is None and each.html is None for each in found)


def test_since_leaves_out_what_came_before(outlook: Outlook, sarah: Stand) -> None:
    """Whatever zone it is said in."""
    whole = outlook.messages(sarah, MailQuery(limit=100)).items
    since = whole[1].received_at
    found = outlook.messages(sarah, MailQuery(since=since)).items
    assert found == tuple(each for each in whole if each.received_at >= since)
    assert 0 < len(found) < len(whole)


def test_a_search_finds_words_and_keeps_to_since(outlook: Outlook, sarah: Stand) -> None:
    """Graph does not take both: what is too old is left out here."""
    found = outlook.messages(sarah, MailQuery(search="Atlas")).items
    assert len(found) == 2
    assert all("Atlas" in each.subject for each in found)
    newest = found[0].received_at
    assert outlook.messages(sarah, MailQuery(search="Atlas", since=newest)).items == found[:1]
    assert outlook.messages(sarah, MailQuery(search='no "such" \\ word')).items == ()


def test_one_mail_comes_whole(outlook: Outlook, sarah: Stand) -> None:
    """With the body as it was written and the names of its attachments."""
    listed_mail = outlook.messages(sarah, MailQuery(search="minutes")).items[0]
    mail = outlook.message(sarah, listed_mail.id)
    assert (mail.id, mail.subject, mail.text) == (listed_mail.id, listed_mail.subject, None)
    assert "minutes are attached" in (mail.html or "")
    assert [type(each) for each in mail.attachments] == [AttachmentInfo]
    assert mail.attachments[0].size > 0


def test_somebody_elses_mail_is_none(world: World, outlook: Outlook, sarah: Stand) -> None:
    """N40: an id opens what the token's person has."""
    john = microsoft_stand(world, "john", SCOPES)
    (johns, *_) = outlook.messages(john, MailQuery()).items
    with pytest.raises(ItemNotFoundError):
        outlook.message(sarah, johns.id)


def test_with_the_least_scope_there_is_a_list(world: World, outlook: Outlook) -> None:
    """Without first words, and without a search."""
    stand = microsoft_stand(world, "sarah", ("Mail.ReadBasic",))
    found = outlook.messages(stand, MailQuery(limit=2)).items
    assert [each.preview for each in found] == ["", ""]
    for refused in (
        lambda: outlook.messages(stand, MailQuery(search="x")),
        lambda: outlook.message(stand, found[0].id),
    ):
        with pytest.raises(InsufficientScopeError) as error:
            refused()
        assert error.value.scopes[0] == "Mail.Read"


def test_what_was_sent_is_read_as_it_was_sent(outlook: Outlook, sarah: Stand) -> None:
    """A text comes back as text."""
    mail = OutgoingMail(to=("john@company.com",), cc=("a@b.de",), subject="Grüße 👋", text="Hi")
    outlook.sending(sarah, mail, "0" * 32).send("")
    found = outlook.messages(sarah, MailQuery(limit=1)).items[0]
    assert (found.subject, found.sender) == ("Grüße 👋", "sarah@company.com")
    assert (found.to, found.cc) == (("john@company.com",), ("a@b.de",))


def test_what_is_asked_for() -> None:
    """Ids that last, the newest first, and the time in UTC."""
    adapter = Scripted(listed())
    since = datetime(2026, 3, 2, 9, tzinfo=UTC).astimezone()
    Outlook(graph(adapter)).messages(Stand(*SCOPES), MailQuery(limit=7, since=since))
    query = asked(adapter)
    assert query.pop("$select").startswith("id,")
    assert query == {
        "$top": "7", "$orderby": "receivedDateTime desc",
        "$filter": "receivedDateTime ge 2026-03-02T09:00:00Z",
    }  # fmt: skip
    assert adapter.seen[0].headers["Prefer"] == 'IdType="ImmutableId"'


def test_a_search_is_one_quoted_text() -> None:
    """Nothing in it ends the quotation."""
    adapter = Scripted(listed())
    Outlook(graph(adapter)).messages(Stand(*SCOPES), MailQuery(search='a"b\\&$filter=x'))
    query = asked(adapter)
    assert query["$search"] == '"a\\"b\\\\&$filter=x"'
    assert set(query) == {"$select", "$top", "$search"}


def test_a_search_ends_where_mails_get_too_old() -> None:
    """It goes back in time: the next page has only older ones."""
    old = item(id="old", receivedDateTime="2026-03-01T07:00:00Z")
    query = MailQuery(search="x", since=AT)
    for items, goes_on in (((item(), old), False), ((old, item()), True), ((item(),), True)):
        adapter = Scripted(listed(*items, link=f"{LIST}?$skip=2"))
        page = Outlook(graph(adapter)).messages(Stand(*SCOPES), query)
        assert [each.id for each in page.items] == ["abc"]
        assert (page.cursor is not None) is goes_on


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/v1.0/me/messages?$skip=1",
        "http://graph.microsoft.com/v1.0/me/messages?$skip=1",
        "https://graph.microsoft.com/v1.0/users/victim/messages?$skip=1",
        "https://graph.microsoft.com/v1.0/me/messages/../../users?$skip=1",
        "https://graph.microsoft.com/v1.0/me/drive/root/children?$skip=1",
        "https://graph.microsoft.com@evil.example/v1.0/me/messages",
        "https://graph.microsoft.com:8443/v1.0/me/messages",
    ],
)
def test_a_next_page_elsewhere_is_refused(link: str) -> None:
    """N73: neither given out, nor called when somebody brings it."""
    adapter = Scripted(listed(item(), link=link))
    service = Outlook(graph(adapter))
    with pytest.raises(ProviderAnswerRefusedError):
        service.messages(Stand(*SCOPES), MailQuery())
    with pytest.raises(ProviderAnswerRefusedError):
        service.messages(Stand(*SCOPES), MailQuery(cursor=link))
    assert len(adapter.seen) == 1


BAD_ITEMS: list[object] = [
    7, None, [], {}, item(id=None), item(receivedDateTime="yesterday"),
    item(receivedDateTime="2026-03-02T07:00:00"), item(toRecipients=7), item(subject=[]),
]  # fmt: skip


def test_an_item_that_can_not_be_read_is_left_out() -> None:
    """The others are shown."""
    adapter = Scripted(listed(*BAD_ITEMS, item()))
    page = Outlook(graph(adapter)).messages(Stand(*SCOPES), MailQuery())
    assert [each.id for each in page.items] == ["abc"]


def test_what_is_missing_is_empty() -> None:
    """Drafts have neither sender nor subject."""
    bare: dict[str, Any] = {"id": "abc", "receivedDateTime": "2026-03-02T07:00:00Z"}
    nulls = {"from": None, "toRecipients": None, "subject": None, "bodyPreview": None}
    nobody = {"from": {"emailAddress": None}, "toRecipients": [{}, {"emailAddress": {"name": "x"}}]}
    adapter = Scripted(listed(bare, bare | nulls, bare | nobody))
    page = Outlook(graph(adapter)).messages(Stand(*SCOPES), MailQuery())
    assert {(each.sender, each.to, each.subject, each.preview) for each in page.items} == {
        ("", (), "", "")
    }


@pytest.mark.parametrize("body", [{}, {"value": 7}, {"value": {}}, b"[]", b"<html>"])
def test_what_is_no_list_is_no_page(body: object) -> None:
    """Nor is it an empty one."""
    with pytest.raises((ProviderUnavailableError, ProviderAnswerRefusedError)):
        Outlook(graph(Scripted(Said(body=body)))).messages(Stand(*SCOPES), MailQuery())


@pytest.mark.parametrize("body", [{}, {"id": "abc"}, {"value": []}])
def test_what_is_no_mail_is_refused(body: object) -> None:
    """It has an id and a time."""
    with pytest.raises(ProviderUnavailableError):
        Outlook(graph(Scripted(Said(body=body)))).message(Stand(*SCOPES), "abc")


@pytest.mark.parametrize(
    ("kind", "text", "html"), [("text", "x", None), ("html", None, "x"), ("HTML", None, "x")]
)
def test_a_body_is_text_or_html(kind: str, text: str | None, html: str | None) -> None:
    """Nothing is made of one for the other; without attachments nobody asks for any."""
    adapter = Scripted(Said(body=item(body={"contentType": kind, "content": "x"})))
    mail = Outlook(graph(adapter)).message(Stand(*SCOPES), "abc")
    assert (mail.text, mail.html, mail.attachments) == (text, html, ())
    assert len(adapter.seen) == 1


def test_attachments_that_can_not_be_read_are_left_out() -> None:
    """An item in an item has no size, perhaps."""
    adapter = Scripted(
        Said(body=item(hasAttachments=True)), listed({"name": "a.pdf", "size": 3}, {"name": 1}, 7)
    )
    mail = Outlook(graph(adapter)).message(Stand(*SCOPES), "abc")
    assert mail.attachments == (AttachmentInfo(name="a.pdf", size=3),)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\\b", "a%2Fb", "a?b", "x" * 513, "ü"])
def test_what_is_no_id_is_nobodys_mail(name: str) -> None:
    """N40: and no other path either."""
    adapter = Scripted(Said(body=item()))
    with pytest.raises(ItemNotFoundError):
        Outlook(graph(adapter)).message(Stand(*SCOPES), name)
    assert adapter.seen == []


def test_times_are_as_they_were_said() -> None:
    """To the second."""
    adapter = Scripted(listed(item(), link=f"{LIST}?$skiptoken=x"))
    page = Outlook(graph(adapter)).messages(Stand(*SCOPES), MailQuery())
    assert page.items[0].received_at == AT
    assert page.items[0].received_at.utcoffset() == timedelta(0)
