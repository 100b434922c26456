"""The transport: one send, a deadline, a size, and errors that hold nothing."""

import io
import socket
import threading
import time
from pathlib import Path

import pytest
import requests
import urllib3

from multi_user_oauth.errors import (
    MultiUserOAuthError,
    ProviderMisconfiguredError,
    ProviderUnavailableError,
)
from multi_user_oauth.net.http_answer import MAX_BODY, retry_after
from multi_user_oauth.providers.error_answer import RefusedError
from multi_user_oauth.providers.operation import SecondSendError
from multi_user_oauth.providers.transport import Transport
from tests.support.clock import ManualClock
from tests.unit.providers.wire import URL, Wire, answer, transport_over, zipped

SECRET = "a-refresh-token-that-nobody-may-see"


def post(transport: Transport, *, json_answer: bool = True) -> requests.Response:
    """Send the secret."""
    return transport.operation(json_answer=json_answer).post(URL, data={"token": SECRET})


def test_an_operation_sends_once() -> None:
    """A second send is a bug, and never reaches the provider."""
    wire = Wire(answer({}), answer({}))
    session = transport_over(wire).operation()
    session.post(URL)
    with pytest.raises(SecondSendError):
        session.post(URL)
    assert len(wire.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status: int) -> None:
    """A token sent to where a redirect points is a token given away."""
    wire = Wire(answer(status=status, headers={"Location": "https://evil.example/"}))
    with pytest.raises(ProviderUnavailableError):
        post(transport_over(wire))
    assert len(wire.requests) == 1


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_what_may_pass_is_unavailable(status: int) -> None:
    """Whatever the body says."""
    wire = Wire(answer({"error": "invalid_grant"}, status=status, headers={"Retry-After": "7"}))
    with pytest.raises(ProviderUnavailableError) as caught:
        post(transport_over(wire))
    assert caught.value.retry_after == 7
    assert str(status) in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        requests.ConnectionError(SECRET),
        requests.ReadTimeout(SECRET),
        requests.exceptions.SSLError(SECRET),
        requests.exceptions.ChunkedEncodingError(SECRET),
        requests.exceptions.InvalidURL(SECRET),
        urllib3.exceptions.ProtocolError(SECRET),
        OSError(SECRET),
    ],
    ids=lambda error: type(error).__name__,
)
def test_no_answer_is_unavailable_and_the_librarys_error_is_forgotten(error: Exception) -> None:
    """It holds the request, and so the token: neither cause nor context may lead to it."""
    with pytest.raises(ProviderUnavailableError) as caught:
        post(transport_over(Wire(error)))
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'"text"', b"null", b"{", b"[" * 100_000, b"\xff\xfe{"]
)
@pytest.mark.parametrize("status", [200, 400, 401])
def test_an_answer_that_is_no_json_object_is_unavailable(body: bytes, status: int) -> None:
    """A proxy's page is an outage, not a verdict."""
    with pytest.raises(ProviderUnavailableError):
        post(transport_over(Wire(answer(body, status=status))))


def test_an_empty_success_is_enough_where_no_answer_is_read() -> None:
    """RFC 7009, 2.2: the content of the response body is ignored."""
    assert post(transport_over(Wire(answer(b""))), json_answer=False).status_code == 200


@pytest.mark.parametrize("status", [200, 400, 401, 403])
def test_an_error_answer_is_refused_with_its_words_only(status: int) -> None:
    """The description, which may hold names and tokens, is dropped on the spot."""
    body = {"error": "invalid_grant", "error_description": SECRET, "suberror": "bad_token"}
    with pytest.raises(RefusedError) as caught:
        post(transport_over(Wire(answer(body, status=status))))
    assert caught.value.answer.error == "invalid_grant"
    assert caught.value.answer.suberror == "bad_token"
    assert SECRET not in repr(caught.value.answer)


