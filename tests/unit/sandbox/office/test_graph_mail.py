"""Outlook's mail in Graph: sent, drafted, listed and searched as it is documented."""

import base64
from email.message import EmailMessage
from typing import Any

import pytest
import requests

from multi_user_oauth.sandbox.company import COMPANY_TENANT, JOHN

from ..conftest import World

GRAPH = "https://graph.microsoft.com/v1.0"
ME = f"{GRAPH}/me"
TEXT = {"Prefer": 'outlook.body-content-type="text", IdType="ImmutableId"'}
FILE = "#microsoft.graph.fileAttachment"
ALL = ("Mail.ReadWrite", "Mail.Send")


class Person:
    """Somebody with a token for Graph."""

    def __init__(self, world: World, name: str, *scopes: str) -> None:
        self.world = world
        self.token = world.microsoft(name, *(scopes or ALL))["access_token"]

    def call(self, method: str, path: str, **options: Any) -> requests.Response:  # noqa: ANN401  # reason: handed on to requests
        """Call Graph below /me, or a full address."""
        headers = {"Authorization": f"Bearer {self.token}"} | options.pop("headers", {})
        url = path if path.startswith("https") else ME + path
        return self.world.session.request(method, url, headers=headers, timeout=10, **options)

    def get(self, path: str, **options: Any) -> Any:  # noqa: ANN401  # reason: any JSON
        """Read something that is there."""
        answer = self.call("GET", path, **options)
        assert answer.status_code == 200
        return answer.json()

    def refusal(self, method: str, path: str, **options: Any) -> tuple[int, str]:  # noqa: ANN401  # reason: handed on to requests
        """Give status and code of an error."""
        answer = self.call(method, path, **options)
        return answer.status_code, answer.json()["error"]["code"]


def to(*addresses: str) -> list[dict[str, Any]]:
    """Give recipients as Graph takes them."""
    return [{"emailAddress": {"address": address}} for address in addresses]


def message(**changes: Any) -> dict[str, Any]:  # noqa: ANN401  # reason: any JSON
    """Give a message as Graph takes it."""
    usual = {
        "subject": "Lunch",
        "body": {"contentType": "Text", "content": "At noon?"},
        "toRecipients": to("john@company.com"),
    }
    return usual | changes


def file(content: bytes = b"menu", **changes: str) -> dict[str, str]:
    """Give an attachment as Graph takes it."""
    encoded = base64.b64encode(content).decode()
    return {"@odata.type": FILE, "name": "menu.txt", "contentBytes": encoded} | changes


@pytest.fixture
def sarah(world: World) -> Person:
    """Give Sarah, who may do everything with her mail."""
    return Person(world, "sarah")


@pytest.fixture
def john(world: World) -> Person:
    """Give John, who may do everything with his mail."""
    return Person(world, "john")


def test_everybody_begins_with_an_inbox_of_their_own(sarah: Person, john: Person) -> None:
    """There is something to see at once, and no id or subject of one is another's."""
    hers, his = (who.get("/messages?$select=subject,from,body")["value"] for who in (sarah, john))
    assert len(hers) == len(his) == 4
    for name in ("id", "subject", "body"):
        assert {str(mail[name]) for mail in hers}.isdisjoint(str(mail[name]) for mail in his)


