"""Mail by the routes: sent with all that belongs to it, listed, read; and what is refused."""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from multi_user_oauth.http.mail import LONGEST_BODY
from tests.support.connectors import CONNECTORS, agent_for, connected, wide
from tests.support.functions import MICROSOFT, Installation, code
from tests.support.mail import BOTH, JOHN, SARAH, SENDING_ALONE, fault, get, mails, send, sends

CONTENT = base64.b64encode(b"%PDF-1.7").decode()


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, keys: Mapping[str, str]) -> Installation:
    """Sarah and John granted everything."""
    return connected(wide(tmp_path_factory.mktemp("mail"), keys), SARAH, JOHN)


@pytest.mark.parametrize("kind", BOTH)
def test_a_mail_is_sent_with_all_that_belongs_to_it(installed: Installation, kind: str) -> None:
    """Everybody is named once, in their place; addresses are normalised."""
    answer = send(
        installed.agent(), kind,
        to=["John@Company.com", "x@bücher.example"], cc="a@b.de", bcc=["c@d.de"],
        reply_to="e@f.de", subject="Grüße 👋", body="Plain", html="<b>Rich</b>",
        attachments=[{"name": "Übersicht.pdf", "content_type": "application/pdf", "content": CONTENT}],
        purpose="weekly report",
    )  # fmt: skip
    assert (answer.status_code, answer.json and answer.json["status"]) == (200, "sent")
    sent = installed.sandbox.mailbox()[-1]
    assert (sent.sender, sent.subject) == (SARAH.email, "Grüße 👋")
    assert sent.recipients == ("john@company.com", "x@xn--bcher-kva.example")
    assert (sent.cc, sent.bcc, sent.reply_to) == (("a@b.de",), ("c@d.de",), ("e@f.de",))
    assert sent.html == "<b>Rich</b>"
    ((name, size),) = [(each.name, each.size) for each in sent.attachments]
    assert (name, size) == ("Übersicht.pdf", 8)


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("field", ["to", "cc", "bcc"])
def test_one_recipient_is_enough(installed: Installation, kind: str, field: str) -> None:
    """In any of the three; without a body the mail is empty."""
    other: dict[str, Any] = {"to": [], "body": ...} | {field: "john@company.com"}
    answer = send(installed.agent(), kind, **other)
    assert answer.status_code == 200
    sent = installed.sandbox.mailbox()[-1]
    assert (sent.everybody, sent.body.strip()) == (("john@company.com",), "")


@pytest.mark.parametrize("kind", BOTH)
def test_the_id_of_a_mail_opens_it(installed: Installation, kind: str) -> None:
    """The one that is answered, with a key, is the one under which it is read."""
    answer = send(installed.agent(), kind, f"id-{kind}", subject="By its id", html="<i>x</i>")
    message_id = (answer.json or {})["message_id"]
    found = get(installed.agent(), kind, f"messages/{message_id}").json or {}
    assert (found["id"], found["subject"], found["from"]) == (message_id, "By its id", SARAH.email)
    assert "<i>x</i>" in found["html"]
    assert found["attachments"] == []


@pytest.mark.parametrize("kind", BOTH)
def test_lists_go_on_page_by_page(installed: Installation, kind: str) -> None:
    """Each mail once; the same caller may read what others read."""
    agent = installed.agent(agent_for("mail.read"))
    whole = get(agent, kind, limit=100).json or {}
    assert "next_page_token" not in whole
    found: list[dict[str, Any]] = []
    query: dict[str, Any] = {}
    while True:
        page = get(agent, kind, limit=3, **query).json or {}
        assert len(page["messages"]) <= 3
        found += page["messages"]
        if "next_page_token" not in page:
            break
        query = {"page_token": page["next_page_token"]}
    assert found == whole["messages"]
    assert len({each["id"] for each in found}) == len(found) > 3


@pytest.mark.parametrize("kind", BOTH)
def test_a_page_token_is_good_for_its_own_list(installed: Installation, kind: str) -> None:
    """Not for another search, another person, another caller, nor another connector type."""
    agent = installed.agent()
    token = (get(agent, kind, limit=1).json or {})["next_page_token"]
    other = next(each for each in BOTH if each != kind)
    for answer in (
        get(agent, kind, page_token=token, search="Atlas"),
        get(agent, kind, page_token=token, since="2026-01-01T00:00:00Z"),
        get(agent, kind, page_token=token, account=JOHN),
        get(agent, other, page_token=token),
        get(installed.agent(agent_for("mail.read")), kind, page_token=token),
        get(agent, kind, page_token="x"),
    ):
        assert (answer.status_code, code(answer)) == (400, "invalid_request")
        assert (answer.json or {})["field"] == "page_token"
    assert get(agent, kind, limit=1, page_token=token).status_code == 200


