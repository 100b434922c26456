"""Gmail's messages: sent three ways, listed by query, read in four formats."""

import base64
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
import requests

from multi_user_oauth.sandbox.company import ACCOUNTS
from multi_user_oauth.sandbox.scopes import GOOGLE

from ..conftest import World

HOST = "https://gmail.googleapis.com"
MESSAGES = f"{HOST}/gmail/v1/users/me/messages"
UPLOAD = f"{HOST}/upload/gmail/v1/users/me/messages/send"
MODIFY = f"{GOOGLE}gmail.modify"
METADATA = f"{GOOGLE}gmail.metadata"


class Person:
    """Somebody with a token for Gmail."""

    def __init__(self, world: World, name: str, *scopes: str) -> None:
        self.world = world
        flow = world.flow("openid", f"{GOOGLE}userinfo.email", *(scopes or (MODIFY,)))
        url, _ = flow.authorization_url(prompt="consent")
        flow.fetch_token(code=world.browser.sign_in(url, name).answer["code"])
        self.token = flow.credentials.token

    def call(self, method: str, url: str, **options: Any) -> requests.Response:  # noqa: ANN401  # reason: handed on to requests
        """Call Gmail, below the messages or at a full address."""
        headers = {"Authorization": f"Bearer {self.token}"} | options.pop("headers", {})
        url = url if url.startswith("https") else MESSAGES + url
        return self.world.session.request(method, url, headers=headers, timeout=20, **options)

    def get(self, path: str, **params: Any) -> Any:  # noqa: ANN401  # reason: any JSON
        """Read something that is there."""
        answer = self.call("GET", path, params=params)
        assert answer.status_code == 200
        return answer.json()

    def found(self, q: str) -> list[str]:
        """Give the subjects that a query finds."""
        listed = self.get("", q=q).get("messages", [])
        return [headers(self.get(f"/{one['id']}"))["Subject"] for one in listed]

    def refusal(self, method: str, url: str, **options: Any) -> tuple[int, str]:  # noqa: ANN401  # reason: handed on to requests
        """Give status and message of an error."""
        answer = self.call(method, url, **options)
        return answer.status_code, answer.json()["error"]["message"]

    def send(self, message: EmailMessage, **more: str) -> Any:  # noqa: ANN401  # reason: any JSON
        """Send a message as base64url in JSON."""
        raw = base64.urlsafe_b64encode(message.as_bytes()).decode()
        answer = self.call("POST", "/send", json={"raw": raw} | more)
        assert answer.status_code == 200
        return answer.json()


def letter(**changes: str) -> EmailMessage:
    """Give a mail with a text, HTML and a file."""
    message = EmailMessage(policy=policy.SMTP)
    usual = {"To": "john@company.com", "Subject": "Lunch", "Message-ID": "<one@agents.company.com>"}
    for name, value in (usual | changes).items():
        message[name] = value
    message.set_content("At noon?")
    message.add_alternative("<p>At <b>noon</b>?</p>", subtype="html")
    message.add_attachment(b"menu", maintype="text", subtype="csv", filename="Menü.csv")
    return message


def headers(mail: dict[str, Any]) -> dict[str, str]:
    """Give a mail's own headers."""
    return {line["name"]: line["value"] for line in mail["payload"]["headers"]}


def text(part: dict[str, Any]) -> str:
    """Give the words of a part."""
    return base64.urlsafe_b64decode(part["body"]["data"]).decode().strip()


@pytest.fixture
def sarah(world: World) -> Person:
    """Give Sarah, who may send and read."""
    return Person(world, "sarah")


@pytest.fixture
def john(world: World) -> Person:
    """Give John, who may send and read."""
    return Person(world, "john")