def test_a_message_arrives_with_all_that_it_said(sarah: Person, john: Person) -> None:
    """Names, addresses, HTML, Message-ID and files come over; a blind copy stays the sender's."""
    sent = message(
        body={"contentType": "HTML", "content": "<p>At <b>noon</b> &amp; later</p>"},
        ccRecipients=to("maria@company.com"),
        bccRecipients=to("pat.lee@company.com"),
        replyTo=to("desk@company.com"),
        internetMessageId="<one@agents.company.com>",
        attachments=[file()],
    )
    answer = sarah.call("POST", "/sendMail", json={"message": sent})
    assert (answer.status_code, answer.content) == (202, b"")
    (mail,) = john.get("/messages?$top=1")["value"]
    assert mail["from"] == {
        "emailAddress": {"name": "Sarah Jensen", "address": "sarah@company.com"}
    }
    assert [one["emailAddress"]["address"] for one in mail["ccRecipients"]] == ["maria@company.com"]
    assert (mail["bccRecipients"], mail["isRead"], mail["isDraft"]) == ([], False, False)
    assert mail["replyTo"][0]["emailAddress"]["address"] == "desk@company.com"
    assert mail["internetMessageId"] == "<one@agents.company.com>"
    assert mail["body"] == {"contentType": "html", "content": sent["body"]["content"]}
    assert (mail["bodyPreview"], mail["hasAttachments"]) == ("At noon & later", True)
    (kept,) = sarah.get("/mailFolders/sentitems/messages")["value"]
    assert kept["bccRecipients"][0]["emailAddress"]["address"] == "pat.lee@company.com"
    assert kept["id"] != mail["id"]
    assert sarah.refusal("GET", f"/messages/{mail['id']}") == (404, "ErrorItemNotFound")


def test_the_sent_mail_is_kept_unless_asked_not_to(sarah: Person) -> None:
    """`saveToSentItems` false leaves nothing among the sent mails."""
    body = {"message": message(), "saveToSentItems": False}
    assert sarah.call("POST", "/sendMail", json=body).status_code == 202
    assert sarah.get("/mailFolders/sentitems/messages")["value"] == []
    assert len(sarah.world.sandbox.mailbox()) == 1


def test_mime_is_taken_in_base64(sarah: Person, john: Person) -> None:
    """text/plain is a MIME message; what is no base64 gets the documented error."""
    mime = EmailMessage()
    mime["To"] = "john@company.com"
    mime["Subject"] = "Prüfung"
    mime["Message-ID"] = "<two@agents.company.com>"
    mime.set_content("Grüße")
    headers = {"Content-Type": "text/plain"}
    data = base64.b64encode(mime.as_bytes())
    assert sarah.call("POST", "/sendMail", data=data, headers=headers).status_code == 202
    (mail,) = john.get("/messages?$top=1", headers=TEXT)["value"]
    assert (mail["subject"], mail["body"]["content"].strip()) == ("Prüfung", "Grüße")
    assert mail["internetMessageId"] == "<two@agents.company.com>"
    wrong = sarah.refusal("POST", "/sendMail", data=b"To: john", headers=headers)
    assert wrong == (400, "ErrorMimeContentInvalidBase64String")
    mime["From"] = "maria@company.com"
    data = base64.b64encode(mime.as_bytes())
    denied = sarah.refusal("POST", "/sendMail", data=data, headers=headers)
    assert denied == (403, "ErrorSendAsDenied")


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"toRecipients": []}, (400, "ErrorInvalidRecipients")),
        ({"toRecipients": to("john")}, (400, "ErrorInvalidRecipients")),
        ({"toRecipients": to("John <john@company.com>")}, (400, "ErrorInvalidRecipients")),
        ({"ccRecipients": to("a@b.example\r\nBcc: c@d.example")}, (400, "ErrorInvalidRecipients")),
        ({"toRecipients": "john@company.com"}, (400, "RequestBodyRead")),
        ({"subject": "Hi\r\nBcc: eve@othercorp.example"}, (400, "ErrorInvalidProperty")),
        ({"subject": "\ud800"}, (400, "ErrorInvalidProperty")),
        ({"internetMessageId": "no-brackets"}, (400, "ErrorInvalidProperty")),
        ({"recipients": to("john@company.com")}, (400, "RequestBodyRead")),
        ({"body": {"contentType": "Markdown", "content": "x"}}, (400, "RequestBodyRead")),
        ({"body": {"content": "\ud800"}}, (400, "ErrorInvalidProperty")),
        ({"attachments": file()}, (400, "RequestBodyRead")),
        ({"body": "At noon?"}, (400, "RequestBodyRead")),
        ({"subject": 7}, (400, "RequestBodyRead")),
        ({"attachments": [file(contentBytes="%%%")]}, (400, "RequestBodyRead")),
        ({"attachments": [file(name="a\r\nb")]}, (400, "ErrorInvalidProperty")),
        ({"attachments": [{"name": "x", "contentBytes": ""}]}, (400, "RequestBodyRead")),
        ({"from": to("maria@company.com")[0]}, (403, "ErrorSendAsDenied")),
    ],
)
def test_what_graph_would_refuse_is_refused(
    sarah: Person, changes: dict[str, Any], refusal: tuple[int, str]
) -> None:
    """Malformed recipients, headers, properties and files: nothing is sent."""
    body = {"message": message(**changes)}
    assert sarah.refusal("POST", "/sendMail", json=body) == refusal
    assert sarah.world.sandbox.mailbox() == ()


