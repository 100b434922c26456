"""Mail that would be sent twice, as somebody else, with somebody's file, or with another header in it."""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from werkzeug.test import EnvironBuilder, TestResponse, run_wsgi_app

from multi_user_oauth.sandbox.company import MARIA
from multi_user_oauth.sending import HELD_FOR
from tests.support.connectors import CONNECTORS, agent_for, connected, wide
from tests.support.functions import GOOGLE, MICROSOFT, Installation, code, identity
from tests.support.mail import (
    BOTH,
    JOHN,
    SARAH,
    SENDING_ALONE,
    fault,
    get,
    mails,
    send,
    sends,
)

Made = Callable[..., Installation]
ENCODED: Final = "=?utf-8?q?a=0D=0ABcc:_eve@evil.example?="
BREAKS: Final = (
    "\r\nBcc: eve@evil.example",
    "\n",
    "\r",
    "\x00",
    "\x0b",
    "\x85",
    "\u2028",
    "\u2029",
)


class Later(BaseAdapter):
    """An API that takes what is sent, and asks to be left alone for a while."""

    def __init__(self, inner: BaseAdapter) -> None:
        super().__init__()
        self._inner = inner

    def send(self, request: PreparedRequest, *args: Any, **options: Any) -> Response:  # noqa: ANN401  # reason: requests' own
        """Pass it on, and add the header."""
        response = self._inner.send(request, *args, **options)
        if response.status_code == 202:
            response.headers["Retry-After"] = "5"
        return response

    def close(self) -> None:
        """Do nothing."""


@pytest.fixture
def made(tmp_path: Path, keys: Mapping[str, str]) -> Made:
    """An installation in which Sarah granted all, or sending alone."""

    def make(kind: str, *, alone: bool = False) -> Installation:
        installation = wide(tmp_path, keys, **(SENDING_ALONE if alone else {}))
        installation.connect(kind, SARAH)
        return installation

    return make


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, keys: Mapping[str, str]) -> Installation:
    """Sarah and John granted everything."""
    return connected(wide(tmp_path_factory.mktemp("attacks"), keys), SARAH, JOHN)


def lost(installation: Installation, connector_type: str, *, by_draft: bool, **how: Any) -> None:  # noqa: ANN401  # reason: the sandbox's
    """Let the answer to the request that sends be lost, whether a draft is made before or not."""
    if by_draft:
        fault(installation, connector_type, kind="slow", delay=0.0)  # for the draft's own request
    fault(installation, connector_type, **how)


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("how", [{"kind": "status_after", "status": 504}, {"kind": "drop_after"}],
                         ids=["504", "dropped"])  # fmt: skip