def test_a_missing_endpoint_is_misconfigured() -> None:
    """404 from the token endpoint will not pass by itself."""
    with pytest.raises(ProviderMisconfiguredError):
        post(transport_over(Wire(answer(b"<html>", status=404))))


@pytest.mark.parametrize("size", [MAX_BODY - 20, MAX_BODY + 1])
def test_a_large_answer_is_read_no_further(size: int) -> None:
    """One mebibyte, unpacked: a compressed bomb ends there too."""
    body = b'{"a":"' + b"x" * size + b'"}'
    for response in (answer(body), zipped(body)):
        transport = transport_over(Wire(response))
        if size < MAX_BODY:
            assert len(post(transport).content) == len(body)
        else:
            with pytest.raises(ProviderUnavailableError, match="too large"):
                post(transport)


class Dripping(io.RawIOBase):
    """A body that takes a second for each byte."""

    def __init__(self, clock: ManualClock, body: bytes) -> None:
        self._clock = clock
        self._rest = body

    def read(self, size: int = -1) -> bytes:
        """One byte, a second later."""
        self._clock.advance(1)
        part, self._rest = self._rest[:1], self._rest[1:]
        return part


@pytest.mark.parametrize(("body", "whole"), [(b"{ }", True), (b"{" + b" " * 8 + b"}", False)])
def test_the_deadline_is_for_the_whole_answer(body: bytes, *, whole: bool) -> None:
    """A server that drips does not hold a lease longer than one that is silent."""
    clock = ManualClock()
    transport = transport_over(Wire(answer(raw=Dripping(clock, body))), clock)
    if whole:
        assert post(transport).json() == {}
    else:
        with pytest.raises(ProviderUnavailableError, match="in time"):
            post(transport)


def test_connecting_and_waiting_share_the_deadline() -> None:
    """Eight seconds in all."""
    wire = Wire(answer({}))
    post(transport_over(wire))
    assert wire.timeouts == [(2.0, 6.0)]


def test_a_real_server_that_drips_is_left_after_the_deadline() -> None:
    """Over a socket, where each byte comes well within the socket's own timeout."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
                try:
                    while not stop.wait(0.02):
                        connection.sendall(b" ")
                except OSError:
                    return  # the client has gone, as it should

        thread = threading.Thread(target=drip)
        thread.start()
        transport = Transport(monotonic=time.monotonic, trust_env=False, timeout=0.4)
        began = time.monotonic()
        try:
            with pytest.raises(ProviderUnavailableError):
                transport.operation().post(f"http://127.0.0.1:{server.getsockname()[1]}/")
            took = time.monotonic() - began
        finally:
            stop.set()
            thread.join(10)
    assert took < 5


def test_a_session_has_its_own_cookies_and_none_are_kept() -> None:
    """What a provider sets in one person's operation is not sent in another's."""
    wire = Wire(answer({}, headers={"Set-Cookie": "who=sarah"}), answer({}))
    transport = transport_over(wire)
    post(transport)
    post(transport)
    assert "Cookie" not in wire.requests[1].headers


def test_closing_a_session_leaves_the_shared_connections_open() -> None:
    """google-auth closes its session when it is collected; the pool is the process's."""
    wire = Wire(answer({}))
    with transport_over(wire).operation() as session:
        session.post(URL)
    assert wire.closed == 0


def test_a_password_of_this_machine_does_not_go_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`requests` would put ~/.netrc's password in the place of our token."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine graph.microsoft.com login someone password of-this-machine")
    monkeypatch.setenv("NETRC", str(netrc))
    wire = Wire(answer({}))
    transport = Transport(wire, monotonic=lambda: 0.0, trust_env=True)
    headers = {"Authorization": "Bearer ours"}
    transport.operation().get("https://graph.microsoft.com/v1.0/me", headers=headers)
    assert wire.requests[0].headers["Authorization"] == "Bearer ours"