def test_a_body_that_is_no_object_is_400(sarah: Person) -> None:
    """Neither a list nor something that is no JSON is a message."""
    for body in (b"[]", b"{", b""):
        headers = {"Content-Type": "application/json"}
        refusal = sarah.refusal("POST", "/sendMail", data=body, headers=headers)
        assert refusal == (400, "BadRequest")


def test_a_request_beyond_4_mib_is_too_large(sarah: Person) -> None:
    """The limit is of the whole request, so base64 counts; 3 MB go."""
    big = {"message": message(attachments=[file(b"x" * 3_300_000)])}
    assert sarah.refusal("POST", "/sendMail", json=big) == (413, "RequestEntityTooLarge")
    huge = {"data": bytes(36_700_161), "headers": {"Content-Type": "application/json"}}
    assert sarah.refusal("POST", "/sendMail", **huge) == (413, "RequestEntityTooLarge")
    fits = {"message": message(attachments=[file(b"x" * 3_000_000)])}
    assert sarah.call("POST", "/sendMail", json=fits).status_code == 202


@pytest.mark.parametrize(
    ("scope", "method", "path"),
    [
        ("Mail.ReadWrite", "POST", "/sendMail"),
        ("Mail.Send", "GET", "/messages"),
        ("Mail.Send", "POST", "/messages"),
        ("Mail.Read", "POST", "/messages"),
        ("Mail.ReadWrite", "POST", "/messages/x/send"),
        ("Mail.ReadBasic", "GET", "/messages/x/attachments"),
        ("Mail.Read", "POST", "/messages/x/attachments"),
        ("Mail.Read", "POST", "/messages/x/attachments/createUploadSession"),
        ("Mail.Read", "DELETE", "/messages/x"),
    ],
)
def test_each_call_needs_its_scope(world: World, scope: str, method: str, path: str) -> None:
    """Another scope of mail's is not enough."""
    person = Person(world, "sarah", scope)
    assert person.refusal(method, path, json={}) == (403, "ErrorAccessDenied")


def test_basic_reading_shows_no_content(world: World) -> None:
    """Mail.ReadBasic gives neither body nor preview, and does not search."""
    person = Person(world, "sarah", "Mail.ReadBasic")
    (mail,) = person.get("/messages?$top=1&$select=subject,body,bodyPreview")["value"]
    assert set(mail) == {"@odata.etag", "id", "subject"}
    assert not {"body", "bodyPreview"} & set(person.get(f"/messages/{mail['id']}"))
    assert person.refusal("GET", '/messages?$search="trip"') == (403, "ErrorAccessDenied")


