"""send-email, messages, files and events, against an API that answers as it is told to."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from multi_user_oauth.cli import main

from .api_server import ApiServer, api_server
from .conftest import Run

WHOSE = ("microsoft_teams", "sarah@company.com")
TOKEN = "an-agents-own-token"
SEND = "POST microsoft_teams/send_email"
MESSAGES = "GET microsoft_teams/messages"
FILES = "GET microsoft_teams/files"
EVENTS = "GET microsoft_teams/calendar/events"
MAIL = ("--to", "john@company.com", "--subject", "Hello")


pytestmark = pytest.mark.usefixtures("run")  # in an empty folder: no demo is found there


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MULTI_USER_OAUTH_TOKEN", TOKEN)
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def api() -> Iterator[ApiServer]:
    """An API on this machine."""
    with api_server() as served:
        yield served


def test_a_mail_is_sent_with_a_key_of_its_own(api: ApiServer, run: Run, tmp_path: Path) -> None:
    """So that the client may try again by itself."""
    api.say(SEND, {"status": "sent"})
    (tmp_path / "a.txt").write_text("abc")
    sent = run(
        "send-email", *WHOSE, *MAIL, "--to", "maria@company.com", "--body", "Hi",
        "--attach", tmp_path / "a.txt", "--url", api.url,
    )  # fmt: skip
    assert (sent.exit_code, sent.stdout) == (0, "Sent as sarah@company.com.\n")
    ((_, _, body, headers),) = api.asked
    mail = json.loads(body)
    assert mail["to"] == ["john@company.com", "maria@company.com"]
    assert (mail["body"], mail["subject"], mail["purpose"]) == ("Hi", "Hello", "command line")
    assert mail["attachments"][0]["name"] == "a.txt"
    assert headers["Idempotency-Key"].startswith("command-line-")
    assert headers["Authorization"] == f"Bearer {TOKEN}"


def test_the_text_of_a_mail_comes_from_where_it_is(api: ApiServer, tmp_path: Path) -> None:
    """Standard input, a file, a file of HTML; two texts are one too many."""
    api.say(SEND, {"status": "sent"})
    (tmp_path / "text").write_text("from a file", "utf-8")
    line = ["send-email", *WHOSE, *MAIL, "--url", api.url]
    file = str(tmp_path / "text")
    for options in ([], ["--body-file", file], ["--html-file", file]):
        done = CliRunner().invoke(main, [*line, *options], input="typed")
        assert done.exit_code == 0
    mails = [json.loads(body) for _, _, body, _ in api.asked]
    assert [(mail.get("body"), mail.get("html")) for mail in mails] == [
        ("typed", None), ("from a file", None), (None, "from a file"),
    ]  # fmt: skip
    both = CliRunner().invoke(main, [*line, "--body", "x", "--body-file", file])
    assert both.exit_code == 2


def test_an_unanswered_mail_says_with_which_key_to_try_again(run: Run, api: ApiServer) -> None:
    """It is sent once, however often."""
    api.refuse(SEND, "too_many_requests", 429, retry_after=7)
    line = ("send-email", *WHOSE, *MAIL, "--body", "x", "--url", api.url)
    refused = run(*line, "--idempotency-key", "k-1")
    assert refused.exit_code == 4
    assert "Try again in 7 s. With --idempotency-key k-1 it is done once" in refused.stderr
    told = json.loads(run(*line, "--json").stdout)
    assert told["idempotency_key"] == api.asked[-1][3]["Idempotency-Key"]
    assert (told["code"], told["retry_after"]) == ("too_many_requests", 7)


MAILS = [
    {"id": str(number), "from": "john@company.com", "subject": subject, "received_at": time}
    for number, (subject, time) in enumerate(
        [
            ("The report \x1b[31m" + "is very long " * 9, "2026-05-01T10:00:00+02:00"),
            ("[red]Hello[/red]", "2026-05-01T09:00:00Z"),
        ]
    )
]


def test_mails_are_a_table_that_fits(run: Run, api: ApiServer) -> None:
    """Times in UTC; what others wrote moves no cursor and is no markup."""
    api.say(MESSAGES, {"messages": MAILS})
    table = run("messages", *WHOSE, "--search", "report", "--since", "2026-05-01", "--url", api.url)
    assert table.exit_code == 0
    assert max(map(len, table.stdout.splitlines())) <= 80
    assert "2026-05-01 08:00  john@company.com  The report  [31mis very" in table.stdout
    assert "[red]Hello[/red]" in table.stdout
    query = api.asked[0][1]
    assert (query["since"], query["search"]) == ("2026-05-01T00:00:00+00:00", "report")
    as_json = run("messages", *WHOSE, "--limit", 1, "--json", "--url", api.url)
    assert json.loads(as_json.stdout) == {"messages": MAILS[:1]}
    assert api.asked[-1][1]["limit"] == "1"
    api.say(MESSAGES, {"messages": []})
    assert run("messages", *WHOSE, "--url", api.url).stdout == "No mails.\n"


STORED = [
    {"id": "01" + "A" * 32, "name": "Pictures", "folder": True, "size": None},
    {
        "id": "01" + "B" * 32, "name": "x" * 60, "folder": False, "size": 25_000_000,
        "modified_at": "2026-05-01T09:00:00Z",
    },
]  # fmt: skip


@pytest.mark.parametrize("words", [("files",), ("files", "list")])
def test_files_are_listed_where_nothing_else_is_said(
    words: tuple[str, ...], run: Run, api: ApiServer
) -> None:
    """With ids that can be copied."""
    api.say(FILES, {"files": STORED})
    table = run(*words, *WHOSE, "--folder", "f1", "--url", api.url)
    assert table.exit_code == 0
    assert max(map(len, table.stdout.splitlines())) <= 80
    for text in ("folder", "25.0 MB", "2026-05-01", STORED[0]["id"], STORED[1]["id"]):
        assert str(text) in table.stdout
    assert api.asked[0][1]["folder_id"] == "f1"


def test_a_file_is_downloaded_under_its_name(run: Run, api: ApiServer) -> None:
    """What is there is replaced only when that is said."""
    api.say(f"{FILES}/f", {"id": "f", "name": "../a.txt", "size": 3, "folder": False})
    api.say(f"{FILES}/f/content", b"abc", 206)
    line = ("files", "download", *WHOSE, "f", "--url", api.url)
    done = run(*line)
    assert (done.exit_code, done.stdout, done.stderr) == (0, ".._a.txt: 3 B\n", "")
    assert Path(".._a.txt").read_bytes() == b"abc"
    again = run(*line)
    assert (again.exit_code, "--overwrite" in again.stderr) == (1, True)
    as_json = run(*line, "--into", "b.txt", "--json")
    assert json.loads(as_json.stdout) == {"path": "b.txt", "size": 3}
    assert run(*line, "--overwrite").exit_code == 0
    nowhere = run(*line, "--into", "nowhere/b.txt")
    assert (nowhere.exit_code, "nowhere" in nowhere.stderr) == (1, True)


def test_a_file_is_uploaded(run: Run, api: ApiServer, tmp_path: Path) -> None:
    """Its id is told."""
    (tmp_path / "a.txt").write_text("abc")
    api.say("PUT microsoft_teams/files", {"id": "f-1", "name": "b.txt", "size": 3}, 201)
    done = run("files", "upload", *WHOSE, tmp_path / "a.txt", "--name", "b.txt", "--url", api.url)
    assert (done.exit_code, done.stdout) == (0, "b.txt: 3 B, with the id f-1\n")
    assert (api.asked[0][1]["name"], api.asked[0][2]) == ("b.txt", b"abc")
    assert run("files", "upload", *WHOSE, tmp_path / "no", "--url", api.url).exit_code == 2


EVENT = {
    "id": "e", "subject": "Planning", "from": "2026-05-01T09:00:00+02:00",
    "to": "2026-05-01T09:30:00+02:00", "attendees": ["john@company.com", "maria@company.com"],
}  # fmt: skip


def test_events_are_those_of_the_next_seven_days(run: Run, api: ApiServer) -> None:
    """Unless other times are named, which are of the time zone."""
    api.say(EVENTS, {"events": [EVENT]})
    table = run("events", *WHOSE, "--time-zone", "Europe/Berlin", "--url", api.url)
    assert table.exit_code == 0
    assert "2026-05-01 09:00  09:30  Planning  john@company.com" in table.stdout
    begins, ends = (datetime.fromisoformat(api.asked[0][1][name]) for name in ("from", "to"))
    assert ends - begins == timedelta(days=7)
    named = ("--from", "2026-05-01", "--to", "2026-05-01T12:00+00:00")
    run("events", "list", *WHOSE, *named, "--time-zone", "Europe/Berlin", "--url", api.url)
    query = api.asked[1][1]
    assert (query["from"], query["to"]) == (
        "2026-05-01T00:00:00+02:00",
        "2026-05-01T12:00:00+00:00",
    )
    assert query["time_zone"] == "Europe/Berlin"


def test_an_event_is_made(run: Run, api: ApiServer) -> None:
    """Once for each key."""
    api.say("POST microsoft_teams/calendar/events", EVENT, 201)
    line = (
        "events", "create", *WHOSE, "--subject", "Planning", "--from", "2026-05-01T09:00",
        "--to", "2026-05-01T09:30", "--time-zone", "Europe/Berlin",
        "--attendee", "john@company.com", "--url", api.url,
    )  # fmt: skip
    assert run(*line).stdout == "Made as sarah@company.com: 2026-05-01 09:00 Planning\n"
    made = json.loads(api.asked[0][2])
    assert made["from"] == "2026-05-01T09:00:00+02:00"
    assert made["attendees"] == ["john@company.com"]
    assert json.loads(run(*line, "--json").stdout)["replayed"] is False


@pytest.mark.parametrize(
    ("problem", "exit_code", "said"),
    [
        ({"code": "forbidden", "status": 403}, 1, "policy explain"),
        ({"code": "not_connected", "status": 404, "reauthorize_url": "https://c/x"}, 1, "https://c/x"),
        ({"code": "invalid_request", "status": 400, "field": "search"}, 2, "Why not."),
        ({"code": "needs_sign_in", "status": 409, "reauthorize_url": "https://c/x"}, 3, "https://c/x"),
        (
            {"code": "insufficient_scope", "status": 403, "scope": "Mail.Read",
             "reauthorize_url": "https://c/x"},
            3, "the permission Mail.Read. The person signs in here: https://c/x",
        ),
        ({"code": "insufficient_scope", "status": 403}, 1, "Why not."),
        ({"code": "delegation_required", "status": 403, "delegate_url": "https://c/y"}, 1, "https://c/y"),
        ({"code": "provider_throttled", "status": 429, "retry_after": 99}, 4, "in 99 s"),
        ({"code": "provider_rejected", "status": 422, "reason": "bad"}, 2, "bad"),
    ],
)  # fmt: skip
def test_a_refusal_says_what_helps_and_ends_with_its_code(
    problem: dict[str, Any], exit_code: int, said: str, run: Run, api: ApiServer
) -> None:
    """In a sentence, or in JSON."""
    api.say(MESSAGES, {"detail": "Why not.", **problem}, problem["status"])
    refused = run("messages", *WHOSE, "--url", api.url)
    assert (refused.exit_code, refused.stdout) == (exit_code, "")
    assert said in refused.stderr
    as_json = run("messages", *WHOSE, "--url", api.url, "--json")
    told = json.loads(as_json.stdout)
    assert as_json.exit_code == exit_code
    assert problem.items() <= told.items()


def test_nobody_there_is_told(run: Run, tmp_path: Path) -> None:
    """Try again later."""
    (tmp_path / "a").touch()
    nobody = run("files", "upload", *WHOSE, tmp_path / "a", "--url", "http://127.0.0.1:9")
    assert (nobody.exit_code, nobody.stderr[:37]) == (4, "No answer from http://127.0.0.1:9 (Co")


def test_a_token_of_ones_own_comes_from_a_file_too(
    run: Run, api: ApiServer, tmp_path: Path
) -> None:
    """It goes before the environment's; a file without one is named."""
    api.say(MESSAGES, {"messages": []})
    file = tmp_path / "token"
    file.write_text("another-token\n")
    assert run("messages", *WHOSE, "--url", api.url, "--token-file", file).exit_code == 0
    assert api.asked[0][3]["Authorization"] == "Bearer another-token"
    file.write_text("two words")
    refused = run("messages", *WHOSE, "--url", api.url, "--token-file", file)
    assert (refused.exit_code, refused.stderr) == (2, f"{file} holds no token.\n")


@pytest.mark.parametrize("origin", ["http://connect.company.com", "company"])
def test_an_origin_that_is_none_is_named(origin: str, run: Run) -> None:
    """Before anything is sent."""
    refused = run("messages", *WHOSE, "--url", origin)
    assert (refused.exit_code, "origin" in refused.stderr) == (2, True)


def test_without_settings_the_api_has_to_be_named(run: Run) -> None:
    """Nothing is guessed."""
    assert "--env FILE" in run("messages", *WHOSE).stderr


@pytest.mark.parametrize("words", [("--from", "soon"), ("--time-zone", "Nowhere")])
def test_times_that_are_none_are_named(words: tuple[str, str], run: Run, api: ApiServer) -> None:
    """In one sentence."""
    named = ("--from", "2026-05-01") if words[0] != "--from" else ()
    refused = run("events", *WHOSE, *named, *words, "--url", api.url)
    assert (refused.exit_code, api.asked) == (2, [])
