"""Asking `refresh` by HTTP: what is sent, and what each answer means."""

import json
import logging
from datetime import timedelta
from typing import Any

import pytest
import requests

from multi_user_oauth.errors import (
    ConflictError,
    KeysUnavailableError,
    MultiUserOAuthError,
    NeedsSignInError,
    NotConnectedError,
    ProviderMisconfiguredError,
    ProviderUnavailableError,
    RefreshInProgressError,
    RetryableError,
    StoreUnavailableError,
    TamperedError,
)
from multi_user_oauth.model import ConnectionKey, RevocationResult, Secret
from multi_user_oauth.ports import Anew
from multi_user_oauth.refreshers.remote import RemoteRefresher
from tests.unit.refreshers.answers import Answers

URL = "https://refresh.run.example"
KEY = ConnectionKey("microsoft_teams", "sarah@company.com")
MINUTE = timedelta(seconds=60)
FINISHED = {"finished": [{"connector_type": "x", "user_email": "y", "provider": "superseded"}]}


def asker(adapter: Answers) -> RemoteRefresher:
    """A refresher whose network is this adapter."""
    refresher = RemoteRefresher(
        url=URL,
        audience="https://vault.company.com",
        identity=lambda audience: Secret(f"for {audience}"),
    )
    refresher._session.mount(URL, adapter)  # noqa: SLF001  # reason: the network's place
    return refresher