def test_pages_follow_one_another(sarah: Person) -> None:
    """Ten at a time unless asked; the next page's address is Graph's own, and keeps the rest."""
    for number in range(9):
        body = {"message": message(subject=f"Number {number}")}
        assert sarah.call("POST", "/sendMail", json=body).status_code == 202
    first = sarah.get("/messages?$select=subject")
    assert len(first["value"]) == 10
    assert first["@odata.nextLink"].startswith(f"{ME}/messages?")
    # What comes meanwhile shifts no page.
    assert sarah.call("POST", "/sendMail", json={"message": message()}).status_code == 202
    second = sarah.get(first["@odata.nextLink"])
    assert len(second["value"]) == 3
    assert "@odata.nextLink" not in second
    assert set(second["value"][0]) == {"@odata.etag", "id", "subject"}
    names = [mail["subject"] for mail in first["value"] + second["value"]]
    assert names[:9] == [f"Number {number}" for number in reversed(range(9))]
    assert len(set(names)) == 13
    assert len(sarah.get("/messages?$top=2&$skip=12&$count=true")["value"]) == 2


def test_messages_are_filtered(sarah: Person, world: World) -> None:
    """By Message-ID, by time, by sender; one clause after another."""
    world.sandbox.advance(60)
    body = {"message": message(internetMessageId="<o'neil@agents.company.com>")}
    assert sarah.call("POST", "/sendMail", json=body).status_code == 202
    one = "internetMessageId eq '<o''neil@agents.company.com>'"
    (found,) = sarah.get("/messages", params={"$filter": one})["value"]
    assert found["subject"] == "Lunch"
    since = f"receivedDateTime ge {found['receivedDateTime']}"
    for text in (
        since,
        f"{since} and isRead eq true and from/emailAddress/address eq 'sarah@company.com'",
    ):
        asked = {"$filter": text, "$orderby": "receivedDateTime desc"}
        assert [m["id"] for m in sarah.get("/messages", params=asked)["value"]] == [found["id"]]
    late = {"$filter": "receivedDateTime ge 2099-01-01T00:00:00Z"}
    assert sarah.get("/messages", params=late)["value"] == []


def test_messages_are_searched(sarah: Person) -> None:
    """Words are looked for in sender, subject and body; a property narrows them down."""
    found = sarah.get("/messages", params={"$search": '"copenhagen train"'})["value"]
    assert [mail["subject"] for mail in found] == ["Sarah, your trip to Copenhagen"]
    by_subject = sarah.get("/messages", params={"$search": '"subject:laptop"'})["value"]
    assert [mail["subject"] for mail in by_subject] == ["Your laptop is ready, Sarah"]
    assert sarah.get("/messages", params={"$search": '"from:nobody"'})["value"] == []


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"$search": '"x"', "$filter": "isRead eq true"}, "SearchWithFilter"),
        ({"$search": '"x"', "$orderby": "receivedDateTime desc"}, "SearchWithOrderBy"),
        ({"$filter": "isRead eq true", "$orderby": "receivedDateTime desc"}, "InefficientFilter"),
        ({"$filter": "isRead is true"}, "ErrorInvalidUrlQueryFilter"),
        ({"$filter": "receivedDateTime ge 2026-99-01T00:00:00Z"}, "ErrorInvalidUrlQueryFilter"),
        ({"$filter": "isRead eq true or isRead eq false"}, "ErrorInvalidUrlQueryFilter"),
        ({"$search": "from:x y"}, "RequestBroker--ParseUri"),
        ({"$top": "1001"}, "RequestBroker--ParseUri"),
        ({"$top": "0"}, "RequestBroker--ParseUri"),
        ({"$top": "ten"}, "RequestBroker--ParseUri"),
        ({"$orderby": "size"}, "RequestBroker--ParseUri"),
        ({"$select": "subject,nonsense"}, "RequestBroker--ParseUri"),
        ({"$expand": "attachments"}, "RequestBroker--ParseUri"),
        ({"$skiptoken": "x"}, "RequestBroker--ParseUri"),
    ],
)
def test_parameters_that_do_not_fit_are_400(
    sarah: Person, asked: dict[str, str], code: str
) -> None:
    """Unknown ones, wrong values, and those that Outlook does not take together."""
    assert sarah.refusal("GET", "/messages", params=asked) == (400, code)