@pytest.mark.parametrize("kind", BOTH)
def test_search_and_since(installed: Installation, kind: str) -> None:
    """Alone and together."""
    agent = installed.agent()
    found = (get(agent, kind, search="Copenhagen").json or {})["messages"]
    assert len(found) == 1
    at = found[0]["received_at"]
    assert (get(agent, kind, search="Copenhagen", since=at).json or {})["messages"] == found
    later = (get(agent, kind, since=at, limit=100).json or {})["messages"]
    assert found[0] in later
    assert all(each["received_at"] >= at for each in later)
    assert (get(agent, kind, search="Copenhagen", since="2026-01-05T08:00:00+00:00").json or {})[
        "messages"
    ] == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "0"}, "limit"), ({"limit": "101"}, "limit"), ({"limit": "1.5"}, "limit"),
        ({"limit": "٣"}, "limit"), ({"since": "yesterday"}, "since"),
        ({"since": "2026-01-01"}, "since"), ({"since": "2026-01-01T00:00:00"}, "since"),
        ({"search": "x" * 501}, "search"), ({"search": "a\r\nb"}, "search"),
        ({"user_id": "victim"}, "user_id"), ({"q": "x"}, "q"),
    ],
)  # fmt: skip
def test_what_can_not_be_asked_is_refused(
    installed: Installation, query: dict[str, Any], field: str
) -> None:
    """By name."""
    answer = get(installed.agent(), MICROSOFT, **query)
    assert (answer.status_code, (answer.json or {})["field"]) == (400, field)


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("message_id", ["nothing", "a%2Fb", "%2e%2e", "x" * 513])
def test_a_mail_that_is_not_there(installed: Installation, kind: str, message_id: str) -> None:
    """404, whatever was asked for."""
    answer = get(installed.agent(), kind, f"messages/{message_id}")
    assert answer.status_code == 404


BAD: list[tuple[dict[str, Any], str | None]] = [
    ({"to": [], "cc": [], "bcc": []}, "to"),
    ({"to": ...}, "to"),
    ({"to": "nobody"}, "to"),
    ({"to": "a@b.de, c@d.de"}, "to"),
    ({"to": ["a@b.de", "John <j@c.de>"]}, "to"),
    ({"cc": "a@b"}, "cc"),
    ({"bcc": ["a b@c.de"]}, "bcc"),
    ({"reply_to": "x"}, "reply_to"),
    ({"to": [f"p{n}@c.de" for n in range(300)], "cc": [f"q{n}@c.de" for n in range(201)]}, "to"),
    ({"to": ["a@b.de"] * 501}, "to"),
    ({"to": 7}, "to"),
    ({"to": None}, "to"),
    ({"subject": ...}, "subject"),
    ({"subject": "x" * 999}, "subject"),
    ({"body": 7}, "body"),
    ({"purpose": "x" * 201}, "purpose"),
    ({"from": "boss@company.com"}, "from"),
    ({"sender": "boss@company.com"}, "sender"),
    ({"headers": {"X": "y"}}, "headers"),
    ({"attachments": [{"name": "a.txt"}]}, "attachments"),
    ({"attachments": [{"content": CONTENT}]}, "attachments"),
    ({"attachments": [{"name": "a", "content": CONTENT, "file_id": "x"}]}, "attachments"),
    ({"attachments": [{"name": "a", "content": "no base64!"}]}, "attachments"),
    ({"attachments": [{"name": "a", "content": CONTENT}] * 101}, "attachments"),
    ({"attachments": [{"name": "a", "content": CONTENT, "url": "https://x"}]}, "url"),
    *(
        ({"attachments": [{"name": name, "content": CONTENT}]}, "attachments")
        for name in ("", ".", "..", "../a", "a/b", "a\\b", "x" * 256, "a\tb")
    ),
    *(
        ({"attachments": [{"name": "a", "content": CONTENT, "content_type": kind}]}, "attachments")
        for kind in ("", "text", "text/", "/csv", "text/csv; name=x", "a/b/c", "té/xt")
    ),
]


@pytest.mark.parametrize(("changes", "field"), BAD)
def test_what_is_no_mail_is_refused(
    installed: Installation, changes: dict[str, Any], field: str | None
) -> None:
    """400 with the field's name; nothing is sent."""
    before = mails(installed)
    answer = send(installed.agent(), MICROSOFT, "some-key", **changes)
    assert (answer.status_code, (answer.json or {}).get("field")) == (400, field)
    assert mails(installed) == before