def answer(status: int, body: object, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """An answer with a JSON body."""
    return (
        status,
        {name.replace("_", "-"): value for name, value in headers.items()},
        json.dumps(body).encode(),
    )


def test_what_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose connection and for how long, as this function's own identity; within a limit, by no proxy."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    adapter = Answers(answer(200, {"status": "active"}))
    asker(adapter).refresh(KEY, min_ttl=timedelta(seconds=90.7))
    (sent,) = adapter.requests
    assert (sent.method, sent.url) == ("POST", f"{URL}/refresh/one")
    assert sent.headers["Authorization"] == "Bearer for https://vault.company.com"
    assert json.loads(sent.body or b"") == {
        "connector_type": KEY.connector_type,
        "user_email": KEY.user_email,
        "min_ttl": 90,
    }
    assert adapter.options[0]["timeout"][1] <= 30
    assert "https" not in adapter.options[0]["proxies"]


@pytest.mark.parametrize(
    ("anew", "more"),
    [
        (Anew(generation=7), {"generation": 7}),
        (Anew(generation=7, claims='{"a":1}'), {"generation": 7, "claims": '{"a":1}'}),
    ],
    ids=["refused", "challenged"],
)
def test_what_is_asked_anew(anew: Anew, more: dict[str, object]) -> None:
    """Which token was refused; a challenge only where there is one, for null is none."""
    adapter = Answers(answer(200, {"status": "active"}))
    asker(adapter).refresh(KEY, min_ttl=MINUTE, anew=anew)
    (sent,) = adapter.requests
    named = {"connector_type": KEY.connector_type, "user_email": KEY.user_email}
    assert json.loads(sent.body or b"") == {**named, "min_ttl": 60, **more}


def test_what_is_asked_to_finish() -> None:
    """Which life of the connection; the outcome comes back."""
    adapter = Answers(answer(200, FINISHED))
    assert asker(adapter).finish(KEY, 7) is RevocationResult.SUPERSEDED
    (sent,) = adapter.requests
    assert sent.url == f"{URL}/refresh/finish"
    assert json.loads(sent.body or b"")["epoch"] == 7


@pytest.mark.parametrize(
    "kind",
    [
        ConflictError,
        KeysUnavailableError,
        ProviderMisconfiguredError,
        ProviderUnavailableError,
        RefreshInProgressError,
        StoreUnavailableError,
    ],
)
@pytest.mark.parametrize(("header", "wait"), [("17", 17), ("", 1), ("soon", 1), ("-5", 1)])
def test_a_passing_trouble_comes_back_as_it_is(
    kind: type[RetryableError], header: str, wait: int
) -> None:
    """With the wait that was asked for."""
    with pytest.raises(MultiUserOAuthError) as raised:
        asker(Answers(answer(kind.status, {"code": kind.code}, Retry_After=header))).refresh(
            KEY, min_ttl=MINUTE
        )
    assert type(raised.value) is kind
    assert raised.value.retry_after == wait


def test_what_only_the_person_can_mend() -> None:
    """Not connected, or sign in again with the reason."""
    with pytest.raises(NotConnectedError):
        asker(Answers(answer(404, {"code": "not_connected"}))).refresh(KEY, min_ttl=MINUTE)
    body = {"code": "needs_sign_in", "reason": "password_changed"}
    with pytest.raises(NeedsSignInError) as raised:
        asker(Answers(answer(409, body))).refresh(KEY, min_ttl=MINUTE)
    assert raised.value.reason == "password_changed"


def test_what_did_not_open_there_is_no_outage() -> None:
    """To ask again does not help; the alarm was raised where it was found."""
    with pytest.raises(TamperedError):
        asker(Answers(answer(500, {"code": "tampered"}))).refresh(KEY, min_ttl=MINUTE)


@pytest.mark.parametrize(
    "refusal",
    [
        answer(401, {"code": "unauthenticated"}),
        answer(403, {"code": "forbidden"}),
        answer(404, {"code": "not_found"}),
        answer(500, {"code": "internal_error"}),
        answer(400, {"code": "invalid_request"}),
        answer(302, {}, Location="https://evil.example"),
        answer(200, []),
        answer(403, "text"),
        answer(409, {"code": 7}),
    ],
    ids=str,
)
def test_a_refusal_of_ours_is_no_fault_of_the_person(
    caplog: pytest.LogCaptureFixture, refusal: tuple[int, dict[str, str], bytes]
) -> None:
    """Try later, and an error in the log: an operator must look."""
    adapter = Answers(refusal)
    with pytest.raises(StoreUnavailableError):
        asker(adapter).refresh(KEY, min_ttl=MINUTE)
    assert len(adapter.requests) == 1
    assert logging.ERROR in [record.levelno for record in caplog.records]


@pytest.mark.parametrize(
    "trouble",
    [
        requests.ConnectionError("marker"),
        requests.ReadTimeout("marker"),
        requests.exceptions.ChunkedEncodingError("marker"),
        requests.exceptions.SSLError("marker"),
        (502, {}, b"<html>marker</html>"),
        (200, {}, b""),
        (503, {}, b"\xff"),
    ],
    ids=str,
)
def test_no_answer_is_no_refusal(trouble: Any) -> None:  # noqa: ANN401  # reason: an answer or an exception
    """It may have been refreshed: look again. Nothing of the trouble's text is passed on."""
    adapter = Answers(trouble)
    with pytest.raises(RefreshInProgressError) as raised:
        asker(adapter).refresh(KEY, min_ttl=MINUTE)
    assert len(adapter.requests) == 1
    assert "marker" not in f"{raised.value} {raised.value.__cause__}"


@pytest.mark.parametrize(
    "trouble",
    [
        requests.ConnectionError(),
        answer(403, {"code": "forbidden"}),
        answer(503, {"code": "store_unavailable"}),
        answer(200, {}),
        answer(200, {"finished": []}),
        answer(200, {"finished": [{}]}),
        answer(200, {"finished": 7}),
        answer(200, {"finished": [{"provider": "eaten"}]}),
        answer(200, []),
    ],
    ids=str,
)
def test_a_disconnect_that_can_not_be_finished_now_is_pending(trouble: Any) -> None:  # noqa: ANN401  # reason: an answer or an exception
    """The person is disconnected here already; that must not fail because of it."""
    assert asker(Answers(trouble)).finish(KEY, 7) is RevocationResult.PENDING