def test_a_body_comes_as_text_when_asked(sarah: Person) -> None:
    """HTML unless `Prefer` says text; what is honoured is said."""
    name = sarah.get("/messages?$top=1")["value"][0]["id"]
    html = sarah.get(f"/messages/{name}?$select=body")["body"]
    answer = sarah.call("GET", f"/messages/{name}", headers=TEXT)
    text = answer.json()["body"]
    assert (html["contentType"], text["contentType"]) == ("html", "text")
    assert "<br>" in html["content"]
    assert "<" not in text["content"]
    applied = answer.headers["Preference-Applied"]
    assert 'outlook.body-content-type="text"' in applied
    assert 'IdType="ImmutableId"' in applied


def test_a_draft_is_sent_under_its_own_id(sarah: Person, john: Person) -> None:
    """201, seen only by its writer; sent once; then the same id among the sent mails."""
    drafted = sarah.call("POST", "/messages", json=message(attachments=[file()]))
    draft = drafted.json()
    assert (drafted.status_code, draft["isDraft"], draft["hasAttachments"]) == (201, True, True)
    place = f"/messages/{draft['id']}"
    assert john.refusal("POST", f"{place}/send") == (404, "ErrorItemNotFound")
    assert [m["id"] for m in sarah.get("/mailFolders/drafts/messages")["value"]] == [draft["id"]]
    assert sarah.world.sandbox.mailbox() == ()
    asked = {"$filter": "isDraft eq true"}
    assert len(sarah.get("/messages", params=asked)["value"]) == 1
    assert sarah.call("POST", f"{place}/send").status_code == 202
    sent = sarah.get(place)
    assert (sent["isDraft"], sent["internetMessageId"]) == (False, draft["internetMessageId"])
    assert sarah.get("/mailFolders/drafts/messages")["value"] == []
    assert sarah.refusal("POST", f"{place}/send") == (400, "ErrorInvalidRequest")
    assert len(sarah.world.sandbox.mailbox()) == 1
    assert john.get("/messages?$top=1")["value"][0]["subject"] == "Lunch"


def test_a_draft_without_recipient_stays_one(sarah: Person) -> None:
    """It may be written, and deleted; it can not be sent."""
    name = sarah.call("POST", "/messages", json={"subject": "Later"}).json()["id"]
    refusal = sarah.refusal("POST", f"/messages/{name}/send")
    assert refusal == (400, "ErrorInvalidRecipients")
    assert sarah.call("DELETE", f"/messages/{name}").status_code == 204
    assert sarah.refusal("GET", f"/messages/{name}") == (404, "ErrorItemNotFound")


def test_others_are_403_and_oneself_is_oneself(sarah: Person) -> None:
    """`/users/{id}` answers for the caller under each of their names, for nobody else."""
    mine = sarah.get("/messages")["value"]
    for name in ("sarah@company.com", "Sarah@Company.com"):
        assert sarah.get(f"{GRAPH}/users/{name}/messages")["value"] == mine
    for name in (JOHN.email, JOHN.oid(COMPANY_TENANT), "nobody"):
        for method, path in (("GET", "messages"), ("POST", "sendMail"), ("GET", "messages/x")):
            refusal = sarah.refusal(method, f"{GRAPH}/users/{name}/{path}", json={})
            assert refusal == (403, "ErrorAccessDenied")


def test_an_unknown_folder_is_404(sarah: Person) -> None:
    """The folders that have names are inbox, sentitems and drafts."""
    assert len(sarah.get("/mailFolders/inbox/messages")["value"]) == 4
    refusal = sarah.refusal("GET", "/mailFolders/archive/messages")
    assert refusal == (404, "ErrorItemNotFound")