def test_the_answer_is_returned_though_the_library_trips_over_it() -> None:
    """The new refresh token must not be lost for a library's taste."""
    session = transport_over(Wire(answer({"refresh_token": "new"}))).operation()

    def library() -> None:
        session.post(URL)
        message = f"I do not like {SECRET}"
        raise KeyError(message)

    assert session.answer_to(library) == {"refresh_token": "new"}


def test_a_library_that_does_not_send_is_an_error_without_its_words() -> None:
    """MSAL's `state mismatch` holds both states."""
    session = transport_over(Wire()).operation()

    def library() -> None:
        raise ValueError(SECRET)

    with pytest.raises(ProviderMisconfiguredError) as caught:
        session.answer_to(library)
    assert SECRET not in str(caught.value)
    assert caught.value.__context__ is None


def test_our_own_errors_pass_through_a_library_unchanged() -> None:
    """So that no library ever decides what is worth a retry."""
    session = transport_over(Wire(answer(status=503))).operation()
    with pytest.raises(ProviderUnavailableError):
        session.answer_to(lambda: session.post(URL))


def test_discovery_is_answered_from_the_cache() -> None:
    """MSAL asks for it in every constructor."""
    url = "https://login.microsoftonline.com/t/v2.0/.well-known/openid-configuration"
    wire = Wire(answer({"issuer": "x"}))
    transport = transport_over(wire)
    for _ in range(3):
        assert transport.operation().get(url).json() == {"issuer": "x"}
    assert len(wire.requests) == 1


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (answer({}, status=404), ProviderMisconfiguredError),
        (answer({"error": "invalid_tenant"}, status=400), ProviderMisconfiguredError),
        (answer(b"<html>"), ProviderUnavailableError),
        (
            answer(status=302, headers={"Location": "https://evil.example/"}),
            ProviderUnavailableError,
        ),
        (answer(status=503), ProviderUnavailableError),
        (requests.ConnectionError(), ProviderUnavailableError),
    ],
    ids=["404", "400", "html", "redirect", "503", "no connection"],
)
def test_a_document_that_can_not_be_had_is_a_typed_error(
    given: requests.Response | Exception, error: type[MultiUserOAuthError]
) -> None:
    """And the next try asks again: an error is not kept."""
    wire = Wire(given, answer({"keys": []}))
    transport = transport_over(wire)
    with pytest.raises(error):
        transport.get_json("https://www.googleapis.com/oauth2/v3/certs")
    assert transport.get_json("https://www.googleapis.com/oauth2/v3/certs") == {"keys": []}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 1),
        ({"Retry-After": "0"}, 1),
        ({"Retry-After": "120"}, 120),
        ({"Retry-After": "3601"}, 3600),
        ({"Retry-After": "9" * 5000}, 3600),
        ({"Retry-After": "-5"}, 1),
        ({"Retry-After": "\u0663"}, 1),
        ({"Retry-After": "soon"}, 1),
        (
            {
                "Retry-After": "Mon, 05 Jan 2026 09:01:00 GMT",
                "Date": "Mon, 05 Jan 2026 09:00:00 GMT",
            },
            60,
        ),
        (
            {
                "Retry-After": "Mon, 05 Jan 2026 08:00:00 GMT",
                "Date": "Mon, 05 Jan 2026 09:00:00 GMT",
            },
            1,
        ),
        ({"Retry-After": "Mon, 05 Jan 2026 09:01:00 GMT"}, 1),
        (
            {
                "Retry-After": "Mon, 05 Jan 2026 09:01:00 -0000",
                "Date": "Mon, 05 Jan 2026 09:00:00 GMT",
            },
            1,
        ),
    ],
    ids=str,
)
def test_retry_after_is_read_in_both_forms(headers: dict[str, str], seconds: int) -> None:
    """Seconds or a date by the provider's own clock (RFC 9110, 10.2.3), within an hour."""
    assert retry_after(headers) == seconds