@pytest.mark.parametrize("key", ["", "x" * 201, "ü", "a\x7fb", "a\tb"])
def test_a_key_has_to_be_one(installed: Installation, key: str) -> None:
    """1 to 200 printable ASCII characters."""
    before = mails(installed)
    answer = send(installed.agent(), MICROSOFT, key)
    assert (answer.status_code, (answer.json or {})["field"]) == (400, "Idempotency-Key")
    assert mails(installed) == before


class Unread:
    """A body of so many bytes that nobody may have in memory; it may be let go by."""

    def __init__(self, size: int) -> None:
        self._places = [0, size, 0]
        self._left = size

    def tell(self) -> int:
        """Tell the length to whoever announces it."""
        return self._places.pop(0)

    def seek(self, *_: int) -> None:
        """Go there."""

    def close(self) -> None:
        """Do nothing."""

    def read(self, size: int = -1) -> bytes:
        """Return little at a time."""
        assert 0 <= size <= 64 * 1024, "the body was read"
        self._left -= (given := min(size, self._left))
        return bytes(given)


def test_a_body_of_40_mb_is_refused_unread(installed: Installation) -> None:
    """413, from its announced length: never is it in memory."""
    path = f"{CONNECTORS}/{MICROSOFT}/send_email"
    for size in (40 * 1024 * 1024, LONGEST_BODY + 1):
        answer = installed.agent().call(
            "connectors", "POST", path, input_stream=Unread(size), content_type="application/json"
        )
        assert (answer.status_code, code(answer)) == (413, "body_too_large")


def test_attachments_of_23_mib_are_sent(installed: Installation) -> None:
    """And of more are not; while they are in work, other large ones are to come again."""
    half = base64.b64encode(bytes(23 * 1024 * 512)).decode()
    whole = [{"name": f"{n}.bin", "content": half} for n in range(2)]
    fault(installed, MICROSOFT, kind="slow", delay=1.0)
    others: list[TestResponse] = []

    def meanwhile() -> None:
        installed.clock.meanwhile = None
        path = f"{CONNECTORS}/{MICROSOFT}/send_email"
        how: dict[str, Any] = {
            "input_stream": Unread(LONGEST_BODY),
            "content_type": "application/json",
        }
        others.append(installed.agent().call("connectors", "POST", path, **how))
        others.append(send(installed.agent(), MICROSOFT))

    installed.clock.meanwhile = meanwhile
    answer = send(installed.agent(), MICROSOFT, attachments=whole)
    assert answer.status_code == 200
    assert [(each.status_code, (each.json or {}).get("code")) for each in others] == [
        (503, "busy"), (200, None),
    ]  # fmt: skip
    assert [each.size for each in installed.sandbox.mailbox()[-1].attachments] == [12058624] * 2
    listed = get(installed.agent(), MICROSOFT, "onedrive/files").json or {}
    file = next(each for each in listed["files"] if each["size"])
    for one_more in ({"name": "a", "content": CONTENT}, {"file_id": file["id"]}):
        answer = send(installed.agent(), MICROSOFT, attachments=[*whole, one_more])
        assert (answer.status_code, code(answer)) == (413, "body_too_large")
        assert (answer.json or {})["field"] == "attachments"


def test_a_large_mail_takes_more_than_sending(tmp_path: Path, keys: Mapping[str, str]) -> None:
    """At Outlook, where a large attachment needs a draft: the answer says so."""
    installation = connected(wide(tmp_path, keys, **SENDING_ALONE), SARAH)
    content = base64.b64encode(bytes(3_200_000)).decode()
    attachments = [{"name": "a.bin", "content": content}]
    for key in (None, "key"):
        answer = send(installation.agent(), MICROSOFT, key, attachments=attachments)
        assert (answer.status_code, code(answer)) == (400, "not_supported")
        assert "Mail.ReadWrite" in (answer.json or {})["detail"]
    assert sends(installation, MICROSOFT) == 0


def test_who_may_not_read_mail_is_told_which_scope_would_do(
    tmp_path: Path, keys: Mapping[str, str]
) -> None:
    """403 with the page where the person can grant it."""
    installation = connected(wide(tmp_path, keys, **SENDING_ALONE), SARAH)
    for kind in BOTH:
        answer = get(installation.agent(), kind)
        assert (answer.status_code, code(answer)) == (403, "insufficient_scope")
        assert (answer.json or {})["scope"] in answer.headers["WWW-Authenticate"]
        assert (answer.json or {})["reauthorize_url"].startswith("http")