def test_a_mail_arrives_part_by_part(sarah: Person, john: Person) -> None:
    """Text, HTML and file are the parts of the documented tree; the client's Message-ID stays."""
    sent = sarah.send(letter(Cc="maria@company.com", Bcc="pat.lee@company.com"))
    assert sent["labelIds"] == ["SENT"]
    name = john.get("", maxResults=1)["messages"][0]["id"]
    mail = john.get(f"/{name}")
    assert (mail["id"], mail["labelIds"]) == (name, ["UNREAD", "CATEGORY_PERSONAL", "INBOX"])
    own = headers(mail)
    assert (own["From"], own["To"], own["Cc"]) == (
        *("sarah@company.com", "john@company.com", "maria@company.com"),
    )
    assert own["Message-ID"] == "<one@agents.company.com>"
    assert "Bcc" not in own
    words, file = mail["payload"]["parts"]
    assert (mail["payload"]["mimeType"], words["mimeType"]) == (
        *("multipart/mixed", "multipart/alternative"),
    )
    assert [text(part) for part in words["parts"]] == ["At noon?", "<p>At <b>noon</b>?</p>"]
    assert [part["partId"] for part in words["parts"]] == ["0.0", "0.1"]
    assert (file["filename"], file["mimeType"], file["body"]["size"]) == ("Menü.csv", "text/csv", 4)
    got = john.get(f"/{name}/attachments/{file['body']['attachmentId']}")
    assert (got["size"], base64.urlsafe_b64decode(got["data"])) == (4, b"menu")
    kept = sarah.get(f"/{sent['id']}")
    assert headers(kept)["Bcc"] == "pat.lee@company.com"
    assert kept["threadId"] == sent["threadId"] != mail["threadId"]
    assert sarah.refusal("GET", f"/{name}") == (404, "Requested entity was not found.")


@pytest.mark.parametrize("way", ["media", "multipart"])
def test_a_large_mail_is_uploaded(sarah: Person, john: Person, way: str) -> None:
    """25 MB go through the upload address, as message/rfc822 or multipart/related."""
    message = letter()
    content = bytes(range(256)) * 100_000 if way == "media" else b"x" * 100_000
    message.add_attachment(content, maintype="application", subtype="pdf", filename="plan.pdf")
    data, kind = message.as_bytes(), "message/rfc822"
    if way == "multipart":
        head = b'--edge\r\nContent-Type: application/json\r\n\r\n{"threadId": ""}\r\n'
        data = head + b"--edge\r\nContent-Type: message/rfc822\r\n\r\n" + data + b"\r\n--edge--\r\n"
        kind = "multipart/related; boundary=edge"
    url = f"{UPLOAD}?uploadType={way}"
    answer = sarah.call("POST", url, data=data, headers={"Content-Type": kind})
    assert answer.status_code == 200
    mail = john.get(f"/{john.get('', maxResults=1)['messages'][0]['id']}")
    file = mail["payload"]["parts"][-1]
    got = john.get(f"/{mail['id']}/attachments/{file['body']['attachmentId']}")
    assert base64.urlsafe_b64decode(got["data"]) == content


@pytest.mark.parametrize(
    ("url", "kind", "data"),
    [
        (f"{UPLOAD}?uploadType=resumable", "message/rfc822", b"To: a@b.example\r\n\r\n"),
        (f"{UPLOAD}?uploadType=media", "application/json", b"{}"),
        (f"{UPLOAD}?uploadType=multipart", "multipart/related; boundary=x", b"nothing"),
    ],
)
def test_another_upload_is_400(sarah: Person, url: str, kind: str, data: bytes) -> None:
    """What is not understood is not sent."""
    answer = sarah.call("POST", url, data=data, headers={"Content-Type": kind})
    assert answer.status_code == 400
    assert sarah.world.sandbox.mailbox() == ()


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ("", "'raw' RFC822 payload message string or uploading message via /upload/* URL required"),
        ("a+b/", "Invalid value at 'message.raw' (TYPE_BYTES), Base64 decoding failed"),
        ("YWJjZ", "Invalid value at 'message.raw' (TYPE_BYTES), Base64 decoding failed"),
        (b"Subject: x\r\n\r\nHi", "Recipient address required"),
        (b"To: not an address\r\n\r\nHi", "Invalid To header"),
        (b"To: a@b.example\r\nMessage-ID: none\r\n\r\nHi", "Invalid header"),
        (
            b'To: a@b.example\r\nContent-Type: text/plain; charset="none"\r\n\r\nHi',
            "Invalid message",
        ),
    ],
)
def test_what_gmail_would_refuse_is_refused(sarah: Person, raw: str | bytes, message: str) -> None:
    """No message, no base64url, no recipient, no address: 400, and nothing is sent."""
    sent = raw if isinstance(raw, str) else base64.urlsafe_b64encode(raw).decode()
    assert sarah.refusal("POST", "/send", json={"raw": sent}) == (400, message)
    assert sarah.world.sandbox.mailbox() == ()


