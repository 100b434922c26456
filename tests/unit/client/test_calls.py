"""What each method asks for, as docs/openapi.yaml describes it."""

import base64
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from .fake_api import WHOSE, FakeApi, says

BERLIN = timezone(timedelta(hours=2))


def test_a_mail_carries_its_attachments(tmp_path: Path) -> None:
    """A path says its name and type by itself; one address is a list of one."""
    report = tmp_path / "Bericht für März.pdf"
    report.write_bytes(b"%PDF")
    api = FakeApi(says({"status": "sent", "message_id": "m-1"}))
    sent = api.connectors().send_email(
        *WHOSE,
        to="john@company.com",
        cc=("maria@company.com", "admin@company.com"),
        subject="",
        html="<p>Hi</p>",
        attachments=[report, ("notes.txt", "text/plain", b"1, 2")],
        idempotency_key="k",
        purpose="report",
    )
    assert sent == {"status": "sent", "message_id": "m-1", "replayed": False}
    (asked,) = api.asked
    assert (asked.method, asked.path) == ("POST", "/api/v1/connectors/microsoft_teams/send_email")
    assert asked.json == {
        "user_email": "sarah@company.com",
        "to": ["john@company.com"],
        "cc": ["maria@company.com", "admin@company.com"],
        "subject": "",
        "html": "<p>Hi</p>",
        "attachments": [
            {
                "name": "Bericht für März.pdf",
                "content_type": "application/pdf",
                "content": base64.b64encode(b"%PDF").decode(),
            },
            {"name": "notes.txt", "content_type": "text/plain", "content": "MSwgMg=="},
        ],
        "purpose": "report",
    }


def test_an_event_is_made_with_its_times_zones() -> None:
    """What is not said is not sent."""
    api = FakeApi(says({"id": "e"}, 201))
    made = api.connectors().create_event(
        *WHOSE,
        subject="Planning",
        begins=datetime(2026, 5, 1, 9, tzinfo=BERLIN),
        ends="2026-05-01T09:30:00+02:00",
        time_zone="Europe/Berlin",
    )
    assert made == {"id": "e", "replayed": False}
    assert api.asked[0].path == "/api/v1/connectors/microsoft_teams/calendar/events"
    assert api.asked[0].json == {
        "user_email": "sarah@company.com",
        "subject": "Planning",
        "from": "2026-05-01T09:00:00+02:00",
        "to": "2026-05-01T09:30:00+02:00",
        "time_zone": "Europe/Berlin",
    }


def test_the_reads_ask_for_what_they_are_told() -> None:
    """An id is one segment of the path, whatever it holds."""
    api = FakeApi(says({"files": [], "events": [], "id": "x"}))
    connectors = api.connectors()
    begins, ends = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 2, tzinfo=UTC)
    assert list(connectors.files(*WHOSE, folder_id="f 1")) == []
    assert list(connectors.events(*WHOSE, begins=begins, ends=ends, time_zone="UTC")) == []
    assert connectors.message(*WHOSE, "a/../b?c")["id"] == "x"
    assert connectors.file(*WHOSE, "1%2F", purpose="p")["id"] == "x"
    whose = {"user_email": "sarah@company.com"}
    times = {"from": "2026-05-01T00:00:00+00:00", "to": "2026-05-02T00:00:00+00:00"}
    base = "/api/v1/connectors/microsoft_teams"
    assert [(asked.path, asked.query) for asked in api.asked] == [
        (f"{base}/files", {**whose, "folder_id": "f 1"}),
        (f"{base}/calendar/events", {**whose, **times, "time_zone": "UTC"}),
        (f"{base}/messages/a%2F..%2Fb%3Fc", whose),
        (f"{base}/files/1%252F", {**whose, "purpose": "p"}),
    ]


def test_chats_teams_and_channels_are_listed_page_by_page() -> None:
    """Whatever an id holds, it is one segment of the path."""
    api = FakeApi(
        says({"chats": [{"id": "c1"}], "next_page_token": "2"}),
        says({"chats": [{"id": "c2"}], "teams": [{"id": "t"}], "channels": [{"id": "h"}]}),
    )
    connectors = api.connectors()
    assert [chat["id"] for chat in connectors.chats(*WHOSE, purpose="p")] == ["c1", "c2"]
    assert [team["id"] for team in connectors.teams(*WHOSE)] == ["t"]
    assert [channel["id"] for channel in connectors.channels(*WHOSE, "a/b")] == ["h"]
    whose = {"user_email": "sarah@company.com"}
    base = "/api/v1/connectors/microsoft_teams"
    assert [(asked.path, asked.query) for asked in api.asked] == [
        (f"{base}/chats", {**whose, "purpose": "p"}),
        (f"{base}/chats", {**whose, "purpose": "p", "page_token": "2"}),
        (f"{base}/teams", whose),
        (f"{base}/teams/a%2Fb/channels", whose),
    ]


def test_messages_are_written_into_chats_and_channels() -> None:
    """Once for a key, as mails are."""
    api = FakeApi(says({"status": "sent", "message_id": "1"}, 201, Idempotency_Replayed="true"))
    connectors = api.connectors()
    sent = connectors.send_chat_message(*WHOSE, "19:c@x", body="Hi", idempotency_key="k")
    assert sent == {"status": "sent", "message_id": "1", "replayed": True}
    connectors.post_in_channel(*WHOSE, "t", "19:h", body="Hi all", purpose="p")
    base = "/api/v1/connectors/microsoft_teams"
    chat, channel = api.asked
    assert (chat.method, chat.path) == ("POST", f"{base}/chats/19%3Ac%40x/messages")
    assert chat.json == {"user_email": "sarah@company.com", "body": "Hi"}
    assert chat.headers["Idempotency-Key"] == "k"
    assert channel.path == f"{base}/teams/t/channels/19%3Ah/messages"
    assert channel.json == {"user_email": "sarah@company.com", "body": "Hi all", "purpose": "p"}
    assert "Idempotency-Key" not in channel.headers


def test_a_client_tells_its_origin() -> None:
    """Without the slash that it may have been given."""
    assert FakeApi(says({})).connectors().origin == "https://connect.company.com"