def test_what_was_sent_without_an_answer_is_found(
    made: Made, kind: str, how: dict[str, Any]
) -> None:
    """N67: who may look finds the mail at once; the same key again is answered from the record."""
    installation = made(kind)
    lost(installation, kind, by_draft=kind == MICROSOFT, **how)
    first = send(installation.agent(), kind, "report")
    assert (first.status_code, (first.json or {})["status"]) == (200, "sent")
    again = send(installation.agent(), kind, "report")
    assert (again.status_code, again.json) == (200, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert len(mails(installation)) == sends(installation, kind) == 1


@pytest.mark.parametrize("kind", BOTH)
def test_what_can_not_be_looked_up_is_unknown(made: Made, kind: str) -> None:
    """N67: with the right to send alone nobody knows: 409 now and later, and one mail."""
    installation = made(kind, alone=True)
    fault(installation, kind, kind="status_after", status=504)
    for wait in (0, 1, HELD_FOR.total_seconds(), 20 * 3600):
        installation.clock.advance(wait)
        answer = send(installation.agent(), kind, "report")
        assert (answer.status_code, code(answer)) == (409, "outcome_unknown")
    assert len(mails(installation)) == sends(installation, kind) == 1


@pytest.mark.parametrize("kind", BOTH)
def test_what_gets_lost_on_the_way_is_not_sent_behind_ones_back(made: Made, kind: str) -> None:
    """N67: a 504 of a mail that was not taken: Outlook's draft is sent by a later call, once."""
    installation = made(kind)
    lost(installation, kind, by_draft=kind == MICROSOFT, kind="status", status=504)
    answer = send(installation.agent(), kind, "report")
    assert (answer.status_code, code(answer)) == (409, "outcome_unknown")
    assert mails(installation) == []
    installation.clock.advance(HELD_FOR.total_seconds())
    later = send(installation.agent(), kind, "report")
    if kind == MICROSOFT:
        assert later.status_code == 200
        assert len(mails(installation)) == 1
    else:  # Gmail's index may lag: that it finds nothing means nothing
        assert (later.status_code, code(later)) == (409, "outcome_unknown")
        assert mails(installation) == []


@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize("key", [None, "report"])
def test_accepted_for_later_is_not_sent_again(made: Made, alone: bool, key: str | None) -> None:
    """N68: Graph's 202 with `Retry-After` is no refusal."""
    installation = made(MICROSOFT, alone=alone)
    installation.world = replace(
        installation.world, adapter=Later(installation.sandbox.in_process_adapter())
    )
    answer = send(installation.agent(), MICROSOFT, key)
    assert (answer.status_code, (answer.json or {})["status"]) == (200, "sent")
    assert len(mails(installation)) == sends(installation, MICROSOFT) == 1


@pytest.mark.parametrize("kind", BOTH)
def test_twenty_calls_with_one_key_send_one_mail(made: Made, kind: str) -> None:
    """N69: whoever comes at the same time waits, and is answered the same."""
    installation = made(kind)
    never = threading.Event()

    def pause(_: float) -> None:
        never.wait(0.01)  # on the clock of tests the pauses of twenty would add up to minutes

    installation.world = replace(installation.world, sleep=pause)
    installation.endpoint("connectors")
    answers: list[TestResponse] = []
    together = threading.Barrier(20)

    def one() -> None:
        together.wait()
        answers.append(send(installation.agent(), kind, "report"))

    threads = [threading.Thread(target=one) for _ in range(20)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert [each.status_code for each in answers] == [200] * 20
    assert len({(each.json or {})["message_id"] for each in answers}) == 1
    replayed = [each.headers.get("Idempotency-Replayed") for each in answers]
    assert (replayed.count(None), replayed.count("true")) == (1, 19)
    assert len(mails(installation)) == sends(installation, kind) == 1
    assert send(installation.agent(), kind, "report").headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize(
    "changes", [{"body": "Other"}, {"to": "maria@company.com"}, {"subject": "Report "},
                {"attachments": [{"name": "a", "content": "AAAA"}]}],
)  # fmt: skip
def test_a_key_is_for_one_mail(installed: Installation, kind: str, changes: dict[str, Any]) -> None:
    """N69: with anything else in it the same key is refused; another caller's is another key."""
    name = f"{kind} {changes}"
    assert send(installed.agent(), kind, name).status_code == 200
    before = mails(installed)
    answer = send(installed.agent(), kind, name, **changes)
    assert (answer.status_code, code(answer)) == (409, "idempotency_key_reused")
    assert mails(installed) == before
    other = send(installed.agent(agent_for("mail.send")), kind, name, **changes)
    assert other.status_code == 200
    assert "Idempotency-Replayed" not in other.headers


def test_json_may_be_written_in_any_order(installed: Installation) -> None:
    """N69: the same mail is the same, however its JSON is written."""
    bodies = (
        '{"user_email": "sarah@company.com", "to": "john@company.com", "subject": "\\u00fc"}',
        '{"subject":"ü","to":"john@company.com","user_email":"sarah@company.com"}',
    )
    path = f"{CONNECTORS}/{MICROSOFT}/send_email"
    headers = {"Idempotency-Key": "any order", "Content-Type": "application/json"}
    answers = [
        installed.agent().call("connectors", "POST", path, data=body.encode(), headers=headers)
        for body in bodies
    ]
    assert [each.status_code for each in answers] == [200, 200]
    assert [each.headers.get("Idempotency-Replayed") for each in answers] == [None, "true"]


@pytest.mark.parametrize("kind", BOTH)
def test_a_dropped_connection_is_not_tried_again(made: Made, kind: str) -> None:
    """N70: the provider sees one request, with or without a key."""
    installation = made(kind, alone=True)
    for number, key in enumerate((None, "report"), 1):
        fault(installation, kind, kind="drop_after")
        answer = send(installation.agent(), kind, key)
        assert (answer.status_code, code(answer)) == (409, "outcome_unknown")
        assert len(mails(installation)) == sends(installation, kind) == number


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("broken", BREAKS, ids=ascii)
def test_no_line_break_gets_into_a_mail(installed: Installation, kind: str, broken: str) -> None:
    """N73b: in the subject, an address, an attachment's name or type: 400, and nothing is sent."""
    before = mails(installed)
    text = f"a{broken}b"
    attachments = (
        {"name": text, "content": "AAAA"},
        {"name": "a", "content_type": f"text/{text}", "content": "AAAA"},
    )
    changes: tuple[tuple[str, dict[str, Any]], ...] = (
        ("subject", {"subject": text}),
        *((field, {field: f"{text}@company.com"}) for field in ("to", "cc", "bcc", "reply_to")),
        *((field, {field: [f"b@company.com{broken}"]}) for field in ("to", "reply_to")),
        *(("attachments", {"attachments": [each]}) for each in attachments),
        ("purpose", {"purpose": text}),
    )
    for field, change in changes:
        answer = send(installed.agent(), kind, **change)
        assert (answer.status_code, (answer.json or {})["field"]) == (400, field)
    assert mails(installed) == before


@pytest.mark.parametrize("kind", BOTH)
def test_a_line_break_in_disguise_stays_one(installed: Installation, kind: str) -> None:
    """N73b: an encoded word (RFC 2047) is text like any other: nobody decodes it on the way."""
    answer = send(
        installed.agent(), kind, subject=ENCODED, to="=?utf-8?q?a=0D=0ABcc?=@company.com",
        attachments=[{"name": ENCODED, "content": "AAAA"}],
    )  # fmt: skip
    if answer.status_code == 200:
        sent = installed.sandbox.mailbox()[-1]
        assert "eve@evil.example" not in sent.everybody
        assert not {"\r", "\n"} & set(sent.subject + sent.attachments[0].name)
    else:
        assert answer.status_code in (400, 422)


@pytest.mark.parametrize("broken", ["\r\nX: y", "\n", "\r"])
def test_no_line_break_gets_into_a_key(installed: Installation, broken: str) -> None:
    """N73b: where a server lets it through it is 400."""
    before = mails(installed)
    body = {"user_email": SARAH.email, "to": "john@company.com", "subject": "x"}
    builder = EnvironBuilder(f"/{MICROSOFT}/send_email", method="POST", json=body)
    environ = builder.get_environ() | {
        "HTTP_AUTHORIZATION": f"Bearer {installed.agent().bearer}",
        "HTTP_IDEMPOTENCY_KEY": f"a{broken}",
    }
    parts, status, _ = run_wsgi_app(installed.app("connectors"), environ)
    problem = json.loads(b"".join(parts))
    assert (status[:3], problem["field"]) == ("400", "Idempotency-Key")
    assert mails(installed) == before


@pytest.mark.parametrize("kind", BOTH)
def test_a_file_takes_the_right_to_read_files(installed: Installation, kind: str) -> None:
    """N40: an agent that may send mail and no more attaches nobody's file; nothing is sent."""
    path = "onedrive/files" if kind == MICROSOFT else "drive/files"
    listed = get(installed.agent(), kind, path).json or {}
    file = next(each for each in listed["files"] if not each["folder"] and each["size"])
    before = mails(installed)
    asked: dict[str, Any] = {"attachments": [{"file_id": file["id"]}]}
    for key in (None, "with a file"):
        answer = send(installed.agent(agent_for("mail.send")), kind, key, **asked)
        assert (answer.status_code, code(answer)) == (403, "forbidden")
    assert mails(installed) == before
    assert send(installed.agent(), kind, **asked).status_code == 200
    ((name, size),) = [(a.name, a.size) for a in installed.sandbox.mailbox()[-1].attachments]
    assert (name, size) == (file["name"], file["size"])
    renamed: dict[str, Any] = {
        "attachments": [{"file_id": file["id"], "name": "b.bin", "content_type": "a/b"}]
    }
    assert send(installed.agent(), kind, **renamed).status_code == 200
    (sent,) = installed.sandbox.mailbox()[-1].attachments
    assert (sent.name, sent.content_type, sent.size) == ("b.bin", "a/b", file["size"])


@pytest.mark.parametrize("kind", BOTH)
def test_somebody_elses_file_is_none(installed: Installation, kind: str) -> None:
    """N40: a file's id opens what this person has, with every right that there is."""
    path = "onedrive/files" if kind == MICROSOFT else "drive/files"
    listed = get(installed.agent(), kind, path, account=JOHN).json or {}
    file = next(each for each in listed["files"] if not each["folder"] and each["size"])
    before = mails(installed)
    for name in (file["id"], "../../users/john", "a%2Fb", "https://evil.example/"):
        answer = send(installed.agent(), kind, attachments=[{"file_id": name}])
        assert (answer.status_code, code(answer)) == (404, "item_not_found")
    assert mails(installed) == before


@pytest.mark.parametrize("kind", BOTH)
def test_no_argument_names_somebody_else(installed: Installation, kind: str) -> None:
    """N40: whose mail it is comes from the connection alone; other words for it are refused."""
    before = mails(installed)
    path = f"{CONNECTORS}/{kind}/send_email"
    body = {"user_email": SARAH.email, "to": "john@company.com", "subject": "x"}
    for name in ("user_id", "userId", "from", "sender", "on_behalf_of"):
        in_body = send(installed.agent(), kind, **{name: "john@company.com"})
        in_query = installed.agent().call(
            "connectors", "POST", path, json=body, query_string={name: "john@company.com"}
        )
        wish: dict[str, Any] = {name: "john@company.com"}
        listed = get(installed.agent(), kind, **wish)
        for answer in (in_body, in_query, listed):
            assert (answer.status_code, code(answer)) == (400, "unknown_field")
            assert (answer.json or {})["field"] == name
    assert mails(installed) == before


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("action", ["mail.read", "files.write", "calendar.write", "chat.send"])
def test_who_may_do_something_else_sends_no_mail(
    installed: Installation, kind: str, action: str
) -> None:
    """N40: nor does who may only send read any."""
    before = mails(installed)
    answer = send(installed.agent(agent_for(action)), kind)
    assert (answer.status_code, code(answer)) == (403, "forbidden")
    assert mails(installed) == before
    assert get(installed.agent(agent_for("mail.send")), kind).status_code == 403


def test_nobody_sends_as_who_is_not_connected(installed: Installation) -> None:
    """404 for everybody else of the company; a person sends as themselves alone."""
    before = mails(installed)
    for kind in BOTH:
        answer = send(installed.agent(), kind, user_email=MARIA.email)
        assert (answer.status_code, code(answer)) == (404, "not_connected")
    assert mails(installed) == before


def test_a_replay_is_checked_like_the_first(made: Made) -> None:
    """A record answers nobody who may not send any more."""
    installation = made(GOOGLE)
    assert send(installation.agent(), GOOGLE, "report").status_code == 200
    sarah = installation.person(identity(GOOGLE, SARAH))
    assert sarah.revoke(GOOGLE, SARAH.email).status_code == 200
    answer = send(installation.agent(), GOOGLE, "report")
    assert (answer.status_code, code(answer)) == (404, "not_connected")
    assert len(mails(installation)) == 1