def test_queries_find_what_they_say(sarah: Person) -> None:
    """Words, senders, subjects, times, ids, labels; and a minus turns one round."""
    laptop, trip = "Your laptop is ready, Sarah", "Sarah, your trip to Copenhagen"
    assert sarah.found("laptop desk") == [laptop]
    assert sarah.found("from:news@travel.example") == [trip]
    assert sarah.found('subject:"trip to"') == [trip]
    assert sarah.found("copenhagen -train") == []
    assert len(sarah.found("has:attachment")) == 1
    since = int(sarah.world.sandbox.app.extensions["sandbox"].now()) - 21 * 3600
    assert len(sarah.found(f"after:{since}")) == 2
    assert sarah.found("after:2026/02/27 before:2026/03/01") == sarah.found("has:attachment")
    assert sarah.found("nothing:special") == []
    sarah.send(letter())
    assert sarah.found("rfc822msgid:one@agents.company.com") == ["Lunch"]
    assert sarah.found("in:sent to:john") == ["Lunch"]
    assert sarah.refusal("GET", "", params={"q": "after:soon"}) == (400, "Invalid query")


def test_nothing_found_has_no_list(sarah: Person) -> None:
    """As at the real one, `messages` is missing from an empty answer."""
    assert sarah.get("", q="nothingofthekind") == {"resultSizeEstimate": 0}


def test_pages_follow_one_another(sarah: Person) -> None:
    """`nextPageToken` leads on, and what comes meanwhile shifts no page."""
    first = sarah.get("", maxResults=3)
    sarah.send(letter())
    second = sarah.get("", maxResults=3, pageToken=first["nextPageToken"])
    names = [one["id"] for one in first["messages"] + second["messages"]]
    assert (len(names), len(set(names)), first["resultSizeEstimate"]) == (4, 4, 4)
    assert "nextPageToken" not in second
    labels = sarah.get("", labelIds=["INBOX", "UNREAD"])
    assert len(labels["messages"]) == 2
    for params in ({"pageToken": "x"}, {"maxResults": 0}, {"pagesize": 3}):
        assert sarah.refusal("GET", "", params=params)[0] == 400


def test_each_format_brings_its_own(sarah: Person) -> None:
    """Minimal has no payload, metadata the headers that are named, raw the whole message."""
    name = sarah.send(letter())["id"]
    assert "payload" not in sarah.get(f"/{name}", format="minimal")
    some = sarah.get(f"/{name}", format="metadata", metadataHeaders=["subject", "message-id"])
    assert headers(some) == {"Message-ID": "<one@agents.company.com>", "Subject": "Lunch"}
    assert "parts" not in some["payload"]
    raw = base64.urlsafe_b64decode(sarah.get(f"/{name}", format="raw")["raw"])
    message = message_from_bytes(raw, policy=policy.default)
    assert message["Message-ID"] == "<one@agents.company.com>"
    (file,) = message.iter_attachments()
    assert (file.get_filename(), file.get_payload(decode=True)) == ("Menü.csv", b"menu")
    assert sarah.refusal("GET", f"/{name}", params={"format": "json"})[0] == 400
    assert sarah.refusal("GET", f"/{name}/attachments/x") == (400, "Invalid attachment token")


def test_metadata_shows_no_content(world: World) -> None:
    """With gmail.metadata alone: no query, no full or raw message, no snippet, no file."""
    person = Person(world, "sarah", METADATA)
    name = person.get("")["messages"][0]["id"]
    assert person.get(f"/{name}", format="metadata")["snippet"] == ""
    for path, params in (("", {"q": "x"}), (f"/{name}", {}), (f"/{name}", {"format": "raw"})):
        assert person.refusal("GET", path, params=params)[0] == 403
    assert person.call("GET", f"/{name}/attachments/x").status_code == 403
    assert person.call("POST", "/send", json={}).status_code == 403


def test_an_answer_joins_its_thread(sarah: Person, john: Person) -> None:
    """With the `threadId` of his copy John's answer is in one conversation, for both of them."""
    sent = sarah.send(letter())
    copy = john.get("", maxResults=1)["messages"][0]
    answer = john.send(
        letter(To="sarah@company.com", Subject="Re: Lunch"), threadId=copy["threadId"]
    )
    assert answer["threadId"] == copy["threadId"]
    assert sarah.get("", maxResults=1)["messages"][0]["threadId"] == sent["threadId"]
    raw = base64.urlsafe_b64encode(letter().as_bytes()).decode()
    foreign = {"raw": raw, "threadId": copy["threadId"]}
    assert sarah.refusal("POST", "/send", json=foreign)[0] == 404


