"""One call of the API: who asks, what is refused, and what is tried again."""

import re
from datetime import UTC, datetime

import pytest

from multi_user_oauth.client import ApiError, Connectors, NoAnswerError, fixed
from multi_user_oauth.client.transport import PATIENCE, WAITS
from multi_user_oauth.errors import ConfigurationError

from .fake_api import ORIGIN, TOKEN, WHOSE, Answer, FakeApi, Reply, drops, refuses, says

SENT = {"status": "sent"}
MAIL = {"to": "john@company.com", "subject": "Hello"}


def send(api: FakeApi, key: str | None = None) -> dict[str, object]:
    """Send a mail."""
    return api.connectors().send_email(*WHOSE, **MAIL, body="Hi", idempotency_key=key)


def read(api: FakeApi) -> list[dict[str, object]]:
    """List the mails."""
    return list(api.connectors().messages(*WHOSE))


def test_the_agents_token_goes_into_the_header_alone() -> None:
    """For the API's origin, which is the audience; no .netrc takes its place."""
    api, audiences = FakeApi(says({"messages": []})), list[str]()

    def identity(audience: str) -> str:
        audiences.append(audience)
        return TOKEN

    assert list(Connectors(f"{ORIGIN}/", identity, session=api.session).messages(*WHOSE)) == []
    (asked,) = api.asked
    assert audiences == [ORIGIN]
    assert asked.headers["Authorization"] == f"Bearer {TOKEN}"
    assert asked.path == "/api/v1/connectors/microsoft_teams/messages"
    assert asked.query == {"user_email": "sarah@company.com"}


@pytest.mark.parametrize(
    "origin",
    [
        "http://connect.company.com", "connect.company.com", "https://connect.company.com/api", "",
        "https://me@connect.company.com", "https://connect.company.com?x=1", "ftp://localhost",
    ],
)  # fmt: skip
def test_a_token_goes_to_no_origin_where_it_could_be_read(origin: str) -> None:
    """Only https; http only on this machine."""
    with pytest.raises(ConfigurationError, match="origin"):
        Connectors(origin, fixed(TOKEN))
    assert repr(Connectors("http://localhost:8084/", fixed(TOKEN))) == (
        "Connectors('http://localhost:8084')"
    )


def test_a_refusal_is_an_error_with_its_code_and_what_helps() -> None:
    """As problem+json says it."""
    page = f"{ORIGIN}/connect?connector_type=microsoft_teams"
    refusal = refuses("insufficient_scope", 403, reauthorize_url=page, scope="Mail.ReadWrite")
    with pytest.raises(ApiError) as raised:
        read(FakeApi(refusal))
    error = raised.value
    assert (error.code, error.status, error.detail) == ("insufficient_scope", 403, "Why not.")
    assert (error.reauthorize_url, error.scope) == (page, "Mail.ReadWrite")
    assert (error.delegate_url, error.retry_after, error.field) == (None, None, None)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=404, body=b"<h1>Not found</h1>", headers={"Content-Type": "text/html"}),
        Answer(status=403, body=b"[]", headers={"Content-Type": "application/problem+json"}),
        Answer(status=302, headers={"Location": "https://elsewhere.example/"}),
        Answer(status=500, body=b"{", headers={"Content-Type": "application/problem+json"}),
        Answer(status=200, body=b"<html>"),
        Answer(status=200, body=b"[]"),
    ],
    ids=["a page", "no object", "a redirect", "half of it", "no JSON", "a list"],
)
def test_somebody_elses_answer_is_told_as_such(answer: Answer) -> None:
    """A proxy's page, say; no redirect is followed with a token."""
    api = FakeApi(lambda _: answer)
    with pytest.raises(ApiError) as raised:
        read(api)
    assert (raised.value.code, raised.value.status) == ("unreadable_answer", answer.status)
    assert len(api.asked) == 1


@pytest.mark.parametrize(
    "trouble",
    [drops, refuses("store_unavailable", 503, 2), refuses("provider_throttled", 429, 2)],
    ids=["no answer", "503", "429"],
)
def test_a_read_is_asked_again(trouble: Reply) -> None:
    """After what the API asks for, or a little longer each time."""
    api = FakeApi(trouble, trouble, says({"messages": [{"id": "1"}]}))
    assert [mail["id"] for mail in read(api)] == ["1"]
    assert api.slept == ([0.5, 1.0] if trouble is drops else [2, 2])