def test_a_mail_to_oneself_is_one_mail(sarah: Person) -> None:
    """It has both labels."""
    name = sarah.send(letter(To="Sarah <Sarah@company.com>"))["id"]
    assert [one["id"] for one in sarah.get("", q="lunch")["messages"]] == [name]
    assert sarah.get(f"/{name}", format="minimal")["labelIds"] == ["SENT", "INBOX"]


def test_a_mail_through_one_provider_is_seen_at_both(world: World, sarah: Person) -> None:
    """Sent through Gmail, it is in Graph too, under another id but the same Message-ID.

    A draft of Outlook's is not in Gmail.
    """
    sent = sarah.send(letter())
    for name, folder in (("sarah", "sentitems"), ("john", "inbox")):
        token = world.microsoft(name, "Mail.Read")["access_token"]
        url = f"https://graph.microsoft.com/v1.0/me/mailFolders/{folder}/messages?$top=1"
        (mail,) = world.api(url, token).json()["value"]
        assert mail["internetMessageId"] == "<one@agents.company.com>"
        assert mail["hasAttachments"]
        assert mail["id"] != sent["id"]
    token = world.microsoft("sarah", "Mail.ReadWrite")["access_token"]
    count = len(sarah.get("")["messages"])
    draft = world.api("https://graph.microsoft.com/v1.0/me/messages", token, "POST", json={})
    assert (draft.status_code, len(sarah.get("")["messages"])) == (201, count)


def test_everybody_begins_with_a_mailbox_of_their_own(world: World) -> None:
    """No two people have a mail of the same id or subject."""
    ids: list[str] = []
    subjects: list[str] = []
    for account in ACCOUNTS[:3]:
        person = Person(world, account.id)
        ids += [one["id"] for one in person.get("")["messages"]]
        subjects += person.found("")
    assert len(ids) == len(set(ids)) == len(set(subjects)) == 12


def test_nobody_reads_another_persons_mail(sarah: Person) -> None:
    """The user in the path is `me` or oneself."""
    users = f"{HOST}/gmail/v1/users"
    assert sarah.get(f"{users}/sarah@company.com/messages") == sarah.get("")
    for user in ("john@company.com", "nobody"):
        assert sarah.refusal("GET", f"{users}/{user}/messages")[0] == 403
    sarah.world.sandbox.expire_access_tokens()
    assert sarah.call("GET", "").status_code == 401


def test_a_mail_beyond_35_mib_is_too_large(sarah: Person) -> None:
    """413 in Google's shape, and nothing is sent."""
    kind = {"Content-Type": "message/rfc822"}
    url = f"{UPLOAD}?uploadType=media"
    answer = sarah.call("POST", url, data=bytes(36_700_161), headers=kind)
    assert answer.status_code == 413
    assert answer.json()["error"]["errors"][0]["reason"] == "uploadTooLarge"
    assert sarah.world.sandbox.mailbox() == ()


FULL = "https://mail.google.com/"
READING = {FULL, MODIFY, METADATA, f"{GOOGLE}gmail.readonly"}
SENDING = {FULL, MODIFY, f"{GOOGLE}gmail.compose", f"{GOOGLE}gmail.send"}


@pytest.mark.parametrize("scope", sorted(READING | SENDING))
def test_each_method_takes_the_scopes_of_its_discovery_document(world: World, scope: str) -> None:
    """As `gmail.v1` lists them for send, list, get and attachments.get."""
    person = Person(world, "sarah", scope)
    denied = {
        "send": person.call("POST", "/send", json={}).status_code == 403,
        "list": person.call("GET", "").status_code == 403,
        "get": person.call("GET", "/x?format=minimal").status_code == 403,
        "attachment": person.call("GET", "/x/attachments/y").status_code == 403,
    }
    assert denied == {
        "send": scope not in SENDING,
        "list": scope not in READING,
        "get": scope not in READING,
        "attachment": scope not in READING - {METADATA},
    }