def test_a_read_is_not_asked_for_ever() -> None:
    """Five times, and then it is told."""
    api = FakeApi(drops)
    with pytest.raises(NoAnswerError) as raised:
        read(api)
    assert (raised.value.code, raised.value.status) == ("no_answer", 0)
    assert api.slept == list(WAITS)
    assert len(api.asked) == len(WAITS) + 1


def test_nobody_waits_longer_than_a_minute() -> None:
    """What takes longer is the caller's to decide."""
    api = FakeApi(refuses("provider_throttled", 429, PATIENCE // 2))
    with pytest.raises(ApiError):
        read(api)
    assert sum(api.slept) == PATIENCE


@pytest.mark.parametrize(
    "trouble", [drops, refuses("store_unavailable", 503, 1), refuses("send_in_progress", 409, 1)]
)
def test_without_a_key_nothing_is_sent_again(trouble: Reply) -> None:
    """It may have been sent: nobody knows."""
    api = FakeApi(trouble)
    with pytest.raises(ApiError):
        send(api)
    assert len(api.asked) == 1
    assert "Idempotency-Key" not in api.asked[0].headers


@pytest.mark.parametrize(
    "trouble", [drops, refuses("store_unavailable", 503, 1), refuses("send_in_progress", 409, 1)]
)
def test_with_a_key_it_is_sent_again_under_the_same_key(trouble: Reply) -> None:
    """The API does it once."""
    api = FakeApi(trouble, says(SENT, Idempotency_Replayed="true"))
    assert send(api, "weekly-47") == {"status": "sent", "replayed": True}
    assert [asked.headers["Idempotency-Key"] for asked in api.asked] == ["weekly-47"] * 2
    assert api.asked[0].body == api.asked[1].body


@pytest.mark.parametrize(
    ("code", "status"), [("too_many_requests", 429), ("outcome_unknown", 409), ("conflict", 409)]
)
def test_what_another_try_does_not_help_is_not_sent_again(code: str, status: int) -> None:
    """Even with a key."""
    api = FakeApi(refuses(code, status, 1))
    with pytest.raises(ApiError, match=code):
        send(api, "key")
    assert len(api.asked) == 1


def test_no_error_shows_a_token() -> None:
    """Neither its text nor what it was raised from."""
    for reply in (drops, refuses("unauthenticated", 401)):
        with pytest.raises(ApiError) as raised:
            send(FakeApi(reply))
        assert TOKEN not in repr(raised.value) + str(raised.value)
        assert raised.value.__cause__ is None
        assert raised.value.__context__ is None


def test_a_list_is_read_page_by_page() -> None:
    """No page is asked for before it is needed."""
    api = FakeApi(
        says({"messages": [{"id": "1"}, {"id": "2"}], "next_page_token": "two"}),
        says({"messages": [{"id": "3"}]}),
    )
    mails = api.connectors().messages(
        *WHOSE, search="report", since=datetime(2026, 5, 1, tzinfo=UTC), page_size=2, purpose="test"
    )
    assert [next(mails)["id"], next(mails)["id"], len(api.asked)] == ["1", "2", 1]
    assert [mail["id"] for mail in mails] == ["3"]
    said = {
        "user_email": "sarah@company.com", "purpose": "test", "search": "report", "limit": "2",
        "since": "2026-05-01T00:00:00+00:00",
    }  # fmt: skip
    assert [asked.query for asked in api.asked] == [said, {**said, "page_token": "two"}]


def test_a_list_that_goes_in_circles_ends() -> None:
    """The same page once more is no page."""
    page = says({"messages": [], "next_page_token": "again"})
    with pytest.raises(ApiError, match="unreadable_answer"):
        read(FakeApi(page))
    with pytest.raises(ApiError, match="unreadable_answer"):
        read(FakeApi(says({"items": []})))


def test_a_time_says_its_zone() -> None:
    """Nine o'clock is nine o'clock somewhere."""
    with pytest.raises(ValueError, match=re.escape("tzinfo=UTC")):
        FakeApi(drops).connectors().messages(*WHOSE, since=datetime(2026, 5, 1))  # noqa: DTZ001  # reason: that is it
